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

    /// The refused op that an op corrects or makes once more, and what goes out again with it.
    func correction(by queued: QueuedOp) -> LateCorrection? {
        let (refused, waiting) = standing(of: queued.workout)
        return refused.isEmpty ? nil : LateCorrection(queued, refused: refused, waiting: waiting)
    }

    /// Whether an op builds on what a refused op was to make, and nothing that waits makes: no other device can bring it.
    func buildsOnRefused(_ queued: QueuedOp) -> Bool {
        let (refused, waiting) = standing(of: queued.workout)
        return OpTargets(missingBy: refused, waiting: waiting).contains(targetOf: queued.op.action)
    }

    private func standing(of workout: WorkoutID) -> (refused: [RefusedOp], waiting: [WorkoutOp]) {
        let refused = refused.filter { $0.queued.workout == workout && !returning.contains($0.queued.op.id) }
        return (refused, queue.lanes[workout]?.items.map(\.op) ?? [])
    }

    /// Puts ops on disk, corrections with what goes out again behind them.
    func write(_ ops: [(queued: QueuedOp, correction: LateCorrection?)]) async throws(OutboxError) {
        guard let outbox else { return }
        let ids = ops.compactMap(\.correction).flatMap { $0.lostIDs + $0.following.map(\.id) }
        returning.formUnion(ids)
        defer { returning.subtract(ids) }
        do throws(OutboxError) {
            try await outbox.write(ops.map { $0.correction?.record ?? .queued($0.queued) }, isSynced: true)
        } catch {
            // Marks may have been passed over meanwhile.
            for lost in refused where ids.contains(lost.queued.op.id) {
                mark(.refused(lost.queued.op.id, lost.refusal))
            }
            throw error
        }
    }

    func isRefused(_ id: OpID) -> Bool { refused.contains { $0.queued.op.id == id } }

    /// Queues a correction that is on disk, and behind it what goes out again.
    func queue(_ correction: LateCorrection) {
        let workout = correction.queued.workout
        for lost in correction.lost {
            dismiss(lost.queued.op.id)
            // An earlier correction of the same call may have put it back.
            queue.inLane(workout) { $0.drop(lost.queued.op.id) }
            tell(.op(lost.queued, .corrected(correction.queued.op)))
        }
        // Once more, since answers may have come while it was written.
        let made = OpTargets(madeBy: correction.queued.op.action)
        let (refused, waiting) = standing(of: workout)
        let following = LateCorrection.following(made, refused: refused, waiting: waiting)
        let ids = Set(following.map(\.id))
        self.refused.removeAll { ids.contains($0.queued.op.id) }
        queue.append(correction.queued)
        queue.inLane(workout) { $0.putLast(following) }
        for lost in refused where ids.contains(lost.queued.op.id) { tell(.op(lost.queued, .requeued)) }
    }
}
