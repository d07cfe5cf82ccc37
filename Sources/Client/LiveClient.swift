import Logging
import NIOCore
import NIOPosix
import Protocol

/// A live connection that heals itself: ops reach the server exactly once, rooms are followed without a gap.
///
/// Ops go into the outbox first and from there to the server, in order, again after every loss, until they are
/// durable; that needs `run`, but making them does not. The client lives on one event loop: frames are handled in
/// the order in which they come, without a task for each.
public actor LiveClient {
    /// Ops that may wait in the outbox.
    public static let outboxLimit = 100_000

    /// What happens, for one reader. Ends when `run` does.
    public nonisolated let events: LiveEvents
    nonisolated let configuration: LiveConfiguration
    nonisolated let loop: any EventLoop
    nonisolated let tokens: TokenProvider
    nonisolated let outbox: Outbox?
    nonisolated let logger: Logger

    var writer: LiveEventWriter
    var queue = OpQueue()
    /// Refused for good and not yet dismissed, by the time of refusal.
    var refused: [RefusedOp]
    var rooms: [WorkoutID: FollowedRoom] = [:]
    var connection: LiveConnection?
    var clock = ClockOffset()
    var marks: [OutboxMark] = []
    /// Ops that a correction which is being written takes in or sends again: they count as refused no more.
    var returning: Set<OpID> = []
    let marksSignal: AsyncStream<Void>
    let marksSignaller: AsyncStream<Void>.Continuation
    var hasRun = false
    var hasEnded = false
    var settleWaiters: [CheckedContinuation<Void, any Error>] = []
    var generation = 0

    public nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }

    /// `outbox` nil keeps ops in memory only: they do not survive the process.
    public init(
        _ configuration: LiveConfiguration, outbox: Outbox?, logger: Logger,
        loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.any(), tokens: @escaping TokenProvider
    ) {
        self.configuration = configuration
        self.loop = loop
        self.tokens = tokens
        self.outbox = outbox
        self.logger = logger
        (events, writer) = LiveEventWriter.make(limit: configuration.eventLimit)
        (marksSignal, marksSignaller) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        refused = outbox?.contents.refused ?? []
        for queued in outbox?.contents.queued ?? [] { queue.append(queued) }
    }

    /// Queues ops, in order, and sends them when it can; when it returns they are on disk (if there is an outbox).
    ///
    /// An op that corrects a refused one (a new weight for a set that the server did not take) is queued as that one,
    /// corrected, and what was refused because of that one goes out again behind it. Throws `OutboxError` or
    /// `LiveClientError`, which is `refused` for values that the server would never take; then none of the ops is
    /// queued. What becomes of each is told by `events` and `pendingOps`.
    public func submit(_ asked: [QueuedOp]) async throws {
        let limit = Int(connection?.welcome?.limits.frameBytes ?? 65536)
        var corrected: Set<OpID> = []
        let corrections = asked.map { asked in
            // The second correction of one op changes what the first one makes.
            let correction = correction(by: asked).flatMap { corrected.isDisjoint(with: $0.lostIDs) ? $0 : nil }
            corrected.formUnion(correction?.lostIDs ?? [])
            return correction
        }
        let ops = zip(asked, corrections).map { $1?.queued ?? $0 }
        for queued in ops {
            do throws(Refusal) { try checkBounds(of: queued) } catch { throw LiveClientError.refused(error) }
            let bytes = ClientFrame(id: .max, body: .op(queued)).json.count
            guard bytes <= limit else { throw LiveClientError.opTooLarge(bytes: bytes) }
        }
        guard queue.count + ops.count <= Self.outboxLimit else { throw LiveClientError.outboxFull }
        try await write(zip(ops, corrections).map { ($0, $1) })
        for (queued, correction) in zip(ops, corrections) {
            if let correction { queue(correction) } else { queue.append(queued) }
        }
        pump()
    }

    /// Makes one op of the action, at the given time or the server's present, and queues it.
    @discardableResult
    public func submit(_ action: WorkoutAction, in workout: WorkoutID, at time: Timestamp? = nil) async throws -> OpID {
        let op = WorkoutOp(id: .make(), at: time ?? serverNow, action: action)
        try await submit([QueuedOp(workout: workout, op: op)])
        return op.id
    }

    /// The server's present time, as far as it has been measured; this machine's before.
    public var serverNow: Timestamp { .now + (clock.offset ?? .zero) }

    /// The server's clock minus this machine's; nil before it has been measured.
    public var clockOffset: Duration? { clock.offset }

    /// Ops that are not known durable, in order.
    public func pendingOps(of workout: WorkoutID) -> [WorkoutOp] {
        queue.lanes[workout]?.items.map(\.op) ?? []
    }

    /// How many ops are not known durable.
    public var pendingCount: Int { queue.count }

    /// Returns when no op is on its way: each is durable or refused for good.
    ///
    /// Throws `LiveClientError.notConnected` when `run` ends before.
    public func waitUntilSettled() async throws {
        if queue.count == 0 { return }
        guard !hasEnded else { throw LiveClientError.notConnected }
        try await withCheckedThrowingContinuation { settleWaiters.append($0) }
    }

    /// Wakes those who wait for ops; called whenever one has left the queue.
    func opsLeft() {
        guard queue.count == 0 else { return }
        for waiter in settleWaiters { waiter.resume() }
        settleWaiters = []
    }

    /// Ops that the server refused for good and of which the athlete has yet to be told.
    public var refusedOps: [RefusedOp] { refused }

    /// The athlete has seen that the op was refused: it need not be kept.
    public func dismiss(_ id: OpID) {
        refused.removeAll { $0.queued.op.id == id }
        mark(.settled([id]))
    }

    /// What is known of a workout that is followed.
    public func mirror(of workout: WorkoutID) -> RoomMirror? { rooms[workout]?.mirror }

    /// The workout as its athlete sees it: the mirror with the ops on their way folded in; nil when it is not followed.
    public func view(of workout: WorkoutID) -> WorkoutState? {
        guard let mirror = rooms[workout]?.mirror else { return nil }
        let seen = mirror.position?.seq ?? 0
        let ahead = (queue.lanes[workout]?.items ?? []).filter { item in
            if case .applied(_, let seq) = item.phase { seq > seen } else { true }
        }
        return mirror.projected(with: ahead.map(\.op), now: serverNow)
    }

    func tell(_ event: LiveEvent) { writer.write(event) }
}

/// A change of the outbox's file that follows from what the server said.
enum OutboxMark: Sendable {
    /// The op's place is taken by another one, in which the last ones are merged.
    case replaced(OpID, by: QueuedOp, [OpID])
    case settled([OpID])
    case refused(OpID, Refusal)
}

extension ClientFrame.Body {
    static func op(_ queued: QueuedOp) -> ClientFrame.Body {
        .op(room: RoomName.workout(queued.workout).text, queued.op)
    }
}
