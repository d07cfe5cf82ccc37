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
        case opening(Opening)
        case open(WorkoutRoom)
    }

    /// A room on its way into memory.
    private struct Opening {
        /// Who would make the workout.
        let creator: UserID?
        var waiting: [Waiter] = []
    }

    private struct Waiter {
        let creator: UserID?
        /// Nil when it is this waiter's turn to open the room.
        let continuation: CheckedContinuation<Result<WorkoutRoom, Refusal>?, Never>
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
    /// Own exercises of the athletes with rooms, as long as these hold them.
    var ownExercises: [UserID: OwnExercisesReference] = [:]
    /// Counts changes of what athletes weigh.
    var bodyChanges = 0
    let bodyVersions = UserVersions()
    /// Until then no space is looked for again: the last look found none.
    var noSpaceUntil: ContinuousClock.Instant?
    /// Who waits for the look for space that is under way; nil while there is none.
    var spaceWaiters: [CheckedContinuation<Void, Never>]?
    /// The same for looks at the rooms of one account.
    var shareWaiters: [UserID: [CheckedContinuation<Void, Never>]] = [:]

    /// - Parameter group: the event loops that rooms are pinned to, in turn.
    package init(context: RoomContext, people: People, group: any EventLoopGroup) {
        self.context = context
        self.people = people
        executors = group.makeIterator().compactMap { $0 as? any NIOSerialEventLoopExecutor }
        precondition(!executors.isEmpty, "rooms need event loops that are serial executors")
    }

    /// The room of a workout.
    ///
    /// - Parameters:
    ///   - creator: makes the workout if there is none.
    ///   - user: who needs it, in whose share of the memory it is opened. Nil for the server itself, which opens it in the
    ///     athlete's, however full that is.
    /// - Throws: `noSuchRoom`, `unavailable`, `busy`, `draining`.
    package func room(
        _ id: WorkoutID, creator: UserID? = nil, for user: UserID? = nil
    ) async throws(Refusal) -> WorkoutRoom {
        // Before others wait for this opening: their shares have space.
        if slots[id] == nil, let user { try await makeSpace(for: user) }
        switch slots[id] {
        case .open(let room): return room
        case .opening(var opening):
            let result = await withCheckedContinuation { continuation in
                opening.waiting.append(Waiter(creator: creator, continuation: continuation))
                slots[id] = .opening(opening)
            }
            if let result { return try result.get() }
        case nil: slots[id] = .opening(Opening(creator: creator))
        }
        let result: Result<WorkoutRoom, Refusal>
        do throws(Refusal) {
            result = .success(try await open(id, creator: creator, for: user))
        } catch {
            result = .failure(error)
            context.loader.ages.forget(id)
            opened(id, result)
        }
        return try result.get()
    }

    /// Opens the room and makes it known.
    private func open(_ id: WorkoutID, creator: UserID?, for user: UserID?) async throws(Refusal) -> WorkoutRoom {
        if isDraining { throw Refusal(.draining, "this node is going away", retryAfterMilliseconds: 1000) }
        if context.configuration.isShortOfMemory() { throw .memoryShort }
        let consent = consentChanges
        let bodies = bodyChanges
        try await makeSpace()
        var loaded = try await context.loader.open(id, creator: creator)
        loaded.ownExercises = try await ownExercises(of: loaded.athlete.userId)
        nextExecutor = (nextExecutor + 1) % executors.count
        let share = context.memory.share(of: user ?? loaded.athlete.userId)
        let room = WorkoutRoom(loaded, context: context, executor: executors[nextExecutor], share: share)
        try await catchUp(room, consentIsOld: consent != consentChanges, bodyIsOld: bodies != bodyChanges)
        // At once behind that: from here on changes reach the room by themselves.
        opened(id, .success(room))
        return room
    }

    /// Gives a room what changed while it was read and has not reached it, and lets friends know of it.
    private func catchUp(
        _ room: WorkoutRoom, consentIsOld: Bool, bodyIsOld: Bool
    ) async throws(Refusal) {
        let athlete = room.athlete.userId
        var (consentIsOld, bodyIsOld) = (consentIsOld, bodyIsOld)
        repeat {
            let (consent, body) = (context.consent.version(of: athlete), bodyVersions.version(of: athlete))
            if bodyIsOld { await weigh(athlete, in: [room]) }
            let isBrought = try await bringConsent(to: room, asOf: consent, isOld: consentIsOld)
            consentIsOld = !isBrought || consent != context.consent.version(of: athlete)
            bodyIsOld = body != bodyVersions.version(of: athlete)
        } while consentIsOld || bodyIsOld
    }

    /// Ends an opening: everybody who waits for it hears of it, or opens the room for themselves.
    private func opened(_ id: WorkoutID, _ result: Result<WorkoutRoom, Refusal>) {
        guard case .opening(let opening) = slots[id] else { return }
        var waiting = opening.waiting[...]
        if case .success(let room) = result {
            slots[id] = .open(room)
            workouts[room.athlete.userId, default: []].insert(id)
        } else {
            slots[id] = nil
        }
        if case .failure(let refusal) = result, refusal.code == .noSuchRoom {
            // This creator cannot make the workout. That says nothing about the others: it may be theirs, or one of their ops
            // may have arrived before the op that starts it.
            let others = waiting.filter { $0.creator != opening.creator }
            waiting.removeAll { $0.creator != opening.creator }
            if let next = others.first {
                slots[id] = .opening(Opening(creator: next.creator, waiting: Array(others.dropFirst())))
                next.continuation.resume(returning: nil)
            }
        }
        for waiter in waiting { waiter.continuation.resume(returning: result) }
        context.metrics.rooms.record(slots.count)
    }

    /// Whether the workout's room is in memory or on its way there.
    func isInMemory(_ id: WorkoutID) -> Bool { slots[id] != nil }

    /// A room that nobody else reaches, for one look.
    func reading(_ workout: LoadedWorkout, for viewer: UserID) -> WorkoutRoom {
        WorkoutRoom(workout, context: context, executor: executors[0], share: context.memory.share(of: viewer))
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
    /// that could not be read, and makes space where that is needed, once a second.
    package func run() async throws {
        context.metrics.roomBytesLimit.record(context.memory.limitBytes)
        await announceOpenWorkouts()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.repeatedly(every: .seconds(60)) { await self.sweep() } }
                group.addTask { await self.repeatedly(every: .seconds(1)) { await self.settleConsent() } }
                group.addTask { await self.repeatedly(every: .seconds(1)) { await self.keepWithinBounds() } }
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
        ownExercises = ownExercises.filter { $0.value.exercises != nil }
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

extension Refusal {
    /// New work is refused before the kernel would end the process.
    static let memoryShort = Refusal(.busy, "this node is short of memory", retryAfterMilliseconds: 5000)
}
