import DequeModule
import Protocol

/// A workout's state with what is needed to apply ops once and to resume subscribers; a value, no I/O.
struct RoomHistory: Sendable {
    struct AppliedOp: Sendable {
        let fingerprint: UInt64
        let epoch: Int64
        let seq: Int64
    }

    struct StoredEvent: Sendable {
        let event: WorkoutEvent
        let json: [UInt8]
        let fingerprint: UInt64
    }

    private(set) var state = WorkoutState()
    private(set) var epoch: Int64
    private(set) var seq: Int64 = 0
    private(set) var durable: Int64 = 0
    /// The server's time of the last event.
    private(set) var lastReceivedAt = Timestamp(milliseconds: 0)
    private(set) var ops: [OpID: AppliedOp] = [:]
    /// Sets that were logged after their exercise had been removed.
    private(set) var vanishedSets: Set<SetID> = []
    /// The op time of the last event that paused or resumed the workout.
    private(set) var pauseChangedAt: Timestamp?
    private let ringLimit: Int
    /// Whether the history begins from a stored state instead of nothing.
    private let hasBase: Bool
    /// The latest events, without a gap up to `seq`.
    private(set) var ring = Deque<EncodedEvent>()
    private(set) var ringBytes = 0
    /// The ops that are not durable, in order; what a new epoch applies again, as of when they came.
    private(set) var undurable = Deque<(kept: KeptOp, receivedAt: Timestamp)>()
    /// Where in the history each epoch's first event stands, ascending.
    private var epochStarts: [(seq: Int64, epoch: Int64)] = []

    /// - Parameter base: the state before the first event.
    init(epoch: Int64, ringLimit: Int, base: WorkoutState? = nil) {
        self.epoch = epoch
        self.ringLimit = ringLimit
        hasBase = base != nil
        if let base { state = base }
        pauseChangedAt = base?.pausedAt
    }

    /// Whether there is a workout: an event, or a state that it begins from.
    var isKnown: Bool { state.status != .new }

    /// Takes an event that is stored already.
    mutating func restore(_ stored: StoredEvent) {
        state.apply(stored.event)
        append(stored.event, json: stored.json, fingerprint: stored.fingerprint)
        durable = seq
        trim()
    }

    /// Decides an op and applies it; a refusal leaves everything as it was.
    mutating func apply(
        _ op: WorkoutOp, fingerprint: UInt64, context: RuleContext
    ) throws(Refusal) -> (event: WorkoutEvent, json: [UInt8]) {
        let event = try state.decide(op, context)
        let json = event.json
        append(event, json: json, fingerprint: fingerprint)
        undurable.append((KeptOp(op, isAutomatic: context.isAutomatic), event.receivedAt))
        return (event, json)
    }

    private mutating func append(_ event: WorkoutEvent, json: [UInt8], fingerprint: UInt64) {
        seq = event.seq
        lastReceivedAt = max(lastReceivedAt, event.receivedAt)
        ops[event.opId] = AppliedOp(fingerprint: fingerprint, epoch: event.epoch, seq: event.seq)
        switch event.action {
        case .logSet(let id, _, _): if event.effects.isSuperseded { vanishedSets.insert(id) }
        case .pause, .resume: pauseChangedAt = event.at
        default: break
        }
        ring.append(EncodedEvent(seq: event.seq, json: json))
        ringBytes += json.count
        if epochStarts.last?.epoch != event.epoch { epochStarts.append((event.seq, event.epoch)) }
    }

    /// Everything up to `seq` is committed.
    mutating func becameDurable(_ seq: Int64) {
        guard seq > durable else { return }
        undurable.removeFirst(min(undurable.count, Int(seq - durable)))
        durable = seq
        trim()
    }

    private mutating func trim() {
        while ring.count > ringLimit || ringBytes > Self.ringBytesLimit, let first = ring.first, first.seq <= durable {
            ring.removeFirst()
            ringBytes -= first.json.count
        }
    }

    /// The epoch that the event at `seq` carries.
    private func epoch(at seq: Int64) -> Int64? { epochStarts.last { $0.seq <= seq }?.epoch }

    /// Whether a client at `position` holds a beginning of the surviving history.
    ///
    /// A client is at (epoch, seq) because it got that event under that epoch, or a snapshot when the room had that epoch:
    /// so the event there may carry an older epoch, but the next one no older.
    func contains(_ position: Position) -> Bool {
        guard position.seq <= seq, position.seq >= 0, position.epoch <= epoch else { return false }
        // At 0 a client of epoch 0 holds nothing; one of any other epoch got the state that the history begins from.
        if position.seq == 0, position.epoch == 0 { return !hasBase }
        if position.seq > 0, let here = epoch(at: position.seq), here > position.epoch { return false }
        guard position.seq < seq, let next = epoch(at: position.seq + 1) else { return true }
        return next >= position.epoch
    }

    /// Whether the event that was answered with this epoch and seq is still there.
    func holds(epoch: Int64, seq: Int64) -> Bool { seq <= self.seq && self.epoch(at: seq) == epoch }

    /// The events behind `seq`, if all of them are in memory.
    func events(after seq: Int64) -> [EncodedEvent]? {
        guard seq < self.seq else { return [] }
        guard let first = ring.first, first.seq <= seq + 1 else { return nil }
        return Array(ring.dropFirst(Int(seq + 1 - first.seq)))
    }
}
