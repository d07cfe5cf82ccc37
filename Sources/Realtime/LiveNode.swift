import Logging
import NIOCore
import Protocol
import ServiceLifecycle
import Store

/// What the live side stands on.
package struct LiveFoundation: Sendable {
    package var pool: PostgresPool
    package var people: People
    package var catalog: ExerciseCatalog
    package var group: any EventLoopGroup
    package var logger: Logger

    package init(
        pool: PostgresPool, people: People, catalog: ExerciseCatalog, group: any EventLoopGroup, logger: Logger
    ) {
        self.pool = pool
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
    private let heartRates: HeartRateRecorder
    private let background: BackgroundTasks
    private let retries: DeadLetterRetries

    /// - Parameters:
    ///   - isEnded: whether a session that a token was verified for has been ended since.
    ///   - authenticate: verifies access tokens.
    package init(
        configuration: LiveConfiguration, foundation: LiveFoundation, clock: ServerClock = ServerClock(),
        isEnded: @escaping Live.IsEnded, authenticate: @escaping Live.Authenticate
    ) {
        let logger = foundation.logger
        self.clock = clock
        deadLetters = DeadLetters(pool: foundation.pool, logger: logger)
        let journal = WorkoutJournal(pool: foundation.pool, deadLetters: deadLetters, logger: logger)
        writeBehind = WriteBehind(target: journal, limitBytes: configuration.queueBytes, logger: logger)
        heartRates = HeartRateRecorder(pool: foundation.pool, logger: logger)
        background = BackgroundTasks()
        presences = FriendPresences(grace: configuration.presenceGrace)
        let loader = WorkoutLoader(
            pool: foundation.pool, people: foundation.people, ringLimit: configuration.ringEvents, ages: BaselineAges(),
            logger: logger)
        let context = RoomContext(
            writeBehind: writeBehind, loader: loader, catalog: foundation.catalog, clock: clock,
            configuration: configuration, heartRates: heartRates, presences: presences,
            consent: ConsentVersions(), background: background,
            memory: RoomMemory(limitBytes: configuration.roomBytes), logger: logger, metrics: RoomMetrics())
        rooms = Rooms(context: context, people: foundation.people, group: foundation.group)
        live = Live(rooms: rooms, registry: SessionRegistry(), authenticate: authenticate, isEnded: isEnded)
        retries = DeadLetterRetries(letters: deadLetters, rooms: rooms)
    }

    /// What has to run; in the order in which a service group starts them.
    package var services: [any Service] { [writeBehind, background, heartRates, rooms, retries] }

    /// Stores the heart rates that wait.
    package func flushHeartRates() async { await heartRates.flush() }

    /// Stores everything that waits and takes no more ops; connections stay, and hear what became durable.
    ///
    /// - Parameters:
    ///   - limit: how long storage is waited for.
    ///   - spill: where ops are kept that could not be stored in that time.
    package func drain(within limit: Duration, spill: Spill) async throws(Spill.Failure) {
        await rooms.drain()
        try spill.keep(await writeBehind.drain(within: limit), at: clock.now)
        background.finish()
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
