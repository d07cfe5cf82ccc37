import NIOSSL
import Protocol

/// A connection that speaks the live protocol frame by frame, so that tests see every one.
package final class LiveTalker: Sendable {
    package let socket: RawSocket
    private let inbox = Inbox()

    private actor Inbox {
        var frames: [ServerFrame] = []
        var lastId: Int64 = 0

        func nextId() -> Int64 {
            lastId += 1
            return lastId
        }

        func keep(_ frame: ServerFrame) { frames.append(frame) }

        func take(where wanted: @Sendable (ServerFrame) -> Bool) -> ServerFrame? {
            guard let index = frames.firstIndex(where: wanted) else { return nil }
            return frames.remove(at: index)
        }

        func contains(where wanted: @Sendable (ServerFrame) -> Bool) -> Bool { frames.contains(where: wanted) }
    }

    package struct Closed: Error { package let code: UInt16? }

    private init(_ socket: RawSocket) { self.socket = socket }

    /// Connects without a word.
    package static func open(port: Int, tls: NIOSSLContext? = nil) async throws -> LiveTalker {
        let socket = try await RawSocket.connect(port: port, tls: tls)
        _ = try await socket.requestUpgrade(["Sec-WebSocket-Protocol: fitai.v1.json"])
        return LiveTalker(socket)
    }

    /// Connects and says hello.
    package static func connect(port: Int, token: String, tls: NIOSSLContext? = nil) async throws -> LiveTalker {
        let talker = try await open(port: port, tls: tls)
        let answer = try await talker.ask(.hello(token: token, client: nil))
        guard case .welcome = answer else { throw Closed(code: nil) }
        return talker
    }

    package func write(_ text: String) async throws { try await socket.write(RawFrame.text(text).bytes()) }

    /// Sends a request without waiting.
    @discardableResult
    package func send(_ body: ClientFrame.Body) async throws -> Int64 {
        let id = await inbox.nextId()
        let frame = ClientFrame(id: id, body: body)
        try await socket.write(RawFrame(opcode: 1, frame.json).bytes())
        return id
    }

    /// Sends a request and gives its answer.
    package func ask(_ body: ClientFrame.Body) async throws -> ServerFrame {
        try await answer(to: try await send(body))
    }

    package func answer(to id: Int64) async throws -> ServerFrame { try await next { $0.answeredId == id } }

    /// Asks for an op on a workout.
    package func op(_ workout: WorkoutID, _ op: WorkoutOp) async throws -> ServerFrame {
        try await ask(.op(room: RoomName.workout(workout).text, op))
    }

    package func subscribe(
        _ workout: WorkoutID, since: Position? = nil, wantsEvents: Bool = false
    ) async throws -> ServerFrame {
        try await ask(.subscribe(room: RoomName.workout(workout).text, since: since, wantsEvents: wantsEvents))
    }

    /// The next frame that is wanted; others are kept for later.
    ///
    /// - Throws: `Closed` when the server closes before it came.
    package func next(where wanted: @escaping @Sendable (ServerFrame) -> Bool) async throws -> ServerFrame {
        if let kept = await inbox.take(where: wanted) { return kept }
        while true {
            let frame = try await read()
            if wanted(frame) { return frame }
            await inbox.keep(frame)
        }
    }

    /// Everything that has come up to the answer to a request sent now.
    package func frames(where wanted: @escaping @Sendable (ServerFrame) -> Bool) async throws -> [ServerFrame] {
        _ = try await ask(.time(t0: 0))
        var found: [ServerFrame] = []
        while let frame = await inbox.take(where: wanted) { found.append(frame) }
        return found
    }

    /// Reads on until the server closes.
    package func closeCode() async throws -> UInt16? {
        do { while true { _ = try await read() } } catch let closed as Closed { return closed.code }
    }

    private func read() async throws -> ServerFrame {
        while true {
            guard let frame = try await socket.nextFrame() else { throw Closed(code: nil) }
            switch frame.opcode {
            case 1: return try ServerFrame(frame.payload)
            case 8: throw Closed(code: frame.closeCode)
            case 9: try await socket.write(RawFrame(opcode: 10, frame.payload).bytes())
            default: continue
            }
        }
    }
}

extension ServerFrame {
    /// The request this frame answers.
    package var answeredId: Int64? {
        switch self {
        case .welcome(let id, _), .time(let id, _, _, _), .ok(let id), .applied(let id, _, _, _),
            .subscribed(let id, _):
            id
        case .error(let id, _): id
        default: nil
        }
    }

    package var refusal: Refusal? { if case .error(_, let refusal) = self { refusal } else { nil } }

    /// The seq an op was applied at.
    package var appliedSeq: Int64? { if case .applied(_, _, let seq, _) = self { seq } else { nil } }

    package var subscribed: Subscribed? { if case .subscribed(_, let answer) = self { answer } else { nil } }

    package var event: WorkoutEvent? {
        guard case .event(_, let encoded) = self else { return nil }
        // A frame that was read holds an event that was decoded already.
        return try? encoded.decoded()
    }
}
