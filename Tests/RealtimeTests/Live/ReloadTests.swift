import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

/// Rooms that have to start again under a new epoch, and those beside them.
struct ReloadTests {
    @Test("a room that cannot be read again keeps what it took and stops no other from being stored")
    func unreadableRoom() async throws {
        try await LiveTestServer.run { server in
            let pool = server.database.pool
            let (one, two) = (try await Lift.begin(on: server), try await Lift.begin(on: server, by: "Bo"))
            try await one.durable(2)
            let body = try await pool.first(
                "select body::text from workout_events where workout_id = \(one.workout) and seq = 2", as: String.self)
            // Another process took the room and left an event that cannot be read.
            try await pool.execute(
                "update workout_events set body = '{}'::json where workout_id = \(one.workout) and seq = 2")
            try await pool.execute("update workouts set epoch = epoch + 1 where id = \(one.workout)")
            #expect(try await one.op(one.set()).appliedSeq == 3)
            for seq in 3...5 {
                #expect(try await two.op(two.set()).appliedSeq == Int64(seq))
                try await two.durable(Int64(seq))
            }
            #expect(try await one.op(one.set()).refusal?.code == .unavailable)
            #expect(server.node.writeBehind.pendingCount == 1 && server.node.writeBehind.pendingBytes > 0)

            try await pool.execute(
                "update workout_events set body = \(try #require(body))::json where workout_id = \(one.workout) and seq = 2"
            )
            try await one.durable(3)
            #expect(server.node.writeBehind.pendingBytes == 0)
        }
    }

    @Test("ops that were taken are applied again without space in the queue; only what Postgres refuses is rejected")
    func noSpace() async throws {
        var configuration = LiveConfiguration()
        configuration.queueBytes = 56 * 1024
        try await LiveTestServer.run(configuration) { server in
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            try await server.refuseDevils()
            var taken: [OpID] = []
            let poison = OpID.make()
            try await lift.whileUnstorable(in: server.database) {
                #expect(try await lift.op(lift.set(666), id: poison).appliedSeq == 3)
                while true {
                    let op = OpID.make()
                    guard try await lift.op(lift.set(), id: op).refusal?.code != .busy else { break }
                    taken.append(op)
                }
            }
            #expect(taken.count > 5)
            try await lift.durable(Int64(taken.count + 2))
            let rejected = try await lift.talker.frames { if case .rejected = $0 { true } else { false } }
            #expect(rejected.count == 1)
            let stored = try await server.database.pool.query(
                "select op_id from workout_events where workout_id = \(lift.workout) and seq > 2 order by seq",
                as: (UUIDv7).self)
            #expect(stored == taken)
            #expect(server.node.writeBehind.pendingBytes == 0)
        }
    }

    @Test("an op that was taken back is refused when it comes again, also after a restart")
    func rejectedAgain() async throws {
        try await TestPostgres.withDatabase { database in
            let poison = OpID.make()
            let at = Timestamp.now
            let set = SetID.make()
            let lift = try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let lift = try await Lift.begin(on: server)
                try await lift.durable(2)
                try await server.refuseDevils()
                #expect(try await lift.op(lift.set(666, id: set), id: poison, at: at).appliedSeq == 3)
                _ = try await lift.talker.next { if case .rejected = $0 { true } else { false } }
                #expect(try await lift.op(lift.set(666, id: set), id: poison, at: at).refusal?.code == .rejected)
                let update = WorkoutAction.updateSet(set, SetValues(reps: 1))
                #expect(try await lift.op(update).refusal?.code == .dependsOnRefused)
                return lift
            }
            try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let talker = try await server.connect(lift.athlete)
                let op = WorkoutOp(id: poison, at: at, action: lift.set(666, id: set))
                #expect(try await talker.op(lift.workout, op).refusal?.code == .rejected)
                #expect(try await server.node.deadLetters.list().map(\.kept?.op.id) == [poison])
            }
        }
    }

    @Test("what is taken back is told to every device before anything of the new epoch")
    func rejectedFirst() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            try await server.refuseDevils()
            let (devil, device) = (SetID.make(), try await server.connect(lift.athlete))
            _ = try await device.subscribe(lift.workout)
            let ops = [WorkoutAction.updateSet(devil, SetValues(reps: 1)), lift.set()]
                .map { WorkoutOp(id: .make(), at: .now, action: $0) }
            var taken: [Int64?] = []
            try await lift.whileUnstorable(in: server.database) {
                taken.append(try await lift.op(lift.set(666, id: devil)).appliedSeq)
                for op in ops { taken.append(try await device.op(lift.workout, op).appliedSeq) }
            }
            #expect(taken == [3, 4, 5])
            for _ in 0..<2 {
                let frame = try await device.next { $0.isOfNewEpoch }
                guard case .rejected = frame else {
                    Issue.record("\(frame)")
                    continue
                }
            }
            guard case .reset(_, let snapshot) = try await device.next(where: { $0.isOfNewEpoch }) else {
                Issue.record("more was taken back than two")
                return
            }
            #expect(snapshot.seq == 3)
            #expect(try await device.op(lift.workout, ops[1]).appliedSeq == 3)
        }
    }

    @Test("an op of the server's own stays marked when it is applied again")
    func automatic() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            let room = try await server.node.rooms.room(lift.workout)
            let last = await room.history.state.lastAt
            // Another process took the room: the op is applied again under a new epoch.
            try await server.database.pool.execute("update workouts set epoch = epoch + 1 where id = \(lift.workout)")
            let complete = WorkoutOp(id: .make(), at: .now, action: .complete(rpeTenths: nil))
            _ = try await room.submit(complete, isAutomatic: true)
            try await lift.durable(3)
            let state = await room.history.state
            #expect(state.status == .completed && state.lastAt == last)
        }
    }

    @Test("who waits for an op is not told that it is stored when its seq has become another op's")
    func epochFirst() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            let room = try await server.node.rooms.room(lift.workout)
            await room.restart()
            #expect(try await lift.op(lift.set()).appliedSeq == 3)
            try await lift.durable(3)
            let lost = OpAnswer(epoch: 1, seq: 3, isRepeat: false, isDurable: false)
            #expect(await room.waitUntilDurable(lost, limit: Watchdog.patience) == false)
            let kept = OpAnswer(epoch: 2, seq: 3, isRepeat: false, isDurable: false)
            #expect(await room.waitUntilDurable(kept, limit: Watchdog.patience))
        }
    }

    @Test("who sends ops and does not follow is told of a new epoch, also when nothing more is stored under it")
    func toldWithoutFollowing() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            try await server.node.rooms.room(lift.workout).restart()
            let told = try await lift.talker.next { if case .durable(_, 2, _) = $0 { true } else { false } }
            #expect(told.json == ServerFrame.durable(room: lift.room, epoch: 2, seq: 2).json)
        }
    }
}

extension LiveTestServer {
    /// Lets Postgres refuse sets of 666 kg, which are valid.
    func refuseDevils() async throws {
        try await database.pool.execute(
            "alter table workout_sets add constraint no_devil check (weight_g <> 666000)")
    }
}

extension ServerFrame {
    /// What a reload tells the athlete's devices; `durable` of the old epoch does not count.
    fileprivate var isOfNewEpoch: Bool {
        switch self {
        case .rejected, .reset: true
        case .durable(_, let epoch, _): epoch > 1
        default: false
        }
    }
}

extension Lift {
    /// Runs `body` while another transaction holds the workout's row, so that nothing of it can be stored.
    func whileUnstorable(in database: TestDatabase, _ body: () async throws -> Void) async throws {
        try await database.whileHolding("update workouts set updated_at = now() where id = \(workout)", body)
    }
}
