import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

struct SessionTests {
    @Test("a bad or expired token is told and the connection closed for good")
    func badToken() async throws {
        try await LiveTestServer.run { server in
            let expired = LiveTestServer.token(.make(), expiresAt: .now - .seconds(1))
            for token in ["nonsense", expired, nil] {
                let talker = try await LiveTalker.open(port: server.port)
                #expect(try await talker.ask(.hello(token: token, client: nil)).refusal?.code == .unauthorized)
                #expect(try await talker.closeCode() == CloseCode.unauthorized.rawValue)
            }
        }
    }

    @Test("a connection without hello is closed, with a code that lets it come back")
    func noHello() async throws {
        var configuration = LiveConfiguration()
        configuration.helloWithin = .milliseconds(50)
        try await LiveTestServer.run(configuration) { server in
            let talker = try await LiveTalker.open(port: server.port)
            #expect(try await talker.closeCode() == CloseCode.helloTimeout.rawValue)
        }
    }

    @Test("one connection of a user too many sends away the one that was silent for longest, which may come back")
    func tooMany() async throws {
        var configuration = LiveConfiguration()
        configuration.connectionsPerUser = 2
        try await LiveTestServer.run(configuration) { server in
            let ada = try await server.user("Ada")
            let (first, second) = (try await server.connect(ada), try await server.connect(ada))
            _ = try await first.ask(.time(t0: 1))
            let third = try await server.connect(ada)
            guard case .goodbye(let milliseconds) = try await second.next(where: { $0.isGoodbye }) else { return }
            #expect(milliseconds > 0)
            #expect(try await second.closeCode() == CloseCode.tooManyConnections.rawValue)
            #expect(CloseCode.tooManyConnections.comesBack)
            for talker in [first, third] { #expect(try await talker.ask(.time(t0: 7)).answeredId != nil) }
        }
    }

    @Test("a session that ends while its hello is answered is not welcomed")
    func endedDuringHello() async throws {
        let gate = Gate()
        try await LiveTestServer.run(people: { people in
            let speaker = people.speaker
            people.speaker = {
                await gate.pass()
                return try await speaker($0)
            }
        }) { server in
            let (ada, session) = (try await server.user("Ada"), SessionID.make())
            let talker = try await LiveTalker.open(port: server.port)
            await gate.close()
            let hello = try await talker.send(
                .hello(token: LiveTestServer.token(ada.userId, session: session), client: nil))
            await gate.arrival()
            server.end(session)
            await gate.open()
            #expect(try await talker.answer(to: hello).refusal?.code == .unauthorized)
            #expect(try await talker.closeCode() == CloseCode.sessionRevoked.rawValue)
        }
    }

    @Test("a session that ended between the upgrade and its hello is not welcomed")
    func endedBeforeHello() async throws {
        try await LiveTestServer.run { server in
            let (ada, session) = (try await server.user("Ada"), SessionID.make())
            let talker = try await LiveTalker.open(port: server.port)
            server.end(session)
            let token = LiveTestServer.token(ada.userId, session: session)
            #expect(try await talker.ask(.hello(token: token, client: nil)).refusal?.code == .unauthorized)
            #expect(try await talker.closeCode() == CloseCode.sessionRevoked.rawValue)
        }
    }

    @Test("an account that is suspended or leaving gets no connection")
    func notActive() async throws {
        try await LiveTestServer.run { server in
            let ada = try await server.user("Ada")
            try await server.database.pool.execute("update users set status = 'suspended' where id = \(ada.userId)")
            let talker = try await LiveTalker.open(port: server.port)
            let token = LiveTestServer.token(ada.userId)
            #expect(try await talker.ask(.hello(token: token, client: nil)).refusal?.code == .unauthorized)
        }
    }

    @Test("ending a session closes its sockets and no others")
    func revoked() async throws {
        try await LiveTestServer.run { server in
            let ada = try await server.user("Ada")
            let session = SessionID.make()
            let ended = try await LiveTalker.connect(
                port: server.port, token: LiveTestServer.token(ada.userId, session: session))
            let other = try await server.connect(ada)
            server.node.live.registry.close(sessions: [session])
            #expect(try await ended.closeCode() == CloseCode.sessionRevoked.rawValue)
            #expect(try await other.ask(.time(t0: 7)).answeredId != nil)
        }
    }

    @Test("a fresh token of the same session prolongs a connection; another session's or user's does not")
    func refresh() async throws {
        try await LiveTestServer.run { server in
            let (ada, session) = (try await server.user("Ada"), SessionID.make())
            let own = LiveTestServer.token(ada.userId, session: session)
            let talker = try await LiveTalker.connect(port: server.port, token: own)
            for other in [LiveTestServer.token(.make()), LiveTestServer.token(ada.userId)] {
                #expect(try await talker.ask(.token(other)).refusal?.code == .unauthorized)
            }
            #expect(try await talker.ask(.token(own)).refusal == nil)
            // Ending the session that the connection was opened with still finds it.
            server.end(session)
            #expect(try await talker.closeCode() == CloseCode.sessionRevoked.rawValue)
        }
    }

    @Test("a session that ends while its fresh token is looked up is not prolonged, but closed")
    func endedDuringToken() async throws {
        let gate = Gate()
        try await LiveTestServer.run(verifying: { await gate.pass() }) { server in
            let (ada, session) = (try await server.user("Ada"), SessionID.make())
            let token = LiveTestServer.token(ada.userId, session: session)
            let talker = try await LiveTalker.connect(port: server.port, token: token)
            await gate.close()
            let request = try await talker.send(.token(token))
            await gate.arrival()
            // Known as ended; who closes its sockets has not come to this one yet.
            server.ended.insert(session)
            await gate.open()
            #expect(try await talker.answer(to: request).refusal?.code == .unauthorized)
            #expect(try await talker.closeCode() == CloseCode.sessionRevoked.rawValue)
        }
    }

    @Test("friends hear when a friend comes and when a workout begins and ends")
    func friends() async throws {
        try await LiveTestServer.run { server in
            let (ada, ben) = (try await server.user("Ada"), try await server.user("Ben"))
            try await server.befriend(ada, ben)
            let talker = try await server.connect(ben)
            let lift = try await Lift.begin(on: server, by: ada)
            let isFriend: @Sendable (ServerFrame, WorkoutID?) -> Bool = { frame, live in
                if case .friend(let friend) = frame {
                    friend.user == ada && friend.isOnline && friend.live == live
                } else {
                    false
                }
            }
            _ = try await talker.next { isFriend($0, lift.workout) }
            try await lift.op(.complete(rpeTenths: nil))
            _ = try await talker.next { isFriend($0, nil) }
        }
    }

    @Test("friends hear of a workout that starts and ends while its athlete has no connection")
    func friendsOfTheAbsent() async throws {
        try await LiveTestServer.run { server in
            let (ada, ben) = (try await server.user("Ada"), try await server.user("Ben"))
            try await server.befriend(ada, ben)
            let (talker, workout) = (try await server.connect(ben), WorkoutID.make())
            let start = WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails()))
            try await server.node.rooms.submit(start, to: workout, by: ada.userId)
            #expect(
                try await talker.next { $0.friend != nil }.friend
                    == FriendPresence(user: ada, isOnline: false, live: workout))
            let end = WorkoutOp(id: .make(), at: .now, action: .complete(rpeTenths: nil))
            try await server.node.rooms.submit(end, to: workout, by: ada.userId)
            #expect(
                try await talker.next { $0.friend != nil }.friend
                    == FriendPresence(user: ada, isOnline: false, live: nil))
        }
    }
}
