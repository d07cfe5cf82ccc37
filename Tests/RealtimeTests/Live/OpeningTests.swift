import Protocol
import Store
import Synchronization
import TestKit
import Testing

@testable import Realtime

/// Rooms on their way into memory: who waits for them, and what changes meanwhile.
@Suite("Opening rooms", .timeLimit(.minutes(5)))
struct OpeningTests {
    /// The rooms of a server, for look-ups that tests take part in.
    private final class Stage: Sendable {
        private let state = Mutex<Rooms?>(nil)
        private let turn = Atomic(0)

        var rooms: Rooms? {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }

        /// Counts the calls from 1 on, once the rooms are known.
        func next() -> Int {
            guard rooms != nil else { return 0 }
            return turn.add(1, ordering: .sequentiallyConsistent).newValue
        }
    }

    /// A workout that is stored and whose room is not in memory.
    private func stored(_ athlete: Member, on server: LiveTestServer) async throws -> WorkoutID {
        let workout = WorkoutID.make()
        let start = WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails(name: "Monday")))
        try await server.node.rooms.submit(start, to: workout, by: athlete.userId)
        try await server.unload(workout)
        return workout
    }

    private var unloading: LiveConfiguration {
        var configuration = LiveConfiguration()
        configuration.unloadAfter = .zero
        return configuration
    }

    @Test("somebody else's attempt to begin a workout under its id keeps nobody out who may have it")
    func strangers() async throws {
        try await LiveTestServer.run(unloading) { server in
            let (ada, eve) = (try await server.user("Ada"), try await server.user("Eve"))
            let workout = try await stored(ada, on: server)
            let room = RoomName.workout(workout).text
            let (owner, stranger) = (try await server.connect(ada), try await server.connect(eve))
            let reader = try await server.connect(ada)
            func op(_ action: WorkoutAction) -> ClientFrame.Body {
                .op(room: room, WorkoutOp(id: .make(), at: .now, action: action))
            }
            var (taken, pause, subscribe): (Int64, Int64, Int64) = (0, 0, 0)
            try await server.database.whileHolding("lock table workouts in access exclusive mode") {
                taken = try await stranger.send(op(.start(WorkoutDetails())))
                while await !server.node.rooms.isInMemory(workout) { await Task.yield() }
                pause = try await owner.send(op(.pause))
                _ = try await owner.ask(.time(t0: 0))
                subscribe = try await reader.send(.subscribe(room: room, since: nil, wantsEvents: false))
                _ = try await stranger.ask(.time(t0: 0))
            }
            #expect(try await stranger.answer(to: taken).refusal?.code == .idTaken)
            #expect(try await owner.answer(to: pause).appliedSeq == 2)
            #expect(try await reader.answer(to: subscribe).subscribed != nil)
        }
    }

    @Test("an exercise that is made while a room opens is known in it, however often that happens")
    func madeMeanwhile() async throws {
        let stage = Stage()
        let made = Mutex<[ExerciseFacts]>([])
        @Sendable func make(_ rooms: Rooms, _ owner: UserID) async {
            let exercise = ExerciseFacts(id: .make(), name: "Sled", primaryMuscles: [], secondaryMuscles: [])
            made.withLock { $0.append(exercise) }
            await rooms.exerciseChanged(.init(facts: exercise, version: 1), owner: owner)
        }
        let catalog = try await ExerciseCatalog(
            reading: .init(library: { [] }) { user in
                // What is made behind the statement's snapshot is not in the answer.
                let known = made.withLock { $0 }
                if let rooms = stage.rooms, stage.next() <= 2 { await make(rooms, user) }
                return known.map { .init(facts: $0, version: 1) }
            })
        try await LiveTestServer.run(unloading, catalog: catalog) { server in
            let ada = try await server.user("Ada")
            let workout = try await stored(ada, on: server)
            stage.rooms = server.node.rooms
            _ = try await server.node.rooms.room(workout)
            await make(server.node.rooms, ada.userId)
            #expect(made.withLock { $0.count } >= 2)
            for exercise in made.withLock({ $0 }) {
                let add = WorkoutAction.addEntry(EntryDetails(id: .make(), exerciseId: exercise.id))
                let op = WorkoutOp(id: .make(), at: .now, action: add)
                try await server.node.rooms.submit(op, to: workout, by: ada.userId)
            }
        }
    }

    @Test("a body that is measured while a room opens counts in it, however often that happens")
    func weighedMeanwhile() async throws {
        let stage = Stage()
        let grams = Mutex<Int64>(70_000)
        @Sendable func changing(_ people: inout People) {
            people.bodyWeightGrams = { user in
                let read = grams.withLock { $0 }
                if let rooms = stage.rooms, stage.next() <= 2 {
                    grams.withLock { $0 += 1000 }
                    await rooms.bodyChanged(user)
                }
                return read
            }
        }
        try await LiveTestServer.run(unloading, people: { changing(&$0) }) { server in
            let ada = try await server.user("Ada")
            let workout = try await stored(ada, on: server)
            stage.rooms = server.node.rooms
            let room = try await server.node.rooms.room(workout)
            #expect(await room.bodyWeightGrams == 72_000)
        }
    }

    @Test("friends are not told of a workout whose athlete stopped showing it while its room opened")
    func narrowedMeanwhile() async throws {
        for isStorageAway in [false, true] {
            let stage = Stage()
            try await LiveTestServer.run(
                unloading,
                people: { people in
                    let privacy = people.privacy
                    people.privacy = { user in
                        let read = try await privacy(user)
                        guard let rooms = stage.rooms else { return read }
                        switch stage.next() {
                        case 1:
                            // Read by the opening; the athlete's choice comes behind it.
                            await rooms.narrow(user)
                            return read
                        case 2: return read
                        default:
                            if isStorageAway { throw StoreError.unavailable("away for a test") }
                            return read
                        }
                    }
                }
            ) { server in
                try await narrowing(on: server, stage, isStorageAway: isStorageAway)
            }
        }
    }

    private func narrowing(on server: LiveTestServer, _ stage: Stage, isStorageAway: Bool) async throws {
        let (ada, ben) = (try await server.user("Ada"), try await server.user("Ben"))
        try await server.befriend(ada, ben)
        let talker = try await server.connect(ben)
        let workout = try await stored(ada, on: server)
        _ = try await talker.next { $0.friend?.live == workout }
        stage.rooms = server.node.rooms
        defer { stage.rooms = nil }
        if isStorageAway {
            await #expect(throws: Refusal.self) { try await server.node.rooms.room(workout) }
        } else {
            _ = try await server.node.rooms.room(workout)
        }
        #expect(server.node.presences.status(of: ada.userId, for: ben.userId) == .hidden)
        let told = try await talker.frames { $0.friend != nil }.compactMap(\.friend)
        #expect(told.allSatisfy { $0.live == nil } && told.count == 1, "\(told)")
    }
}

extension Rooms {
    /// The athlete lets nobody watch any more.
    fileprivate func narrow(_ athlete: UserID) async {
        do {
            try await context.loader.pool.execute("update users set live_audience = 'private' where id = \(athlete)")
        } catch { Issue.record(error) }
        await privacyChanged(athlete)
    }
}
