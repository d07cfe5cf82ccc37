import Protocol

extension LiveClient {
    /// Refuses what the server would refuse for good: values out of bounds, and more exercises or sets than there may be.
    func checkBounds(of queued: QueuedOp) throws(Refusal) {
        try queued.op.action.checkBounds()
        switch queued.op.action {
        case .addEntry:
            guard isFull(queued.workout, WorkoutState.entryLimit, { $0.entries.count }) else { return }
            throw Refusal(.limitReached, "a workout holds at most \(WorkoutState.entryLimit) exercises")
        case .logSet:
            guard isFull(queued.workout, WorkoutState.setLimit, { $0.entries.reduce(0) { $0 + $1.sets.count } })
            else { return }
            throw Refusal(.limitReached, "a workout holds at most \(WorkoutState.setLimit) sets")
        default: break
        }
    }

    /// Whether a workout that is followed, with what waits for it, holds as many as it may.
    private func isFull(_ workout: WorkoutID, _ limit: Int, _ count: (WorkoutState) -> Int) -> Bool {
        guard let mirror = rooms[workout]?.mirror else { return false }
        // Only near the limit is it worth folding what waits.
        let waiting = queue.lanes[workout]?.items.count ?? 0
        guard count(mirror.state) + waiting >= limit, let view = view(of: workout) else { return false }
        return count(view) >= limit
    }

    /// The refused op that an op corrects, as the athlete wants it now, under the correction's own id.
    func corrected(_ queued: QueuedOp) -> (lost: QueuedOp, queued: QueuedOp)? {
        guard queued.op.action.isCorrection else { return nil }
        let waiting = queue.lanes[queued.workout]?.items ?? []
        for lost in refused.reversed() where lost.queued.workout == queued.workout {
            let made = OpTargets(madeBy: lost.queued.op.action)
            guard lost.refusal.code.leavesMissing(made),
                let action = lost.queued.op.action.corrected(by: queued.op.action),
                !waiting.contains(where: { OpTargets(madeBy: $0.op.action) == made })
            else { continue }
            let op = WorkoutOp(id: queued.op.id, at: lost.queued.op.at, action: action)
            return (lost.queued, QueuedOp(workout: queued.workout, op: op))
        }
        return nil
    }
}

extension WorkoutAction {
    /// Whether this changes what another op made.
    fileprivate var isCorrection: Bool {
        switch self {
        case .updateSet, .updateEntry, .update: true
        default: false
        }
    }
}
