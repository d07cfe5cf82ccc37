import NIOCore
import Protocol

// The order of what a connection asks: one line a room.
extension LiveSession {
    /// The lines of what concerns no room: notices that were seen, and fresh tokens.
    enum Line {
        static let notices = "user"
        static let token = "token"
    }

    /// Runs a request in its room's turn; at once when nothing of the room waits.
    func inLine(_ name: String, _ request: @escaping RoomLine.Request) {
        guard lines[name] != nil else { return request(self) }
        lines[name]?.append(request)
        load.requests += 1
        readOnOrHold()
    }

    /// Looks something up off the loop, while further requests of the same room wait; to be called in the room's turn.
    ///
    /// What the job answers with runs on the loop, on a connection that is closed meanwhile too, where nothing is sent any
    /// more.
    ///
    /// - Returns: false when the server is busy, which was answered.
    @discardableResult
    func lookUp(
        _ id: Int64?, in name: String, _ job: @escaping @Sendable () async -> @Sendable (LiveSession) -> Void
    ) -> Bool {
        lines[name, default: RoomLine()].isLookingUp = true
        load.lookUps += 1
        let isStarted = live.context.background.start { [self] in
            let answer = await job()
            connection.eventLoop.execute { [self] in
                answer(self)
                lookedUp(in: name)
                advance(name)
            }
        }
        if !isStarted {
            lookedUp(in: name)
            if lines[name]?.isIdle ?? false { lines[name] = nil }
            if let id { refuse(id, Refusal(.busy, "the server is busy", retryAfterMilliseconds: 1000)) }
        }
        readOnOrHold()
        return isStarted
    }

    private func lookedUp(in name: String) {
        load.lookUps -= 1
        lines[name]?.isLookingUp = false
    }

    /// Lets through whatever of a room need not wait any more.
    func advance(_ name: String) {
        while let item = lines[name]?.next(knowsRoom: rooms[name] != nil) {
            switch item {
            case .op(let arrival):
                load.ops -= 1
                load.opBytes -= arrival.bytes
                pass(arrival, to: name)
            case .request(let run):
                load.requests -= 1
                run(self)
            }
        }
        if lines[name]?.isIdle ?? false { lines[name] = nil }
        readOnOrHold()
    }

    /// Reads no further messages while too much waits, or hello is being answered.
    func readOnOrHold() {
        let holds = isGreeting || load.isFull
        guard holds != isHolding, !isClosed else { return }
        isHolding = holds
        if holds { connection.hold() } else { connection.release() }
    }
}
