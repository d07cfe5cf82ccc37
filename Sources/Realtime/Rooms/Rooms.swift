import CoreMetrics
import Logging
import Metrics
import NIOCore
import Protocol
import ServiceLifecycle
import Store

/// Finds the room of a workout, opening it when it is not in memory; REST and sockets both come through here.
package actor Rooms: Service {
    private enum Slot {
        case opening([CheckedContinuation<Result<WorkoutRoom, Refusal>, Never>])
        case open(WorkoutRoom)
    }

    package nonisolated let context: RoomContext
    nonisolated let people: People
    private let executors: [any NIOSerialEventLoopExecutor]
    private var nextExecutor = 0
    private var slots: [WorkoutID: Slot] = [:]
    /// The workouts of the rooms in memory.
    private var workouts: [UserID: Set<WorkoutID>] = [:]
    private var isDraining = false
    /// Counts changes of who may watch.
    var consentChanges = 0
    /// What changed while it could not be read.
    var unsettledConsent: Set<UnsettledConsent> = []
    private var exerciseChanges = 0
    private var bodyChanges = 0
    /// Until then no space is looked for again: the last look found none.
    var noSpaceUntil: ContinuousClock.Instant?

    /// - Parameter group: the event loops that rooms are pinned to, in turn.
    package init(context: RoomContext, people: People, group: any EventLoopGroup) {
        self.context = context
        self.people = people
        executors = group.makeIterator().compactMap { $0 as? any NIOSerialEventLoopExecutor }
        precondition(!executors.isEmpty, "rooms need event loops that are serial executors")
    }

    /// The room of a workout.
    ///
    /// - Parameter creator: makes the workout if there is none.
    /// - Throws: `noSuchRoom`, `unavailable`, `draining`.
    package func room(_ id: WorkoutID, creator: UserID? = nil) async throws(Refusal) -> WorkoutRoom {
        switch slots[id] {
        case .open(let room): return room
        case .opening(var waiting):
            let result = await withCheckedContinuation { continuation in
                waiting.append(continuation)
                slots[id] = .opening(waiting)
            }
            // Who opened it did not make it: an op of another device may come before the one that begins the workout.
            if case .failure(let refusal) = result, refusal.code == .noSuchRoom, creator != nil {
                return try await room(id, creator: creator)
            }
            return try result.get()
        case nil: return try await open(id, creator: creator)
        }
    }

    private func open(_ id: WorkoutID, creator: UserID?) async throws(Refusal) -> WorkoutRoom {
        if isDraining { throw Refusal(.draining, "this node is going away", retryAfterMilliseconds: 1000) }
        if context.configuration.isShortOfMemory() { throw .memoryShort }
        slots[id] = .opening([])
        let changes = consentChanges
        let exercises = exerciseChanges
        let bodies = bodyChanges
        let result: Result<WorkoutRoom, Refusal>
        do throws(Refusal) {
            try await makeSpace()
            var loaded = try await context.loader.open(id, creator: creator)
            loaded.ownExercises = try await ownExercises(of: loaded.athlete.userId)
            nextExecutor = (nextExecutor + 1) % executors.count
            let room = WorkoutRoom(loaded, context: context, executor: executors[nextExecutor])
            await room.announceToFriends()
            if exercises != exerciseChanges {
                for exercise in try await ownExercises(of: loaded.athlete.userId) { await room.learn(exercise) }
            }
            if bodies != bodyChanges { await weigh(loaded.athlete.userId, in: [room]) }
            // A change of consent that came while the room was read has not reached it.
            try await bringConsent(to: room, from: changes)
            result = .success(room)
        } catch {
            result = .failure(error)
            context.loader.ages.forget(id)
        }
        if case .opening(let waiting) = slots[id] {
            for continuation in waiting { continuation.resume(returning: result) }
        }
        if case .success(let room) = result {
            slots[id] = .open(room)
            workouts[room.athlete.userId, default: []].insert(id)
        } else {
            slots[id] = nil
        }
        context.metrics.rooms.record(slots.count)
        return try result.get()
    }

    /// Whether the workout's room is in memory or on its way there.
    func isInMemory(_ id: WorkoutID) -> Bool { slots[id] != nil }

    /// A room that nobody else reaches, for one look.
    func reading(_ workout: LoadedWorkout) -> WorkoutRoom {
        WorkoutRoom(workout, context: context, executor: executors[0])
    }

    /// The rooms in memory.
    package var openRooms: [WorkoutRoom] {
        slots.values.compactMap { if case .open(let room) = $0 { room } else { nil } }
    }

    /// An athlete's rooms in memory.
    func openRooms(of athlete: UserID) -> [WorkoutRoom] {
        (workouts[athlete] ?? []).compactMap { if case .open(let room)? = slots[$0] { room } else { nil } }
    }

    /// Forgets a room that was unloaded.
    package func forget(_ room: WorkoutRoom) {
        if case .open(let known) = slots[room.id], known === room {
            slots[room.id] = nil
            workouts[room.athlete.userId]?.remove(room.id)
            if workouts[room.athlete.userId]?.isEmpty ?? false { workouts[room.athlete.userId] = nil }
            context.loader.ages.forget(room.id)
        }
        context.metrics.rooms.record(slots.count)
    }

    /// Opens no more rooms.
    package func drain() { isDraining = true }

    /// Unloads rooms that nobody needs and completes workouts that were left open, once a minute; reads changes of consent
    /// that could not be read, once a second.
    package func run() async throws {
        await announceOpenWorkouts()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.repeatedly(every: .seconds(60)) { await self.sweep() } }
                group.addTask { await self.repeatedly(every: .seconds(1)) { await self.settleConsent() } }
            }
        }
    }

    private nonisolated func repeatedly(every pause: Duration, _ body: @Sendable () async -> Void) async {
        while !Task.isCancelled {
            // Cancellation ends the pause early and the loop with it.
            try? await Task.sleep(for: pause)
            if !Task.isCancelled { await body() }
        }
    }

    /// One round of what `run` does every minute.
    package func sweep() async {
        for room in openRooms {
            await room.startRecovery()
            if await room.unloadIfIdle(after: context.configuration.unloadAfter) { forget(room) }
        }
        await unloadSpareRooms()
        do {
            // Nothing acts on the time before it is known to be right.
            try await context.clock.measure(context.loader.pool)
            await completeIdleWorkouts()
        } catch {
            context.logger.warning(
                "the clock was not compared with Postgres; idle workouts stay open", metadata: ["error": "\(error)"])
        }
        await announceOpenWorkouts()
        do { try await context.catalog.reload() } catch {
            context.logger.warning("the library was not read again", metadata: ["error": "\(error)"])
        }
    }
}

// Changes of exercises, from the feature that owns them; in effect when the call returns.
extension Rooms {
    /// An exercise was made or changed: of the library, or a user's own.
    package func exerciseChanged(_ exercise: ExerciseCatalog.Entry, owner: UserID?) async {
        guard let owner else { return context.catalog.learn(exercise) }
        exerciseChanges += 1
        for room in openRooms(of: owner) { await room.learn(exercise) }
    }

    private func ownExercises(of athlete: UserID) async throws(Refusal) -> [ExerciseCatalog.Entry] {
        do {
            return try await context.catalog.exercises(of: athlete)
        } catch {
            context.logger.warning("a user's exercises could not be read", metadata: ["error": "\(error)"])
            throw Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000)
        }
    }
}

// What a body weighs, from the feature that measures it; in effect when the call returns.
extension Rooms {
    /// An athlete's measurements changed: exercises that are added from now on count with the new weight.
    package func bodyChanged(_ athlete: UserID) async {
        bodyChanges += 1
        await weigh(athlete, in: openRooms(of: athlete))
    }

    /// Weight that cannot be read stays as it was: the change is stored, and the next opening reads it.
    private func weigh(_ athlete: UserID, in rooms: [WorkoutRoom]) async {
        guard !rooms.isEmpty else { return }
        do {
            let grams = try await people.bodyWeightGrams(athlete)
            for room in rooms { await room.weigh(grams) }
        } catch {
            context.logger.warning("a body weight could not be read", metadata: ["error": "\(error)"])
        }
    }
}

extension Refusal {
    /// New work is refused before the kernel would end the process.
    static let memoryShort = Refusal(.busy, "this node is short of memory", retryAfterMilliseconds: 5000)
}
