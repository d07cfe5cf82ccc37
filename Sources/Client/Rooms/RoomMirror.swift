import Protocol

/// A workout as this client knows it: the shared fold over what the room has sent.
public struct RoomMirror: Sendable {
    public let workout: WorkoutID
    /// What the server has told; ops of this client that are still on their way are not in it.
    public private(set) var state = WorkoutState()
    /// The last event folded in and the epoch it carried; nil before the first answer.
    public private(set) var position: Position?
    /// The highest seq known durable.
    public private(set) var durable: Int64 = 0
    public private(set) var athlete: Member?
    public private(set) var watching: Int64 = 0
    /// The watchers whose names this client may know.
    public private(set) var watchers: [Member] = []
    /// The room has ended for this client, or cannot be watched.
    public private(set) var isEnded = false

    /// What a frame did to the mirror.
    enum Outcome: Sendable {
        /// In order; these events are new.
        case folded([WorkoutEvent])
        /// A whole new state. `hadDiverged`: the same position had another state here, or the hash does not fit.
        case replaced(hadDiverged: Bool)
        /// Something is missing, or this history is not the room's any more: subscribe again with this position.
        case gap(since: Position?)
        case unchanged
    }

    init(workout: WorkoutID) { self.workout = workout }

    mutating func take(_ answer: Subscribed) throws(Refusal) -> Outcome {
        isEnded = false
        watching = answer.members.watching
        watchers = answer.members.joined
        let outcome: Outcome =
            switch answer.content {
            case .snapshot(let snapshot), .reset(let snapshot): try replace(with: snapshot)
            case .events(let events): try fold(events)
            }
        durable = max(durable, answer.durable)
        // The last page leads to the room's head; less means that this mirror is not where it thought it was.
        if case .folded = outcome, position?.seq != answer.seq { return .gap(since: nil) }
        return outcome
    }

    mutating func fold(_ events: [EncodedEvent]) throws(Refusal) -> Outcome {
        var folded: [WorkoutEvent] = []
        for encoded in events {
            let event = try encoded.decoded()
            guard let position else { return .gap(since: nil) }
            if event.seq <= position.seq {
                // Seen already, unless a later epoch has given the seq again: then this history is not the room's.
                if event.epoch > position.epoch { return .gap(since: position) }
                continue
            }
            guard event.seq == position.seq.clampingAdd(1) else { return .gap(since: position) }
            state.apply(event)
            self.position = Position(epoch: event.epoch, seq: event.seq)
            folded.append(event)
        }
        return .folded(folded)
    }

    mutating func replace(with snapshot: Snapshot) throws(Refusal) -> Outcome {
        let decoded = try snapshot.decoded()
        let isSamePlace = position == Position(epoch: snapshot.epoch, seq: snapshot.seq)
        let hadDiverged =
            decoded.stateHash != snapshot.stateHash || isSamePlace && state.stateHash != snapshot.stateHash
        state = decoded
        position = Position(epoch: snapshot.epoch, seq: snapshot.seq)
        durable = snapshot.durable
        athlete = snapshot.athlete
        return .replaced(hadDiverged: hadDiverged)
    }

    mutating func durable(seq: Int64) { durable = max(durable, seq) }

    mutating func take(_ presence: Presence) {
        watching = presence.watching
        let gone = Set(presence.left).union(presence.joined.map(\.userId))
        watchers = watchers.filter { !gone.contains($0.userId) } + presence.joined
    }

    mutating func end() { isEnded = true }
}

extension RoomMirror {
    /// The state with this client's own ops folded in as if they had been applied: what the athlete sees at once.
    ///
    /// Ops that the rules refuse here are left out; the server has the last word on all of them.
    public func projected(with ops: [WorkoutOp], now: Timestamp) -> WorkoutState {
        var projection = state
        var seq = position?.seq ?? 0
        for op in ops {
            let context = RuleContext(epoch: 0, lastSeq: seq, now: max(now, op.at), exercise: facts(for: op))
            // What is refused here stays out of the picture; the real answer comes from the server.
            if (try? projection.decide(op, context)) != nil { seq = seq.clampingAdd(1) }
        }
        return projection
    }

    /// Stands in for the library, which only the server has: the op's own name, no muscles.
    private func facts(for op: WorkoutOp) -> ExerciseFacts? {
        guard case .addEntry(let details) = op.action, let id = details.exerciseId else { return nil }
        return ExerciseFacts(id: id, name: details.name ?? "", primaryMuscles: [], secondaryMuscles: [])
    }
}
