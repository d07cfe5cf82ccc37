import Protocol
import Store
import Synchronization
import TestKit
import Testing

@testable import Realtime

/// Connections that end, and epochs that begin, in the middle of something.
struct LeavingTests {
    private final class Hold: Sendable {
        let isHeld = Atomic<Bool>(false)
        let isOver = Atomic<Bool>(false)
    }

    @Test("a connection that ends while its subscription is answered leaves nothing in the room, which is unloaded")
    func ghost() async throws {
        let gate = Gate()
        var configuration = LiveConfiguration()
        configuration.unloadAfter = .zero
        try await LiveTestServer.run(
            configuration,
            people: { people in
                let relation = people.relation
                people.relation = {
                    await gate.pass()
                    return try await relation($0, $1)
                }
            }
        ) { server in
            let (athlete, ben, session) = (try await server.user("Ada"), try await server.user("Ben"), SessionID.make())
            try await server.befriend(athlete, ben)
            let workout = WorkoutID.make()
            try await server.node.rooms.submit(
                WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails())), to: workout, by: athlete.userId)
            let ghost = try await LiveTalker.connect(
                port: server.port, token: LiveTestServer.token(ben.userId, session: session))
            await gate.close()
            try await ghost.send(.subscribe(room: RoomName.workout(workout).text, since: nil, wantsEvents: false))
            await gate.arrival()
            server.end(session)
            #expect(try await ghost.closeCode() == CloseCode.sessionRevoked.rawValue)
            await gate.open()
            let room = try await server.node.rooms.room(workout)
            let other = try await server.connect(ben)
            #expect(try await other.subscribe(workout).subscribed != nil)
            try await eventually { await room.links.count == 1 }
            #expect(await room.watcherOutbox.count == 1)
            _ = try await other.ask(.unsubscribe(room: room.name))
            try await server.unload(workout)
        }
    }

    @Test("a connection that ends while its op waits for the room leaves nothing behind")
    func ghostOfAnOp() async throws {
        let gate = Gate()
        try await LiveTestServer.run(people: { people in
            let member = people.member
            people.member = {
                await gate.pass()
                return try await member($0)
            }
        }) { server in
            let (athlete, session) = (try await server.user("Ada"), SessionID.make())
            let ghost = try await LiveTalker.connect(
                port: server.port, token: LiveTestServer.token(athlete.userId, session: session))
            let workout = WorkoutID.make()
            await gate.close()
            let start = WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails()))
            try await ghost.send(.op(room: RoomName.workout(workout).text, start))
            await gate.arrival()
            server.end(session)
            #expect(try await ghost.closeCode() == CloseCode.sessionRevoked.rawValue)
            await gate.open()
            let other = try await server.connect(athlete)
            #expect(try await other.op(workout, start).appliedSeq == 1)
            let room = try await server.node.rooms.room(workout)
            try await eventually { await room.links.count == 1 }
        }
    }

    @Test("nothing of a new epoch reaches a watcher before the reset that begins it")
    func resetFirst() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let ben = try await server.user("Ben")
            try await server.befriend(lift.athlete, ben)
            let watcher = try await server.connect(ben)
            let epoch = try await watcher.subscribe(lift.workout).subscribed?.epoch ?? 0
            try await lift.durable(2)
            let room = try await server.node.rooms.room(lift.workout)
            // While nobody can write events, ops are applied and wait.
            let hold = Hold()
            let pool = server.database.pool
            async let holding: Void = pool.transaction { connection in
                try connection.execute("lock table workout_events in share mode")
                hold.isHeld.store(true, ordering: .sequentiallyConsistent)
                while !hold.isOver.load(ordering: .sequentiallyConsistent) {
                    _ = try connection.first("select true from pg_sleep(0.005)", as: Bool.self)
                }
            }
            try await eventually { hold.isHeld.load(ordering: .sequentiallyConsistent) }
            try await lift.op(lift.set())
            _ = try await watcher.next { $0.event?.seq == 3 }
            await room.restart()
            let first = try await watcher.next { frame in
                if case .reset = frame { return true }
                return frame.event.map { $0.epoch > epoch } ?? false
            }
            hold.isOver.store(true, ordering: .sequentiallyConsistent)
            try await holding
            guard case .reset(_, let snapshot) = first else {
                Issue.record("\(first) came first")
                return
            }
            #expect(snapshot.seq == 3 && snapshot.epoch > epoch)
            try await lift.op(lift.set())
            #expect(try await watcher.next { $0.event != nil }.event?.seq == 4)
        }
    }
}
