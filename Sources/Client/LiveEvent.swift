import Protocol

/// What a `LiveClient` tells its application.
public enum LiveEvent: Sendable {
    case connection(ConnectionState)
    /// So many events were left out because the application was behind: read the client's rooms and ops again.
    case missed(Int)
    case room(WorkoutID, RoomChange)
    case op(QueuedOp, OpProgress)
    /// A friend came, went, or began or ended a workout.
    case friend(FriendPresence)
    /// Something happened to the user; told again after each reconnect, under the same id, until `LiveClient.seen`.
    case notice(Notice)

    public enum ConnectionState: Sendable {
        case connecting
        case live(Welcome)
        /// Not connected; the next attempt is after so long.
        case waiting(Duration, why: String)
        /// The client does not come back by itself.
        case ended(why: String)
    }

    public enum RoomChange: Sendable {
        /// New events, folded into the client's mirror, in order.
        case events([WorkoutEvent])
        /// A whole new state. `hadDiverged`: this client's fold had gone wrong and was replaced.
        case replaced(hadDiverged: Bool)
        /// Everything up to this seq is on the server's disk.
        case durable(seq: Int64)
        case presence
        case cheer(Cheer, from: Member?)
        case heart(bpm: Int64, at: Timestamp)
        /// The room is not to be watched (any more); why is not said.
        case ended
    }

    public enum OpProgress: Sendable {
        /// Applied on the server and seen by watchers.
        case applied(epoch: Int64, seq: Int64)
        case durable
        /// Refused for good; kept in the outbox until `LiveClient.dismiss`.
        case refused(Refusal)
        /// Refused for good, but the athlete had corrected it: this op takes its place.
        case corrected(WorkoutOp)
        /// Was refused for what it builds on, and goes again since the athlete has corrected that.
        case requeued
        /// Refused for now; goes again by itself.
        case delayed(Refusal)
    }
}

/// The events of a client, for one reader; bounded.
///
/// When the reader is `limit` events behind, further ones are left out and counted, and `missed` stands where they
/// would have been. Nothing is lost by that but the telling: the client's rooms and ops stay complete.
public struct LiveEvents: AsyncSequence, Sendable {
    public typealias Element = LiveEvent
    private let stream: AsyncStream<LiveEvent>

    init(_ stream: AsyncStream<LiveEvent>) { self.stream = stream }

    public func makeAsyncIterator() -> AsyncStream<LiveEvent>.AsyncIterator { stream.makeAsyncIterator() }
}

/// The writing end of `LiveEvents`.
struct LiveEventWriter: Sendable {
    private let continuation: AsyncStream<LiveEvent>.Continuation
    private var missed = 0

    static func make(limit: Int) -> (LiveEvents, LiveEventWriter) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: LiveEvent.self, bufferingPolicy: .bufferingOldest(max(2, limit)))
        return (LiveEvents(stream), LiveEventWriter(continuation: continuation))
    }

    private init(continuation: AsyncStream<LiveEvent>.Continuation) { self.continuation = continuation }

    mutating func write(_ event: LiveEvent) {
        if missed > 0 {
            guard case .enqueued = continuation.yield(.missed(missed)) else {
                missed += 1
                return
            }
            missed = 0
        }
        if case .dropped = continuation.yield(event) { missed += 1 }
    }

    func finish() { continuation.finish() }
}
