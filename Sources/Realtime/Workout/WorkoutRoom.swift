import Logging
import Metrics
import NIOCore
import Protocol
import Store

/// The home of one workout while somebody needs it: decides ops, orders them, and tells everyone who follows.
///
/// Pinned to an event loop; connections of that loop call in directly, others hop once. Nothing in it waits, so a call sees
/// and leaves a whole state. The rules live in `RoomHistory` and `WorkoutState`; here they meet queue, subscribers and clock.
package actor WorkoutRoom {
    package nonisolated let id: WorkoutID
    package nonisolated let athlete: Member
    nonisolated let name: String
    nonisolated let executor: any NIOSerialEventLoopExecutor
    nonisolated let context: RoomContext

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    enum Phase {
        case open
        /// Nothing more can be stored under this epoch; a new one is being opened, and ops wait outside.
        case stopped
        /// Nobody reaches it any more.
        case unloaded
    }

    var phase = Phase.open
    var history: RoomHistory
    var baseline: RecordBaseline
    var bodyWeightGrams: Int64?
    var privacy: Privacy
    var isClosed: Bool
    var removedWatchers: Set<UserID>
    /// What the athlete may name beside the library; all rooms of the athlete share it.
    var ownExercises: OwnExercises?

    /// Every connection that has to do with this room.
    var links: [UInt64: RoomLink] = [:]
    /// Why the room is stopped, if it is one of its ops.
    var rejection: Rejection?
    var isRecovering = false
    /// Ops that Postgres refused although they were valid: they are not taken again.
    var rejectedOps: Set<OpID>
    /// What ops that were refused for good would have made.
    var refusedIDs = RefusedIDs()
    /// The athlete's connections, which hear `durable`; those that have subscribed follow.
    let athleteOutbox = RoomOutbox()
    let watcherOutbox = RoomOutbox()
    var durableWaiters: [DurableWaiter] = []
    var crowd = Crowd()
    /// When changes of the crowd are told next; nil while there are none.
    var presenceDue: NIODeadline?
    var mutedWatchers: Set<UserID>
    /// Decisions about watchers that are in effect and not stored yet.
    var unstoredDecisions = 0
    var cheers: CheerBudgets
    /// The state as it was sent last to somebody who subscribed.
    var encodedState: EncodedState?
    var lastUse: Timestamp
    /// Whose share of the memory the room is in: its athlete's once the athlete uses it, until then that of who had it opened.
    private(set) var share: RoomShare
    /// What the node's memory of rooms holds for this one.
    private var countedBytes = 0

    init(
        _ loaded: LoadedWorkout, context: RoomContext, executor: any NIOSerialEventLoopExecutor, share: RoomShare
    ) {
        self.share = share
        id = loaded.id
        athlete = loaded.athlete
        name = RoomName.workout(loaded.id).text
        self.context = context
        self.executor = executor
        history = loaded.history
        baseline = loaded.baseline
        bodyWeightGrams = loaded.bodyWeightGrams
        privacy = loaded.privacy
        isClosed = loaded.isClosed
        removedWatchers = loaded.removedWatchers
        mutedWatchers = loaded.mutedWatchers
        rejectedOps = loaded.rejected
        ownExercises = loaded.ownExercises
        cheers = CheerBudgets(
            perWatcher: context.configuration.cheersPerWatcher, perRoom: context.configuration.cheersPerRoom)
        lastUse = context.clock.now
        countedBytes = loaded.bytes
        share.change(by: countedBytes)
    }

    deinit { share.change(by: -countedBytes) }

    /// About what the room occupies in memory, but for what the athlete's rooms share.
    private var bytes: Int {
        history.bytes + (encodedState?.bytes ?? 0) + baseline.bytes + refusedIDs.bytes
            + 48 * (removedWatchers.count + mutedWatchers.count + rejectedOps.count)
    }

    /// Tells the node what the room occupies now; nothing once it is unloaded.
    func countMemory() {
        let bytes = phase == .unloaded ? 0 : bytes
        guard bytes != countedBytes else { return }
        share.change(by: bytes - countedBytes)
        countedBytes = bytes
    }

    /// The athlete uses the room, and has it in the own share from now on.
    func countForAthlete() {
        guard share.user != athlete.userId else { return }
        share.change(by: -countedBytes)
        share = context.memory.share(of: athlete.userId)
        share.change(by: countedBytes)
    }

    /// Runs `body` in the room: at once on its own loop, otherwise in a later turn, in the order of the calls.
    package nonisolated func perform(_ body: @escaping @Sendable (isolated WorkoutRoom) -> Void) {
        if executor.inEventLoop {
            assumeIsolated { body($0) }
        } else {
            executor.execute { self.assumeIsolated { body($0) } }
        }
    }

    /// Runs `body` in the room after a while.
    nonisolated func perform(in delay: Duration, _ body: @escaping @Sendable (isolated WorkoutRoom) -> Void) {
        _ = executor.scheduleTask(in: TimeAmount(delay)) { self.assumeIsolated { body($0) } }
    }

    /// The audience after the workout's own narrowing; private when the athlete closed it. A workout that has ended
    /// is no longer live: another preference holds.
    var audience: Audience {
        if isClosed { return .private }
        let preference = history.state.status.hasEnded ? privacy.workouts : privacy.live
        return min(preference, history.state.visibility ?? .public)
    }

    /// Whether a viewer may follow.
    func mayWatch(_ viewer: UserID, _ relation: Relation) -> Bool {
        relation == .oneself
            || history.state.status != .deleted && audience.includes(relation) && !removedWatchers.contains(viewer)
    }
}

/// What all rooms of a node share.
package struct RoomContext: Sendable {
    let writeBehind: WriteBehind<WorkoutJournal>
    let loader: WorkoutLoader
    let deadLetters: DeadLetters
    let catalog: ExerciseCatalog
    let clock: ServerClock
    let configuration: LiveConfiguration
    let heartRates: HeartRateRecorder
    let presences: FriendPresences
    let consent: UserVersions
    let background: BackgroundTasks
    let memory: RoomMemory
    let logger: Logger
    let metrics: RoomMetrics
}

/// The rooms' metrics.
struct RoomMetrics: Sendable {
    let rooms = Gauge(label: "fitai_rooms")
    let roomBytes = Gauge(label: "fitai_room_bytes")
    let roomBytesLimit = Gauge(label: "fitai_room_bytes_limit")
    let applied = Counter(label: "fitai_ops_applied_total")
    let repeated = Counter(label: "fitai_ops_repeated_total")
    let refused = Counter(label: "fitai_ops_refused_total")
    let reloads = Counter(label: "fitai_room_reloads_total")
    let durableLag = Metrics.Timer(label: "fitai_durable_lag_seconds")
}

/// A connection that has to do with a room.
struct RoomLink: Sendable {
    let connection: SocketConnection
    let user: Member
    var relation: Relation
    var isSubscribed = false

    var isAthlete: Bool { relation == .oneself }
}
