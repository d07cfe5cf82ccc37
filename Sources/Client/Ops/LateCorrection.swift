import Protocol

/// A refused op that goes out after all, as the athlete wants it now, and what goes out again behind it.
struct LateCorrection: Sendable {
    /// What is shown as refused no more: the op, and earlier corrections of it, which are in the new one.
    let lost: [RefusedOp]
    /// Under the id of the last correction.
    let queued: QueuedOp
    /// Ops that were refused because of the lost one, and those that wait and build on it, in the order in which they can be taken.
    let following: [WorkoutOp]

    /// All of it in one: on disk it is there whole or not at all.
    var record: OutboxRecord {
        .corrected(lostIDs, by: queued, following: following.map(\.id))
    }

    var lostIDs: [OpID] { lost.map(\.queued.op.id) }

    /// Nil when the op corrects nothing that is missing.
    ///
    /// - Parameters:
    ///   - refused: the workout's refused ops, in order.
    ///   - waiting: its ops on their way, in order.
    init?(_ asked: QueuedOp, refused: [RefusedOp], waiting: [WorkoutOp]) {
        let made = OpTargets(madeBy: asked.op.action)
        for lost in refused.reversed() {
            let lostMade = OpTargets(madeBy: lost.queued.op.action)
            guard lost.refusal.code.leavesMissing(lostMade),
                !waiting.contains(where: { OpTargets(madeBy: $0.action) == lostMade })
            else { continue }
            let isRemade = made == lostMade
            guard isRemade || lost.queued.op.action.corrected(by: asked.op.action) != nil else { continue }
            let (gone, queued) = isRemade ? ([lost], asked) : Self.mended(lost, by: asked, refused)
            let ids = Set(gone.map(\.queued.op.id))
            let others = refused.filter { !ids.contains($0.queued.op.id) }
            self.lost = gone
            self.queued = queued
            following = Self.following(lostMade, refused: others, waiting: waiting)
            return
        }
        return nil
    }

    /// The lost op as all its corrections change it, in the order of their times.
    private static func mended(
        _ lost: RefusedOp, by asked: QueuedOp, _ refused: [RefusedOp]
    ) -> (lost: [RefusedOp], queued: QueuedOp) {
        var (action, gone) = (lost.queued.op.action, [lost])
        let earlier = refused.filter { $0.refusal.code == .dependsOnRefused }
        let corrections = earlier.map { ($0.queued.op, Optional($0)) } + [(asked.op, nil)]
        for (op, refused) in corrections.sorted(by: { $0.0.at < $1.0.at }) {
            guard let corrected = action.corrected(by: op.action) else { continue }
            action = corrected
            if let refused { gone.append(refused) }
        }
        let op = WorkoutOp(id: asked.op.id, at: lost.queued.op.at, action: action)
        return (gone, QueuedOp(workout: asked.workout, op: op))
    }

    /// What goes out again behind an op that makes `made` after all; what builds on something else that is missing does not.
    static func following(_ made: OpTargets, refused: [RefusedOp], waiting: [WorkoutOp]) -> [WorkoutOp] {
        var rest = refused.filter { $0.refusal.code == .dependsOnRefused }.map(\.queued.op) + waiting
        let reached = reach(of: made, in: rest)
        rest.removeAll { !reached.contains(targetOf: $0.action) }
        // What they make is missing until they have their places.
        var missing = OpTargets(missingBy: refused, waiting: waiting)
        for op in rest { missing.formUnion(OpTargets(madeBy: op.action)) }
        missing.subtract(made)
        var present = made
        var placed: [WorkoutOp] = []
        while true {
            // Again, since what an op builds on may stand behind it, when that was corrected in between.
            var staying: [WorkoutOp] = []
            for op in rest {
                guard present.contains(targetOf: op.action), !missing.contains(targetOf: op.action) else {
                    staying.append(op)
                    continue
                }
                placed.append(op)
                present.formUnion(OpTargets(madeBy: op.action))
                missing.subtract(OpTargets(madeBy: op.action))
            }
            if staying.count == rest.count { return placed }
            rest = staying
        }
    }

    /// With what is made by ops that build on it, one on the other.
    private static func reach(of made: OpTargets, in ops: [WorkoutOp]) -> OpTargets {
        var reached = made
        while true {
            let before = reached
            for op in ops where reached.contains(targetOf: op.action) {
                reached.formUnion(OpTargets(madeBy: op.action))
            }
            if reached == before { return reached }
        }
    }
}

extension OpTargets {
    /// What refused ops were to make and nothing that waits makes.
    init(missingBy refused: [RefusedOp], waiting: [WorkoutOp]) {
        self.init()
        for lost in refused {
            let made = OpTargets(madeBy: lost.queued.op.action)
            if lost.refusal.code.leavesMissing(made) { formUnion(made) }
        }
        for op in waiting { subtract(OpTargets(madeBy: op.action)) }
    }
}
