import Logging
import NIOCore
import Protocol

/// One connection's side of the protocol: hello, then requests; each is answered once, in order per room.
///
/// `@unchecked Sendable`: lives on its connection's event loop, and every member is touched only there; rooms and background
/// jobs carry the reference back to that loop.
final class LiveSession: SocketSession, @unchecked Sendable {
    /// Who speaks, once hello was accepted.
    struct Speaker {
        var identity: LiveIdentity
        let member: Member
    }

    let connection: SocketConnection
    let live: Live
    let logger: Logger
    let upgradeIdentity: LiveIdentity?
    let lastHeard = LastHeard()
    var speaker: Speaker?
    /// Set when hello came; a second one is refused.
    var saidHello = false
    /// Set when a hello may have been refused: it could not be read, or storage was away.
    var wasRefused = false
    var isClosed = false
    /// Rooms this connection has to do with, by name.
    var rooms: [String: WorkoutRoom] = [:]
    var subscriptions: Set<String> = []
    /// The gate of every workout that this connection has sent ops to, by the room's name.
    var gates: [String: (gate: OpGate, lastUse: Int)] = [:]
    var gateUses = 0
    /// Gates behind which no more ops may wait.
    var waitingGates: Set<String> = []
    /// Rooms that are being opened for ops.
    var openings = 0
    /// Why no messages are read just now: so many reasons.
    private var pauses = 0
    var ops: TokenBucket
    var beats: TokenBucket

    init(_ connection: SocketConnection, identity: LiveIdentity?, live: Live) {
        self.connection = connection
        self.live = live
        upgradeIdentity = identity
        var logger = live.context.logger
        logger[metadataKey: "connection.id"] = "\(connection.id)"
        self.logger = logger
        ops = TokenBucket(perSecond: live.configuration.opsPerSecond, burst: live.configuration.opsBurst)
        beats = TokenBucket(perSecond: live.configuration.heartPerSecond, burst: live.configuration.heartPerSecond)
        connection.closeAfter(live.configuration.helloWithin, .helloTimeout, reason: "no hello came")
    }

    func received(_ message: ByteBuffer) {
        lastHeard.now()
        let frame: ClientFrame
        do throws(ClientFrame.Fault) { frame = try ClientFrame(message.readableBytesView) } catch {
            wasRefused = true
            guard let refusal = error.refusal else { return }
            guard let op = error.op, let id = error.id, speaker != nil else { return refuse(error.id, refusal) }
            return submit(id, unreadable: op, refusal)
        }
        if case .hello(let token, let client) = frame.body {
            return hello(frame.id ?? 0, token: token, client: client)
        }
        guard speaker != nil else {
            guard saidHello || wasRefused else {
                return connection.close(.badFrame, reason: "the first frame must be hello")
            }
            // Behind a hello that could not be read or was refused; its deadline ends those who never say another.
            return refuse(frame.id, Refusal(.unauthorized, "say hello first"))
        }
        handle(frame)
    }

    func closed(_ closure: SocketClosure) {
        isClosed = true
        for room in rooms.values { room.perform { [connection] in $0.leave(connection, isClosing: true) } }
        rooms = [:]
        guard let speaker else { return }
        live.registry.remove(connection, of: speaker.member.userId)
        live.context.presences.left(speaker.member.userId, on: connection)
        logger.debug("connection closed", metadata: ["close.code": "\(closure.code)"])
    }

    func send(_ frame: ServerFrame) { connection.send(EncodedFrame.text(frame.json), as: .answer) }

    func refuse(_ id: Int64?, _ refusal: Refusal) { send(.error(id: id, refusal)) }

    /// Reads no further messages until `resume` was called as often.
    func pause() {
        pauses += 1
        connection.hold()
    }

    func resume() {
        pauses -= 1
        if pauses == 0 { connection.release() }
    }

    /// The connection has to do with a room from now on.
    ///
    /// One that was closed while the room took it in leaves again, behind its joining: whoever joins in the background calls
    /// this on the loop, also when nobody waits for the answer any more.
    ///
    /// - Returns: whether the connection is still there.
    @discardableResult
    func entered(_ room: WorkoutRoom, as name: String) -> Bool {
        guard !isClosed else {
            room.perform { [connection] in $0.leave(connection, isClosing: true) }
            return false
        }
        rooms[name] = room
        return true
    }

    /// Runs a job off the loop while further messages wait; what it answers with runs on the loop, on a connection that is
    /// closed meanwhile too, where nothing is sent any more.
    func inBackground(_ id: Int64?, _ job: @escaping @Sendable () async -> @Sendable (LiveSession) -> Void) {
        pause()
        let isStarted = live.context.background.start { [self] in
            let answer = await job()
            connection.eventLoop.execute { [self] in
                answer(self)
                resume()
            }
        }
        guard !isStarted else { return }
        resume()
        guard let id else { return }
        refuse(id, Refusal(.busy, "the server is busy", retryAfterMilliseconds: 1000))
    }
}
