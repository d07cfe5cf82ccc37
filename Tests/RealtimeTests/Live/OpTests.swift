import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

struct OpTests {
    @Test("an op is answered when applied, again when durable, and then is in Postgres once")
    func twoAcknowledgements() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let op = OpID.make()
            #expect(try await lift.op(lift.set(), id: op).appliedSeq == 3)
            try await lift.durable(3)
            let stored = try await server.database.pool.query(
                "select seq, op_id from workout_events where workout_id = \(lift.workout) order by seq",
                as: (Int64, UUIDv7).self)
            #expect(stored.map(\.0) == [1, 2, 3] && stored.last?.1 == op)
            let sets = try await server.database.pool.query(
                "select weight_g, reps, exercise_id from workout_sets where workout_id = \(lift.workout)",
                as: (Int64, Int32, UUIDv7).self)
            #expect(sets.count == 1 && sets.first?.0 == 100_000 && sets.first?.2 == LiveTestServer.bench.id)
        }
    }

    @Test("a body-weight exercise is added with what it lifts of the body as it was measured when the room opened")
    func bodyLoad() async throws {
        try await LiveTestServer.run { server in
            let athlete = try await server.user("Ada")
            try await server.measure(athlete, kilograms: 80)
            let lift = try await Lift.begin(on: server, by: athlete)
            let entry = EntryID.make()
            let claim = EntryDetails(id: entry, exerciseId: LiveTestServer.pullUp.id, bodyLoadGrams: 5)
            _ = try await lift.op(.addEntry(claim))
            _ = try await lift.op(.logSet(.make(), entry: entry, SetValues(reps: 10)))
            try await lift.durable(4)
            let loads = try await server.database.pool.query(
                "select id, body_load_g from workout_exercises where workout_id = \(lift.workout)",
                as: (UUIDv7, Int64?).self)
            #expect(Dictionary(uniqueKeysWithValues: loads) == [lift.entry: nil, entry: 76_000])
            let room = try await server.node.rooms.room(lift.workout)
            let before = await room.history.state
            #expect(before.summary.tonnage == 760_000)
            // A new weight does not change what was lifted, neither now nor when the events are read again.
            try await server.measure(athlete, kilograms: 100)
            await room.restart()
            let after = await room.history.state
            #expect(after == before)
            _ = try await lift.op(.addEntry(EntryDetails(id: .make(), exerciseId: LiveTestServer.pullUp.id)))
            #expect(await room.history.state.entries.last?.bodyLoadGrams == 95_000)
        }
    }

    @Test("a repeated op gets its first answer, also in a room that was opened again")
    func repeats() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let op = WorkoutOp(id: .make(), at: .now, action: lift.set())
            _ = try await lift.talker.op(lift.workout, op)
            try await lift.durable(3)
            let room = try await server.node.rooms.room(lift.workout)
            await room.restart()
            let again = try await lift.talker.op(lift.workout, op)
            guard case .applied(_, let epoch, let seq, let isDurable) = again else {
                Issue.record("\(again)")
                return
            }
            #expect(epoch == 1 && seq == 3 && isDurable == true)
        }
    }

    @Test("another body under the same opId is refused")
    func reusedId() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let op = OpID.make()
            _ = try await lift.op(lift.set(100), id: op)
            #expect(try await lift.op(lift.set(101), id: op).refusal?.code == .opIdReused)
        }
    }

    @Test("after a temporary refusal later ops wait until the refused one comes again")
    func orderSurvivesPipelining() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let unknown = EntryID.make()
            let early = WorkoutOp(
                id: .make(), at: .now, action: .logSet(.make(), entry: unknown, SetValues(weightGrams: 1000, reps: 1)))
            let first = try await lift.talker.send(.op(room: lift.room, early))
            let second = try await lift.talker.send(
                .op(room: lift.room, WorkoutOp(id: .make(), at: .now, action: lift.set())))
            #expect(try await lift.talker.answer(to: first).refusal?.code == .unknownTarget)
            #expect(try await lift.talker.answer(to: second).refusal?.code == .outOfOrder)

            let other = try await server.connect(lift.athlete)
            let entry = WorkoutOp(id: .make(), at: .now, action: .addEntry(EntryDetails(id: unknown, name: "Sled")))
            #expect(try await other.op(lift.workout, entry).appliedSeq == 3)
            #expect(try await lift.talker.op(lift.workout, early).appliedSeq == 4)
            #expect(try await lift.op(lift.set()).appliedSeq == 5)
        }
    }

    @Test("values out of bounds and ops against the workout's state are refused and change nothing")
    func bounds() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            #expect(try await lift.op(lift.set(1001)).refusal?.code == .invalid)
            #expect(try await lift.op(lift.set(100, reps: 1001)).refusal?.code == .invalid)
            #expect(try await lift.op(.resume).refusal?.code == .invalidState)
            let tooFine = SetValues(weightGrams: 1000, reps: 1, rpeTenths: 73)
            #expect(try await lift.op(.logSet(.make(), entry: lift.entry, tooFine)).refusal?.code == .invalid)
            #expect(try await lift.op(lift.set()).appliedSeq == 3)
        }
    }

    @Test("a workout of somebody else looks as if it were not there")
    func strangers() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let eve = try await server.user("Eve")
            let talker = try await server.connect(eve)
            let op = WorkoutOp(id: .make(), at: .now, action: lift.set())
            let theirs = try await talker.op(lift.workout, op).refusal
            let missing = try await server.connect(eve).op(.make(), op).refusal
            #expect(theirs == missing && theirs?.code == .unknownTarget)
            let start = WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails()))
            #expect(try await server.connect(eve).op(lift.workout, start).refusal?.code == .idTaken)
            #expect(try await lift.op(lift.set()).appliedSeq == 3)
        }
    }

    @Test("what changes a set that came too late for its exercise comes too late as well, also after a restart")
    func setOfRemovedExercise() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let set = SetID.make()
            _ = try await lift.op(.removeEntry(lift.entry))
            let other = try await server.connect(lift.athlete)
            func late(_ action: WorkoutAction) async throws -> ServerFrame {
                try await other.op(lift.workout, WorkoutOp(id: .make(), at: .now, action: action))
            }
            #expect(try await late(lift.set(id: set)).appliedSeq == 4)
            #expect(try await late(.updateSet(set, SetValues(weightGrams: 1000, reps: 1))).appliedSeq == 5)
            #expect(try await late(lift.set(id: set)).refusal?.code == .idTaken)
            try await lift.durable(5)
            let room = try await server.node.rooms.room(lift.workout)
            await room.restart()
            #expect(try await late(.deleteSet(set)).appliedSeq == 6)
            #expect(await room.history.state.entries.first?.sets.isEmpty == true)
            let stored = try await room.context.loader.events(of: lift.workout, after: 3, limit: 10)
            #expect(stored.allSatisfy { $0.event.effects.isSuperseded })
            #expect(try await late(.addEntry(EntryDetails(id: .make(), name: "Sled"))).appliedSeq == 7)
        }
    }

    @Test("an update older than the set's last change is recorded as superseded")
    func superseded() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            _ = try await lift.talker.subscribe(lift.workout)
            let set = SetID.make()
            let at = Timestamp.now
            try await lift.op(lift.set(100, id: set), at: at)
            try await lift.op(.updateSet(set, SetValues(weightGrams: 50_000, reps: 5)), at: at - .seconds(5))
            let event = try await lift.talker.next { $0.event?.seq == 4 }.event
            #expect(event?.effects.isSuperseded == true)
            #expect(event?.effects.summary?.tonnage == 500_000)
        }
    }

    @Test("a resumption that was refused and is repeated ends no later pause of another device, also after a restart")
    func repeatedResumption() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let other = try await server.connect(lift.athlete)
            let resumption = WorkoutOp(id: .make(), at: .now, action: .resume)
            #expect(try await lift.talker.op(lift.workout, resumption).refusal?.code == .invalidState)
            let pause = WorkoutOp(id: .make(), at: resumption.at + .milliseconds(1), action: .pause)
            let seq = try #require(try await other.op(lift.workout, pause).appliedSeq)
            try await lift.durable(seq)
            let room = try await server.node.rooms.room(lift.workout)
            await room.restart()
            #expect(try await lift.talker.op(lift.workout, resumption).refusal?.code == .invalidState)
            #expect(await room.history.state.status == .paused)
        }
    }

    @Test("what is done to a set that was logged on a removed exercise is recorded and changes nothing")
    func vanished() async throws {
        try await TestPostgres.withDatabase { database in
            let set = SetID.make()
            let lift = try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let lift = try await Lift.begin(on: server)
                try await lift.op(.removeEntry(lift.entry))
                #expect(try await lift.op(lift.set(100, id: set)).appliedSeq == 4)
                #expect(try await lift.op(.updateSet(set, SetValues(weightGrams: 50_000, reps: 5))).appliedSeq == 5)
                try await lift.durable(5)
                return lift
            }
            try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let talker = try await server.connect(lift.athlete)
                _ = try await talker.subscribe(lift.workout)
                func delete(_ set: SetID) async throws -> ServerFrame {
                    try await talker.op(lift.workout, WorkoutOp(id: .make(), at: .now, action: .deleteSet(set)))
                }
                #expect(try await delete(set).appliedSeq == 6)
                let event = try await talker.next { $0.event?.seq == 6 }.event
                #expect(event?.effects.isSuperseded == true)
                #expect(event?.effects.summary?.tonnage == 0)
                // Nobody has heard of this one.
                #expect(try await delete(.make()).refusal?.code == .unknownTarget)
            }
        }
    }

    @Test("the limit of ops a second is said, and the op may come again")
    func rateLimit() async throws {
        var configuration = LiveConfiguration()
        configuration.opsPerSecond = 1
        configuration.opsBurst = 3
        let start = Timestamp.now
        try await LiveTestServer.run(configuration, clock: ServerClock { start }) { server in
            let lift = try await Lift.begin(on: server)
            try await lift.op(lift.set())
            let refusal = try await lift.op(lift.set()).refusal
            #expect(refusal?.code == .rateLimited && refusal?.code.isTemporary == true)
            #expect((1...1000).contains(refusal?.retryAfterMilliseconds ?? 0))
        }
    }

    @Test("an op that Postgres refuses becomes a dead letter; the ops behind it are applied again without it")
    func deadLetter() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let watcher = try await server.connect(lift.athlete)
            _ = try await watcher.subscribe(lift.workout)
            try await lift.durable(2)
            try await server.database.pool.execute(
                "alter table workout_sets add constraint no_devil check (weight_g <> 666000)")
            let poison = OpID.make()
            let behind = OpID.make()
            _ = try await lift.talker.send(.op(room: lift.room, WorkoutOp(id: poison, at: .now, action: lift.set(666))))
            _ = try await lift.talker.send(.op(room: lift.room, WorkoutOp(id: behind, at: .now, action: lift.set(100))))
            let rejected = try await lift.talker.next { if case .rejected = $0 { true } else { false } }
            guard case .rejected(_, let op, _) = rejected else { return }
            #expect(op == poison)
            let reset = try await watcher.next { if case .reset = $0 { true } else { false } }
            guard case .reset(_, let snapshot) = reset else { return }
            let state = try snapshot.decoded()
            #expect(snapshot.epoch == 2 && state.summary.tonnage == 500_000)
            try await lift.durable(3)
            let stored = try await server.database.pool.query(
                "select op_id from workout_events where workout_id = \(lift.workout) and seq = 3", as: (UUIDv7).self)
            #expect(stored == [behind])
            let letters = try await server.node.deadLetters.list()
            #expect(letters.map(\.op?.id) == [poison])

            try await server.database.pool.execute("alter table workout_sets drop constraint no_devil")
            #expect(try await server.node.deadLetters.requestRetry(letters[0].id))
            await server.node.deadLetters.retryRequested(in: server.node.rooms)
            #expect(try await server.node.deadLetters.list().isEmpty)
            let count = try await server.database.pool.query(
                "select count(*) from workout_events where op_id = \(poison)", as: (Int64).self)
            #expect(count == [1])
        }
    }
}
