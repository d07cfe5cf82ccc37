import Protocol
import Store
import Synchronization
import TestKit
import Testing

@testable import Realtime

/// What rooms occupy beside their histories.
@Suite("The memory of rooms")
struct RoomMemoryTests {
    private static func exercises(_ count: Int) -> [ExerciseCatalog.Entry] {
        (0..<count).map {
            let facts = ExerciseFacts(
                id: .make(), name: "Sled \($0)", primaryMuscles: ["quadriceps"], secondaryMuscles: ["glutes"])
            return .init(facts: facts, version: 1)
        }
    }

    private func begin(_ athlete: Member, on server: LiveTestServer) async throws -> WorkoutRoom {
        let workout = WorkoutID.make()
        let start = WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails(name: "Monday")))
        try await server.node.rooms.submit(start, to: workout, by: athlete.userId)
        return try await server.node.rooms.room(workout)
    }

    @Test("an athlete's own exercises are read and counted once for all the rooms of the athlete, and go with the last")
    func ownExercises() async throws {
        var configuration = LiveConfiguration()
        configuration.unloadAfter = .zero
        let reads = Atomic(0)
        let own = Self.exercises(500)
        let catalog = try await ExerciseCatalog(
            reading: .init(library: { [] }) { _ in
                reads.add(1, ordering: .relaxed)
                return own
            })
        try await LiveTestServer.run(configuration, catalog: catalog) { server in
            let ada = try await server.user("Ada")
            let (rooms, memory) = (server.node.rooms, server.node.rooms.context.memory)
            var opened: [WorkoutRoom] = []
            for _ in 0..<10 { opened.append(try await begin(ada, on: server)) }
            #expect(reads.load(ordering: .relaxed) == 1)
            #expect(memory.bytes > 500 * 256 && memory.bytes < 2 * 500 * 512)
            // One that is made later is known in all of them.
            let made = Self.exercises(1)[0]
            await rooms.exerciseChanged(made, owner: ada.userId)
            for room in opened { #expect(await room.ownExercises?[made.facts.id] == made.facts) }
            try await eventually {
                await rooms.sweep()
                return await rooms.openRooms.isEmpty
            }
            #expect(memory.bytes == 0)
        }
    }

    @Test("exercises that are made and deleted without end do not stay in memory")
    func deleted() async throws {
        let kept = Self.exercises(3)
        let catalog = try await ExerciseCatalog(reading: .init(library: { [] }) { _ in kept })
        try await LiveTestServer.run(catalog: catalog) { server in
            let ada = try await server.user("Ada")
            let room = try await begin(ada, on: server)
            let before = server.node.rooms.context.memory.bytes
            for exercise in Self.exercises(OwnExercises.limit) {
                await server.node.rooms.exerciseChanged(exercise, owner: ada.userId)
            }
            #expect(server.node.rooms.context.memory.bytes < before + 10_000)
            for exercise in kept { #expect(await room.ownExercises?[exercise.facts.id] != nil) }
        }
    }

    @Test("what was learned while the exercises were read stays, and an older reading replaces nothing")
    func learnedMeanwhile() async throws {
        let own = OwnExercises(share: RoomMemory(limitBytes: 1).share(of: .make()))
        let (old, new) = (Self.exercises(1)[0], Self.exercises(1)[0])
        let changed = ExerciseFacts(id: old.facts.id, name: "Yoke", primaryMuscles: [], secondaryMuscles: [])
        try await own.read {
            own.learn(.init(facts: changed, version: 2))
            own.learn(new)
            return [old]
        }
        #expect(own[old.facts.id] == changed && own[new.facts.id] == new.facts)
        try await own.read { [old] }
        #expect(own[new.facts.id] == nil)
    }

    @Test("the state that is kept for who subscribes, and the athlete's bests, count")
    func whatRoomsKeep() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await lift.op(.note(entry: nil, text: String(repeating: "x", count: 2000), isShared: true))
            try await lift.durable(3)
            let room = try await server.node.rooms.room(lift.workout)
            let memory = server.node.rooms.context.memory
            let before = memory.bytes
            _ = try await lift.talker.subscribe(lift.workout)
            let kept = await room.encodedState?.bytes ?? 0
            #expect(kept > 2000 && memory.bytes == before + kept)
            let bests = (0..<1000).map { _ in
                (ExerciseID.make(), RecordBaseline.Bests(weightGrams: 1, estimatedOneRepMaxGrams: 1))
            }
            await room.compare(with: RecordBaseline(bests: Dictionary(uniqueKeysWithValues: bests)))
            #expect(memory.bytes > before + kept + 1000 * 50)
        }
    }

    @Test("all who subscribe at one seq get what was encoded for the first of them; the next event has it made anew")
    func encodedOnce() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let ben = try await server.user("Ben")
            try await server.befriend(lift.athlete, ben)
            let room = try await server.node.rooms.room(lift.workout)
            let talkers = [try await server.connect(lift.athlete), try await server.connect(ben)]
            func names() async throws -> [String?] {
                var names: [String?] = []
                for talker in talkers {
                    let content = try await talker.subscribe(lift.workout).subscribed?.content
                    guard case .snapshot(let snapshot)? = content else { continue }
                    names.append(try snapshot.decoded().name)
                }
                return names
            }
            #expect(try await names() == ["Monday", "Monday"])
            // Nothing else tells whether it was encoded again than that it is not what the room would encode.
            await room.keepEncoded { $0.name = "Kept" }
            #expect(try await names() == ["Kept", "Kept"])
            try await lift.op(lift.set())
            #expect(try await names() == ["Monday", "Monday"])
        }
    }

    @Test("while memory is short the rooms that nobody needs are unloaded, though they are within their bound")
    func shortOfMemory() async throws {
        let isShort = Atomic(false)
        var configuration = LiveConfiguration()
        configuration.isShortOfMemory = { isShort.load(ordering: .relaxed) }
        try await LiveTestServer.run(configuration) { server in
            let ada = try await server.user("Ada")
            for _ in 0..<20 { _ = try await begin(ada, on: server) }
            let rooms = server.node.rooms
            await rooms.unloadSpareRooms()
            #expect(await rooms.openRooms.count == 20)
            isShort.store(true, ordering: .relaxed)
            await rooms.unloadSpareRooms()
            let left = await rooms.openRooms.count
            #expect(left < 20 && left > 10)
        }
    }

    @Test("who looks for space while another does waits for that one, and looks at no room again")
    func oneLook() async throws {
        let looks = Atomic(0)
        let isCounting = Atomic(false)
        var sources = ServerClock.Sources.system
        let steady = sources.steady
        sources.steady = {
            if isCounting.load(ordering: .relaxed) { looks.add(1, ordering: .relaxed) }
            return steady()
        }
        var configuration = LiveConfiguration()
        configuration.roomBytes = 1_000_000
        configuration.linkGrace = .seconds(3600)
        try await LiveTestServer.run(configuration, clock: ServerClock(sources)) { server in
            let lifts = try await Lift.begin(on: server)
            var workouts = [lifts]
            for _ in 0..<9 {
                let lift = Lift(athlete: lifts.athlete, talker: lifts.talker)
                try await lift.op(.start(WorkoutDetails()))
                workouts.append(lift)
            }
            for lift in workouts { try await lift.durable(1) }
            let (rooms, memory) = (server.node.rooms, server.node.rooms.context.memory)
            // Something else takes the rest of the space.
            memory.change(by: memory.limitBytes)
            defer { memory.change(by: -memory.limitBytes) }
            isCounting.store(true, ordering: .relaxed)
            await withDiscardingTaskGroup { group in
                for _ in 0..<50 { group.addTask { await rooms.unloadSpareRooms() } }
            }
            isCounting.store(false, ordering: .relaxed)
            // A look asks each room's clock once; those behind the end of the first make a second one.
            #expect(looks.load(ordering: .relaxed) < 25 * workouts.count)
        }
    }
}

extension WorkoutRoom {
    /// Keeps, in place of the encoded state, one of a state that was changed.
    fileprivate func keepEncoded(_ change: (inout WorkoutState) -> Void) {
        var state = history.state
        change(&state)
        var encoded = EncodedState(history)
        for forWatchers in [false, true] { _ = encoded.json(of: state, forWatchers: forWatchers) }
        encodedState = encoded
    }
}
