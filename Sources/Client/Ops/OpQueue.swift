import Protocol

/// All ops on their way, a lane a workout; requests by the number the connection gave them.
struct OpQueue: Sendable {
    private(set) var lanes: [WorkoutID: OpLane] = [:]
    /// In the order in which the workouts came: each gets its turn.
    private var turns: [WorkoutID] = []
    private var requests: [Int64: QueuedOp] = [:]

    /// Ops not known durable.
    var count: Int { lanes.values.reduce(0) { $0 + $1.items.count } }

    mutating func append(_ queued: QueuedOp) {
        if lanes[queued.workout] == nil { turns.append(queued.workout) }
        lanes[queued.workout, default: OpLane()].append(queued.op)
    }

    /// Takes the next op to send out of the lanes in turn and notes its request.
    mutating func send(as request: Int64, window: Int, now: ContinuousClock.Instant) -> QueuedOp? {
        for (place, workout) in turns.enumerated() {
            guard let op = lanes[workout]?.next(window: window, now: now) else { continue }
            lanes[workout]?.sent(op.id)
            turns.append(turns.remove(at: place))
            let queued = QueuedOp(workout: workout, op: op)
            requests[request] = queued
            return queued
        }
        return nil
    }

    /// The op that a request carried, once.
    mutating func answered(_ request: Int64) -> QueuedOp? { requests.removeValue(forKey: request) }

    /// Changes a lane; a lane without ops is forgotten.
    mutating func inLane<Result>(_ workout: WorkoutID, _ body: (inout OpLane) -> Result) -> Result? {
        guard var lane = lanes[workout] else { return nil }
        let result = body(&lane)
        lanes[workout] = lane.isEmpty ? nil : lane
        if lane.isEmpty { turns.removeAll { $0 == workout } }
        return result
    }

    /// Whether a lane can only go on with another connection.
    var needsConnection: Bool { lanes.values.contains(where: \.isBehindGate) }

    mutating func connectionEnded() {
        requests.removeAll()
        for workout in turns { lanes[workout]?.connectionEnded() }
    }

    /// The earliest time at which a held lane may send again.
    var nextRelease: ContinuousClock.Instant? {
        lanes.values.compactMap { $0.inFlight == 0 ? $0.heldUntil : nil }.min()
    }
}
