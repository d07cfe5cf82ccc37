import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

/// The order of one connection's ops, and what a refusal means for the ops behind it.
struct GateTests {
    @Test("one op is awaited at a time, whether the room or the limit of the connection refused it")
    func oneGate() async throws {
        var configuration = LiveConfiguration()
        configuration.opsBurst = 6
        try await LiveTestServer.run(configuration) { server in
            let lift = try await Lift.begin(on: server)
            let unknown = EntryID.make()
            let first = Self.op(.logSet(.make(), entry: unknown, SetValues(weightGrams: 1000, reps: 1)))
            let behind = (0..<12).map { _ in Self.op(lift.set()) }
            var requests: [Int64] = []
            for op in [first] + behind { requests.append(try await lift.talker.send(.op(room: lift.room, op))) }
            #expect(try await lift.talker.answer(to: requests[0]).refusal?.code == .unknownTarget)
            for request in requests.dropFirst() {
                let refusal = try await lift.talker.answer(to: request).refusal
                #expect(refusal?.code == .outOfOrder && refusal?.message.contains("\(first.id)") == true)
            }
            let other = try await server.connect(lift.athlete)
            _ = try await other.op(lift.workout, Self.op(.addEntry(EntryDetails(id: unknown, name: "Sled"))))
            // From the first on, as a client sends them again; nothing but the limit may stand in their way.
            for op in [first] + behind {
                var refusal: Refusal?
                repeat {
                    refusal = try await lift.talker.op(lift.workout, op).refusal
                } while refusal?.code == .rateLimited
                #expect(refusal == nil)
            }
        }
    }

    @Test("the repeat of an op that was applied is answered also while another one is awaited, which still is")
    func repeatAtShutGate() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let (known, unknown) = (Self.op(lift.set()), EntryID.make())
            #expect(try await lift.talker.op(lift.workout, known).appliedSeq == 3)
            let awaited = Self.op(.logSet(.make(), entry: unknown, SetValues(weightGrams: 1000, reps: 1)))
            #expect(try await lift.talker.op(lift.workout, awaited).refusal?.code == .unknownTarget)
            #expect(try await lift.talker.op(lift.workout, known).appliedSeq == 3)
            #expect(try await lift.op(lift.set()).refusal?.code == .outOfOrder)
        }
    }

    @Test("what builds on a refused set is refused for good, until the set is logged after all")
    func dependents() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let set = SetID.make()
            let corrected = SetValues(weightGrams: 122_500, reps: 5)
            var requests: [Int64] = []
            for action in [lift.set(1225, id: set), .updateSet(set, corrected), .deleteSet(set), lift.set()] {
                requests.append(try await lift.talker.send(.op(room: lift.room, Self.op(action))))
            }
            #expect(try await lift.talker.answer(to: requests[0]).refusal?.code == .invalid)
            for request in requests[1...2] {
                let refusal = try await lift.talker.answer(to: request).refusal
                #expect(refusal?.code == .dependsOnRefused && refusal?.code.isTemporary == false)
            }
            #expect(try await lift.talker.answer(to: requests[3]).appliedSeq == 3)

            #expect(try await lift.op(.logSet(set, entry: lift.entry, corrected)).appliedSeq == 4)
            #expect(try await lift.op(.updateSet(set, SetValues(weightGrams: 125_000, reps: 5))).appliedSeq == 5)
        }
    }

    @Test("what builds on something that was refused with what it builds on is refused too")
    func chains() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let entry = EntryID.make()
            let set = SetID.make()
            let values = SetValues(weightGrams: 1000, reps: 1)
            #expect(try await lift.op(.addEntry(EntryDetails(id: entry, name: ""))).refusal?.code == .invalid)
            #expect(try await lift.op(.logSet(set, entry: entry, values)).refusal?.code == .dependsOnRefused)
            #expect(try await lift.op(.updateSet(set, values)).refusal?.code == .dependsOnRefused)
            let note = WorkoutAction.note(entry: entry, text: "heavy", isShared: true)
            #expect(try await lift.op(note).refusal?.code == .dependsOnRefused)
            // The same for another connection of the athlete.
            let other = try await server.connect(lift.athlete)
            #expect(try await other.op(lift.workout, Self.op(note)).refusal?.code == .dependsOnRefused)
            #expect(try await lift.op(.addEntry(EntryDetails(id: entry, name: "Sled"))).appliedSeq == 3)
            #expect(try await lift.op(.logSet(set, entry: entry, values)).appliedSeq == 4)
        }
    }

    @Test("ops of a workout whose start was refused are refused for good, until it starts")
    func refusedStart() async throws {
        try await LiveTestServer.run { server in
            let ada = try await server.user("Ada")
            let talker = try await server.connect(ada)
            let workout = WorkoutID.make()
            let entry = EntryID.make()
            let start = Self.op(.start(WorkoutDetails(name: String(repeating: "x", count: 101))))
            let add = Self.op(.addEntry(EntryDetails(id: entry, name: "Sled")))
            let set = Self.op(.logSet(.make(), entry: entry, SetValues(reps: 1)))
            #expect(try await talker.op(workout, start).refusal?.code == .invalid)
            #expect(try await talker.op(workout, add).refusal?.code == .dependsOnRefused)
            #expect(try await talker.op(workout, set).refusal?.code == .dependsOnRefused)
            #expect(try await talker.op(workout, Self.op(.pause)).refusal?.code == .dependsOnRefused)
            #expect(try await talker.op(workout, Self.op(.start(WorkoutDetails(name: "x")))).appliedSeq == 1)
            #expect(try await talker.op(workout, add).appliedSeq == 2)
            #expect(try await talker.op(workout, set).appliedSeq == 3)
        }
    }

    @Test("a workout under somebody else's id never starts, and nothing waits for it")
    func takenId() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let eve = try await server.connect(try await server.user("Eve"))
            let entry = EntryID.make()
            #expect(try await eve.op(lift.workout, Self.op(.start(WorkoutDetails()))).refusal?.code == .idTaken)
            let add = Self.op(.addEntry(EntryDetails(id: entry, name: "Sled")))
            #expect(try await eve.op(lift.workout, add).refusal?.code == .dependsOnRefused)
            #expect(try await lift.op(lift.set()).appliedSeq == 3)
        }
    }

    @Test(
        "what a connection remembers of refused ops without a room is bounded: what it used least lately is forgotten")
    func forgottenRefusals() async throws {
        var configuration = LiveConfiguration()
        configuration.opsBurst = 10_000
        try await LiveTestServer.run(configuration) { server in
            let talker = try await server.connect(try await server.user("Ada"))
            let workouts = (0..<3).map { _ in WorkoutID.make() }
            var sets: [[SetID]] = []
            for workout in workouts {
                sets.append((0..<RefusedIDs.limit).map { _ in SetID.make() })
                for set in sets.last ?? [] { try await talker.write(Self.unreadable(set, of: workout)) }
                let answers = try await talker.frames { $0.refusal != nil }
                #expect(answers.count == RefusedIDs.limit)
            }
            func change(_ number: Int) async throws -> Refusal.Code? {
                let op = Self.op(.updateSet(sets[number][0], SetValues(reps: 1)))
                return try await talker.op(workouts[number], op).refusal?.code
            }
            #expect(try await change(2) == .dependsOnRefused)
            #expect(try await change(0) == .unknownTarget)
        }
    }

    @Test("a frame that cannot be read takes as much of the connection's ops as a good op, whatever is wrong with it")
    func unreadableCosts() async throws {
        let now = Timestamp.now
        var configuration = LiveConfiguration()
        configuration.opsBurst = 5
        try await LiveTestServer.run(configuration, clock: ServerClock(wall: { now })) { server in
            let ada = try await server.user("Ada")
            let frames = [
                Self.unreadable(.make(), of: .make()), #"{"type":"op","id":7,"room":"workout"#,
                #"{"type":"swim","id":7}"#,
                #"{"type":"op","id":7,"opId":"x"}"#, "[]", "{",
            ]
            for frame in frames {
                let talker = try await server.connect(ada)
                for _ in 0..<8 { try await talker.write(frame) }
                let refusals = try await talker.frames { $0.refusal != nil }.compactMap(\.refusal)
                #expect(
                    refusals.map { $0.code == .rateLimited } == [Bool](repeating: false, count: 5) + [true, true, true])
                #expect(refusals.last?.retryAfterMilliseconds == 20)
            }
        }
    }

    /// A set with more decimals than are taken.
    private static func unreadable(_ set: SetID, of workout: WorkoutID) -> String {
        """
        {"type":"op","id":900,"room":"workout:\(workout)","opId":"\(OpID.make())","at":\(Timestamp.now.milliseconds),\
        "kind":"set.log","setId":"\(set)","entryId":"\(EntryID.make())","set":{"weightKg":102.0583,"reps":5}}
        """
    }

    @Test("what builds on an op that cannot be read is refused for good")
    func unreadable() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let set = SetID.make()
            let text = """
                {"type":"op","id":900,"room":"\(lift.room)","opId":"\(OpID.make())","at":\(Timestamp.now.milliseconds),\
                "kind":"set.log","setId":"\(set)","entryId":"\(lift.entry)","set":{"weightKg":102.0583,"reps":5}}
                """
            try await lift.talker.write(text)
            #expect(try await lift.talker.answer(to: 900).refusal?.code == .invalid)
            let update = WorkoutAction.updateSet(set, SetValues(weightGrams: 102_000, reps: 5))
            #expect(try await lift.op(update).refusal?.code == .dependsOnRefused)
            #expect(try await lift.op(lift.set()).appliedSeq == 3)
        }
    }

    @Test("ops wait in line while their room is opened, and those of other rooms do not")
    func opening() async throws {
        try await TestPostgres.withDatabase { database in
            let lift = try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let lift = try await Lift.begin(on: server)
                try await lift.durable(2)
                return lift
            }
            try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let talker = try await server.connect(lift.athlete)
                let running = WorkoutID.make()
                #expect(try await talker.op(running, Self.op(.start(WorkoutDetails()))).appliedSeq == 1)
                let ops = (0..<20).map { _ in Self.op(lift.set()) }
                var sent: [Int64] = []
                try await lift.whileUnstorable(in: database) {
                    for op in ops { sent.append(try await talker.send(.op(room: lift.room, op))) }
                    #expect(try await talker.op(running, Self.op(.pause)).appliedSeq == 2)
                }
                for (place, request) in sent.enumerated() {
                    #expect(try await talker.answer(to: request).appliedSeq == Int64(place + 3))
                }
            }
        }
    }

    @Test("a workout begins although another device's op has had its room looked for before")
    func earlierOp() async throws {
        try await LiveTestServer.run { server in
            let ada = try await server.user("Ada")
            let (one, two) = (try await server.connect(ada), try await server.connect(ada))
            let workout = WorkoutID.make()
            let room = RoomName.workout(workout).text
            var (early, start): (Int64, Int64) = (0, 0)
            try await server.database.whileHolding("lock table workouts in access exclusive mode") {
                let add = Self.op(.addEntry(EntryDetails(id: .make(), name: "Sled")))
                early = try await two.send(.op(room: room, add))
                while await !server.node.rooms.isInMemory(workout) { await Task.yield() }
                start = try await one.send(.op(room: room, Self.op(.start(WorkoutDetails()))))
                _ = try await one.ask(.time(t0: 0))
            }
            #expect(try await one.answer(to: start).appliedSeq == 1)
            #expect(try await two.answer(to: early).refusal?.code == .unknownTarget)
        }
    }

    @Test("the memory of refused ids is bounded: the oldest is forgotten first")
    func bounded() {
        var refused = RefusedIDs()
        let ids = (0..<RefusedIDs.limit + 10).map { _ in SetID.make() }
        func remember(_ id: SetID) { refused.remember(OpTargets(isWorkout: false, ids: [id])) }
        for id in ids { remember(id) }
        let kept = ids.map { refused.block(.deleteSet($0)) }
        #expect(kept == ids.indices.map { $0 >= 10 })
        // Lifting and refusing again, for ever, forgets no other.
        for _ in 0..<10 * RefusedIDs.limit {
            refused.lift(OpTargets(isWorkout: false, ids: [ids.last!]))
            remember(ids.last!)
        }
        #expect(refused.all.ids.count <= RefusedIDs.limit && refused.block(.deleteSet(ids.last!)))
        #expect(!refused.block(.pause))
    }

    private static func op(_ action: WorkoutAction) -> WorkoutOp { WorkoutOp(id: .make(), at: .now, action: action) }
}
