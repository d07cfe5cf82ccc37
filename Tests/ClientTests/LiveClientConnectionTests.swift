import Client
import NIOHTTP1
import Protocol
import Synchronization
import TestKit
import Testing

@Suite("The live client's connection", .timeLimit(.minutes(10)))
struct LiveClientConnectionTests {
    private func waits(_ event: LiveEvent) -> String? {
        if case .connection(.waiting(_, let why)) = event { why } else { nil }
    }

    private func ends(_ event: LiveEvent) -> String? {
        if case .connection(.ended(let why)) = event { why } else { nil }
    }

    @Test("the clock's offset is measured from round trips")
    func clock() async throws {
        try await RunningClient.with { running in
            let connection = try await running.greet()
            await running.client.follow(.make())
            for _ in 0..<5 {
                let frame = try await connection.next()
                if case .time(let t0) = frame.body {
                    try await connection.send(.time(id: frame.id ?? 0, t0: t0, t1: t0 + 60_000, t2: t0 + 60_000))
                }
            }
            try await connection.send(
                .friend(FriendPresence(user: .init(userId: .make(), name: "F"), isOnline: true, live: nil)))
            _ = try await running.event { if case .friend = $0 { true } else { nil } }
            let offset = try #require(await running.client.clockOffset)
            #expect((.seconds(55)...(.seconds(60))).contains(offset))
        }
    }

    @Test("the client comes back after each close code that asks for it", arguments: CloseCode.allCases)
    func closeCodes(code: CloseCode) async throws {
        try await RunningClient.with { running in
            try await running.greet().close(code.rawValue)
            if (4500...4999).contains(code.rawValue) && code != .unauthorized {
                #expect(try await running.event(ends).contains("\(code)"))
            } else {
                _ = try await running.greet()
            }
        }
    }

    @Test("a token that was refused is asked for again, and a second refusal signs the athlete out")
    func refusedToken() async throws {
        let asked = Mutex<[String?]>([])
        try await RunningClient.with(tokens: { refused in
            asked.withLock { $0.append(refused?.text) }
            return AccessToken("token \(asked.withLock { $0.count })")
        }) { running in
            try await running.greet().close(CloseCode.unauthorized.rawValue)
            try await running.greet().close(CloseCode.unauthorized.rawValue)
            #expect(try await running.event(ends) == "the token was refused")
        }
        #expect(asked.withLock { $0 } == [nil, "token 1"])
    }

    @Test("a token that is about to expire is replaced inside the connection")
    func freshToken() async throws {
        let count = Mutex(0)
        try await RunningClient.with(tokens: { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return AccessToken("token \(number)", expiresAt: number == 1 ? .now : nil)
        }) { running in
            let connection = try await running.greet()
            let frame = try await connection.request()
            guard case .token("token 2") = frame.body else { throw ScriptedFault.unexpected("\(frame)") }
            try await connection.send(.ok(id: frame.id ?? 0))
        }
    }

    @Test("an upgrade that is refused for now is tried again, one that is forbidden is not")
    func upgrade() async throws {
        let server = try await ScriptedLiveServer.start()
        try await server.refuse([.serviceUnavailable, .badGateway, .forbidden])
        try await RunningClient.with(server: server) { running in
            let first = try await running.event(waits)
            let second = try await running.event(waits)
            let last = try await running.event(ends)
            #expect([first, second, last] == [503, 502, 403].map { "the server answered \($0)" })
        }
    }

    @Test("a server that is not there is tried again")
    func nobody() async throws {
        let server = try await ScriptedLiveServer.start()
        let proxy = try await FaultProxy.start(toPort: server.port)
        try await proxy.accept(false)
        try await RunningClient.with(server: server, port: proxy.port) { running in
            _ = try await running.event(waits)
            _ = try await running.event(waits)
            try await proxy.accept(true)
            _ = try await running.greet()
        }
        try await proxy.stop()
    }

    @Test("a dead tunnel is noticed and left")
    func halfOpen() async throws {
        let server = try await ScriptedLiveServer.start()
        let proxy = try await FaultProxy.start(toPort: server.port)
        try await RunningClient.with(
            server: server, port: proxy.port,
            configure: { $0.silence = .seconds(2) }
        ) { running in
            _ = try await running.greet()
            // The welcome has passed the proxy.
            _ = try await running.event { if case .connection(.live) = $0 { true } else { nil } }
            try await proxy.set(.blackHole)
            #expect(try await running.event(waits) == "the server fell silent")
            try await proxy.set(.none)
            // What the next attempt has sent may have been swallowed already.
            try await proxy.cut()
            _ = try await running.greet()
        }
        try await proxy.stop()
    }

    @Test("frames that arrive byte by byte are read")
    func drip() async throws {
        let server = try await ScriptedLiveServer.start()
        let proxy = try await FaultProxy.start(toPort: server.port)
        try await proxy.set(.drip)
        let workout = WorkoutID.make()
        let op = QueuedOp.set(1, in: workout)
        try await RunningClient.with(server: server, port: proxy.port) { running in
            try await running.client.submit([op])
            let connection = try await running.greet()
            try await connection.send(.applied(id: connection.op().id, epoch: 1, seq: 1, isDurable: true))
            _ = try await running.event { if case .op(op, .durable) = $0 { true } else { nil } }
        }
        try await proxy.stop()
    }

    @Test("a connection cut at any byte loses no op", arguments: [1, 100, 200, 400, 700, 1000, 2000])
    func cuts(after bytes: Int) async throws {
        let server = try await ScriptedLiveServer.start()
        let proxy = try await FaultProxy.start(toPort: server.port)
        try await proxy.set(.cutAfter(bytes: bytes), .toServer)
        let op = QueuedOp.set(1, in: .make())
        try await RunningClient.with(server: server, port: proxy.port) { running in
            try await running.client.submit([op])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await answerOnce(server) }
                while true {
                    let isDurable = try await running.event { event -> Bool? in
                        switch event {
                        case .op(op, .durable): true
                        case .connection(.waiting): false
                        default: nil
                        }
                    }
                    if isDurable { break }
                    try await proxy.set(.none)
                }
                try await group.waitForAll()
            }
        }
        try await proxy.stop()
    }

    /// Answers the op on whichever connection it comes.
    private func answerOnce(_ server: ScriptedLiveServer) async {
        while !Task.isCancelled {
            do {
                let connection = try await server.greet()
                return try await connection.send(.applied(id: connection.op().id, epoch: 1, seq: 1, isDurable: true))
            } catch {
                // This connection was cut; the next one is waited for.
                continue
            }
        }
    }

    @Test("an application that does not read is told how much it missed")
    func bound() async throws {
        try await RunningClient.with(configure: { $0.eventLimit = 4 }) { running in
            let connection = try await running.greet()
            let friend = FriendPresence(user: .init(userId: .make(), name: "F"), isOnline: true, live: nil)
            let time = try await connection.next()
            guard case .time(let t0) = time.body else { throw ScriptedFault.unexpected("\(time)") }
            for _ in 0..<50 { try await connection.send(.friend(friend)) }
            // The client measures again when it has the answer, and so has taken in what was sent before it.
            try await connection.send(.time(id: time.id ?? 0, t0: t0, t1: t0, t2: t0))
            _ = try await connection.next()
            var told = 0
            for _ in 0..<4 {
                _ = try await running.event { _ in true }
                told += 1
            }
            try await connection.send(.friend(friend))
            let missed = try await running.event { if case .missed(let count) = $0 { count } else { nil } }
            #expect(missed >= 40)
            #expect(told == 4)
        }
    }

    @Test("an unreadable frame ends the connection and the next one is tried; an unknown type is passed over")
    func unreadable() async throws {
        try await RunningClient.with { running in
            let connection = try await running.greet()
            try await connection.send(text: Array("{\"type\":\"fromTheFuture\",\"x\":1}".utf8))
            // The client may be gone before the write is confirmed.
            try? await connection.send(text: Array("{\"type\":".utf8))
            #expect(try await running.event(waits).contains("unreadable"))
            _ = try await running.greet()
        }
    }
}
