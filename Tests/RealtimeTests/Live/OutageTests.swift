import Protocol
import Store
import Synchronization
import TestKit
import Testing

@testable import Realtime

/// What watchers hear while it cannot be looked up what they are to the athlete.
struct OutageTests {
    /// Storage as it is asked for consent: there, or away.
    private final class Storage: Sendable {
        private let away = Atomic<Bool>(false)

        var isAway: Bool {
            get { away.load(ordering: .sequentiallyConsistent) }
            set { away.store(newValue, ordering: .sequentiallyConsistent) }
        }

        func check() throws {
            if isAway { throw StoreError.unavailable("away for a test") }
        }

        /// Makes the look-ups fail while it is away.
        func guardLookUps(_ people: inout People) {
            let (relation, privacy, friends) = (people.relation, people.privacy, people.friends)
            people.relation = {
                try self.check()
                return try await relation($0, $1)
            }
            people.privacy = {
                try self.check()
                return try await privacy($0)
            }
            people.friends = {
                try self.check()
                return try await friends($0)
            }
        }
    }

    @Test("a friend who comes while storage is away hears that it is temporary, by socket and by REST")
    func comes() async throws {
        let storage = Storage()
        try await LiveTestServer.run(people: { storage.guardLookUps(&$0) }) { server in
            let lift = try await Lift.begin(on: server)
            let ben = try await server.user("Ben")
            try await server.befriend(lift.athlete, ben)
            let watcher = try await server.connect(ben)
            storage.isAway = true
            let refusal = try await watcher.subscribe(lift.workout).refusal
            #expect(refusal?.code == .unavailable && refusal?.code.isTemporary == true)
            await #expect(throws: Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000)) {
                try await server.node.rooms.view(lift.workout, for: ben.userId)
            }
            storage.isAway = false
            #expect(try await watcher.subscribe(lift.workout).subscribed != nil)
        }
    }

    @Test("a hello that waits for storage is refused for the time being, and the next one is answered")
    func hangingHello() async throws {
        var configuration = LiveConfiguration()
        configuration.greetingWithin = .milliseconds(50)
        let gate = Gate()
        try await LiveTestServer.run(
            configuration,
            people: { people in
                let friends = people.friends
                people.friends = {
                    await gate.pass()
                    return try await friends($0)
                }
            }
        ) { server in
            let ben = try await server.user("Ben")
            await gate.close()
            let talker = try await LiveTalker.open(port: server.port)
            let token = LiveTestServer.token(ben.userId)
            let refused = try await talker.ask(.hello(token: token, client: nil))
            #expect(refused.refusal?.code == .unavailable && refused.refusal?.code.isTemporary == true)
            await gate.open()
            try await eventually {
                if case .welcome = try await talker.ask(.hello(token: token, client: nil)) { true } else { false }
            }
        }
    }

    @Test(
        "nobody who is in is put out by a look-up that fails; what changed meanwhile is made good when storage is back")
    func stays() async throws {
        let storage = Storage()
        try await LiveTestServer.run(people: { storage.guardLookUps(&$0) }) { server in
            let rooms = server.node.rooms
            let lift = try await Lift.begin(on: server)
            let (ben, cy) = (try await server.user("Ben"), try await server.user("Cy"))
            var watchers: [LiveTalker] = []
            for user in [ben, cy] {
                try await server.befriend(lift.athlete, user)
                let watcher = try await server.connect(user)
                _ = try await watcher.subscribe(lift.workout)
                watchers.append(watcher)
            }
            try await server.database.pool.execute(
                "delete from friendships where \(ben.userId) in (low, high)")
            storage.isAway = true
            await rooms.relationChanged(lift.athlete.userId, ben.userId)
            await rooms.privacyChanged(lift.athlete.userId)
            try await lift.op(lift.set())
            for watcher in watchers { _ = try await watcher.next { $0.event?.seq == 3 } }
            // Subscribing again after a gap needs no look-up either.
            #expect(try await watchers[1].subscribe(lift.workout).subscribed != nil)
            storage.isAway = false
            await rooms.settleConsent()
            _ = try await watchers[0].next { $0.isEnded }
            try await lift.op(lift.set())
            _ = try await watchers[1].next { $0.event?.seq == 4 }
            try await eventually { await rooms.unsettledConsent.isEmpty }
        }
    }
}
