import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

@Suite("Relations that change")
struct RelationTests {
    @Test("when two part, it ends what one of them follows of the other and nothing else that either follows")
    func onlyTheTwo() async throws {
        try await LiveTestServer.run { server in
            let (ada, ben) = (try await Lift.begin(on: server), try await Lift.begin(on: server, by: "Ben"))
            let cat = try await server.user("Cat")
            for lift in [ada, ben] { try await server.befriend(lift.athlete, cat) }
            try await server.befriend(ada.athlete, ben.athlete)
            let (watcher, friend) = (try await server.connect(cat), try await server.connect(ada.athlete))
            for lift in [ada, ben] { _ = try await watcher.subscribe(lift.workout) }
            _ = try await friend.subscribe(ben.workout)

            let (one, other) = (ada.athlete.userId, cat.userId)
            try await server.database.pool.execute(
                "delete from friendships where \(one) in (low, high) and \(other) in (low, high)")
            await server.node.rooms.relationChanged(one, other)
            _ = try await watcher.next { $0.isEnded }
            try await ben.op(ben.set())
            for talker in [watcher, friend] { _ = try await talker.next { $0.event?.seq == 3 } }
            #expect(try await watcher.frames { $0.isEnded }.isEmpty)
            #expect(try await friend.frames { $0.isEnded }.isEmpty)
        }
    }
}
