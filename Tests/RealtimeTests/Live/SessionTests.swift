import Protocol
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

    @Test("a user has so many connections and no more")
    func tooMany() async throws {
        var configuration = LiveConfiguration()
        configuration.connectionsPerUser = 2
        try await LiveTestServer.run(configuration) { server in
            let ada = try await server.user("Ada")
            let first = try await server.connect(ada)
            _ = try await server.connect(ada)
            let third = try await LiveTalker.open(port: server.port)
            let hello = ClientFrame.Body.hello(token: LiveTestServer.token(ada.userId), client: nil)
            #expect(try await third.ask(hello).refusal?.code == .limitReached)
            #expect(try await third.closeCode() == CloseCode.tooManyConnections.rawValue)
            #expect(try await first.ask(.hello(token: "x", client: nil)).refusal?.code == .badRequest)
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

    @Test("a fresh token of the same user prolongs a connection, another user's does not")
    func refresh() async throws {
        try await LiveTestServer.run { server in
            let ada = try await server.user("Ada")
            let talker = try await server.connect(ada)
            #expect(try await talker.ask(.token(LiveTestServer.token(.make()))).refusal?.code == .unauthorized)
            #expect(try await talker.ask(.token(LiveTestServer.token(ada.userId))).refusal == nil)
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
}
