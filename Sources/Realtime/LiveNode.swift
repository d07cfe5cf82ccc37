import Logging
import NIOCore
import Protocol
import ServiceLifecycle
import Store

/// What the live side stands on.
package struct LiveFoundation: Sendable {
    /// Shared with REST: for looking at workouts that are over.
    package var pool: PostgresPool
    package var pools: LivePools
    package var people: People
    package var catalog: ExerciseCatalog
    package var group: any EventLoopGroup
    package var logger: Logger

    package init(
        pool: PostgresPool, pools: LivePools, people: People, catalog: ExerciseCatalog, group: any EventLoopGroup,
        logger: Logger
    ) {
        self.pool = pool
        self.pools = pools
        self.people = people
        self.catalog = catalog
        self.group = group
        self.logger = logger
    }
}

/// Everything live of one process, put together: rooms, their queue to Postgres, presence, and the sessions of its sockets.
package struct LiveNode: Sendable {
    package let rooms: Rooms
    package let live: Live
    package let writeBehind: WriteBehind<WorkoutJournal>
    package let deadLetters: DeadLetters
    package let presences: FriendPresences
    package let clock: ServerClock
    private let pools: LivePools
    private let heartRates: HeartRateRecorder
    private let background: BackgroundTasks
    private let retries: DeadLetterRetries
    private let clockWatch: ClockWatch

    /// - Parameters:
    ///   - isEnded: whether a session that a token was verified for has been ended since.
    ///   - authenticate: verifies access tokens.
    package init(
        configuration: LiveConfiguration, foundation: LiveFoundation, clock: ServerClock = ServerClock(),
        isEnded: @escaping Live.IsEnded, authenticate: @escaping Live.Authenticate
    ) {
        let logger = foundation.logger
        self.clock = clock
        pools = foundation.pools
        deadLetters = DeadLetters(pool: pools.journal, logger: logger)
        let journal = WorkoutJournal(pool: pools.journal, logger: logger)
        writeBehind = WriteBehind(target: journal, limitBytes: configuration.queueBytes, logger: logger)
        heartRates = HeartRateRecorder(pool: pools.rooms, logger: logger)
        background = BackgroundTasks()
        presences = FriendPresences(grace: configuration.presenceGrace)
        let memory = RoomMemory(limitBytes: configuration.roomBytes)
        let loader = WorkoutLoader(
            source: HistorySource(pool: pools.rooms, memory: memory),
            lookingSource: HistorySource(pool: foundation.pool, memory: memory), people: foundation.people,
            ringLimit: configuration.ringEvents, ages: BaselineAges(), logger: logger)
        let context = RoomContext(
            writeBehind: writeBehind, loader: loader, deadLetters: deadLetters, catalog: foundation.catalog,
            clock: clock, configuration: configuration, heartRates: heartRates, presences: presences,
            consent: UserVersions(), background: background, memory: memory, logger: logger, metrics: RoomMetrics())
        rooms = Rooms(context: context, people: foundation.people, group: foundation.group)
        live = Live(rooms: rooms, registry: SessionRegistry(), authenticate: authenticate, isEnded: isEnded)
        retries = DeadLetterRetries(letters: deadLetters, rooms: rooms)
        clockWatch = ClockWatch(clock: clock, pool: pools.rooms, logger: logger)
    }

    /// What the rooms in memory occupy, and may, in bytes.
    package var roomMemory: (bytes: Int, limitBytes: Int) {
        (rooms.context.memory.bytes, rooms.context.memory.limitBytes)
    }

    /// What has to run; in the order in which a service group starts them.
    package var services: [any Service] {
        pools.all + [writeBehind, background, heartRates, clockWatch, rooms, retries]
    }

    /// Stores the heart rates that wait.
    package func flushHeartRates() async { await heartRates.flush() }

    /// Stores everything that waits and takes no more ops; connections stay, and hear what became durable.
    ///
    /// - Parameters:
    ///   - deadline: when storage is no longer waited for, and when nothing is.
    ///   - spill: where ops are kept that could not be stored in time.
    /// - Throws: when neither Postgres nor the disk has taken them by the end; all of it was tried again and again.
    package func drain(until deadline: DrainDeadline, spill: Spill) async throws(Spill.Failure) {
        await rooms.drain()
        writeBehind.finish()
        defer {
            writeBehind.abandon()
            background.finish()
        }
        if await writeBehind.waitUntilSettled(until: { deadline.storage }) { return }
        var failure: Spill.Failure?
        while true {
            let pending = writeBehind.pending
            do throws(Spill.Failure) {
                // What was committed meanwhile, or may have been, is known by its opId when it is offered again.
                return try spill.keep(pending, at: clock.now)
            } catch {
                if failure == nil {
                    spill.logger.error(
                        "ops that are not durable cannot be kept yet",
                        metadata: ["error": "\(error)", "spill.ops": "\(pending.count)"])
                }
                failure = error
            }
            let next = ContinuousClock.now + .milliseconds(250)
            if await writeBehind.waitUntilSettled(until: { min(next, deadline.last) }) { return }
            if deadline.left == .zero, let failure { throw failure }
        }
    }

    /// Stops every statement of live's own connections; called when a drain may wait no longer.
    package func abandonStatements() {
        for pool in pools.all { pool.abandon() }
    }
}

/// Offers dead letters again when an operator asked for it.
struct DeadLetterRetries: Service {
    let letters: DeadLetters
    let rooms: Rooms

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Cancellation ends the pause early and the loop with it.
                try? await Task.sleep(for: .seconds(5))
                if !Task.isCancelled { await letters.retryRequested(in: rooms) }
            }
        }
    }
}
