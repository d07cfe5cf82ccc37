import Protocol

/// The ops of one workout on their way, in order: what to send, what to send again, what is done.
///
/// A value without I/O; the client moves it by what it sends and hears.
struct OpLane: Sendable {
    enum Phase: Sendable, Hashable {
        case waiting
        case sent
        /// In memory on the server and seen by watchers; lost if the epoch ends before it is durable.
        case applied(epoch: Int64, seq: Int64)
    }

    struct Item: Sendable {
        let op: WorkoutOp
        var phase = Phase.waiting
        /// Temporary refusals so far.
        var refusals = 0

        var isApplied: Bool { if case .applied = phase { true } else { false } }
    }

    /// What a refusal means for the lane.
    enum Consequence: Sendable, Hashable {
        /// Send again from the refused op, when the lane says so.
        case retry
        /// The server waits for an op that cannot come first on this connection: start a new one.
        case reconnect
        /// Ops are refused for good. `reconnects`: the server's gate waits for one of them, and ends only with the connection.
        case lost(Losses, reconnects: Bool)
    }

    struct RefusedItem: Sendable, Hashable {
        let op: WorkoutOp
        let refusal: Refusal
    }

    /// What a refusal for good takes out of the lane.
    struct Losses: Sendable, Hashable {
        var refused: [RefusedItem] = []
        /// Set when the athlete had corrected the refused op already.
        var correction: Correction?
    }

    /// An op that takes the place of a refused one, with what the athlete made of it.
    struct Correction: Sendable, Hashable {
        let lost: WorkoutOp
        /// Under the id of the last correction, so that doing this twice does it once.
        let op: WorkoutOp
        /// Earlier corrections, which are in it.
        let merged: [OpID]
    }

    private(set) var items: [Item] = []
    /// The room's epoch as far as heard.
    private(set) var epoch: Int64 = 0
    private var durable: (epoch: Int64, seq: Int64) = (0, 0)
    /// The op that the server's gate waits for on this connection.
    private var awaited: OpID?
    /// When the server first did not know a target, or the workout (nil): ops of one target are waited with together.
    private var unknownSince: [UUIDv7?: ContinuousClock.Instant] = [:]
    /// After a temporary refusal: nothing is sent until all answers are in and this time has come.
    private(set) var heldUntil: ContinuousClock.Instant?

    var inFlight: Int { items.count { $0.phase == .sent } }
    var isEmpty: Bool { items.isEmpty }

    mutating func append(_ op: WorkoutOp) {
        guard !items.contains(where: { $0.op.id == op.id }) else { return }
        items.append(Item(op: op))
    }

    /// Whether the server's gate waits for an op before which others have to go again: it would refuse those for ever, or take
    /// them too late. The gate ends with the connection.
    var isBehindGate: Bool {
        guard let awaited, let place = index(of: awaited) else { return false }
        return items[..<place].contains { !$0.isApplied }
    }

    /// The next op to send; nil when there is none, the window is full, or the lane is held.
    func next(window: Int, now: ContinuousClock.Instant) -> WorkoutOp? {
        let inFlight = inFlight
        if let heldUntil, inFlight > 0 || now < heldUntil { return nil }
        guard inFlight < window else { return nil }
        return items.first { $0.phase == .waiting }?.op
    }

    mutating func sent(_ id: OpID) {
        heldUntil = nil
        guard let index = index(of: id) else { return }
        items[index].phase = .sent
    }

    /// The op was applied; returns the ops that are durable now.
    mutating func applied(_ id: OpID, epoch: Int64, seq: Int64, isDurable: Bool) -> [OpID] {
        if !isDurable { heard(epoch: epoch) }
        if awaited == id { awaited = nil }
        guard let index = index(of: id) else { return [] }
        if isDurable {
            items.remove(at: index)
            return [id]
        }
        items[index].refusals = 0
        for target in [nil] + items[index].op.action.targets { unknownSince[target] = nil }
        // An answer of an epoch that has ended counts as never given.
        items[index].phase = epoch < self.epoch ? .waiting : .applied(epoch: epoch, seq: seq)
        return takeDurable()
    }

    /// The cumulative watermark of one epoch; returns the ops that are durable now.
    mutating func durable(epoch: Int64, seq: Int64) -> [OpID] {
        heard(epoch: epoch)
        guard epoch == self.epoch else { return [] }
        if durable.epoch < epoch || durable.seq < seq { durable = (epoch, seq) }
        return takeDurable()
    }

    /// The room is in this epoch: what an earlier one applied and never called durable is lost and goes again.
    mutating func heard(epoch: Int64) {
        guard epoch > self.epoch else { return }
        self.epoch = epoch
        for index in items.indices {
            if case .applied(let old, _) = items[index].phase, old < epoch { items[index].phase = .waiting }
        }
    }

    /// The room's history was replaced: nothing applied before can be relied on.
    mutating func historyReplaced() {
        for index in items.indices {
            if case .applied = items[index].phase { items[index].phase = .waiting }
        }
    }

    /// Nothing that is not known durable can be relied on: all of it goes again, in order.
    mutating func connectionEnded() {
        for index in items.indices { items[index].phase = .waiting }
        heldUntil = nil
        awaited = nil
    }

    /// Takes an op out; for one that the server could not store although it had applied it.
    mutating func remove(_ id: OpID, _ refusal: Refusal) -> Consequence {
        guard let index = index(of: id) else { return .retry }
        return lose(index, refusal)
    }

    /// Takes an op out that another one has taken in.
    mutating func drop(_ id: OpID) { items.removeAll { $0.op.id == id } }

    /// Puts ops behind all others, in this order, whether they are on their way or not.
    mutating func putLast(_ ops: [WorkoutOp]) {
        let known = Dictionary(items.map { ($0.op.id, $0) }) { first, _ in first }
        let ids = Set(ops.map(\.id))
        items.removeAll { ids.contains($0.op.id) }
        items += ops.map { known[$0.id] ?? Item(op: $0) }
    }

    /// Takes a refusal in. `patience`: how long an unknown target is waited for; nil when it will not come.
    mutating func refused(
        _ op: WorkoutOp, _ refusal: Refusal, now: ContinuousClock.Instant, backoff: Duration, patience: Duration?
    ) -> Consequence {
        let isGate = refusal.code.isTemporary && refusal.code != .outOfOrder
        if isGate { awaited = op.id } else if awaited == op.id, refusal.code != .outOfOrder { awaited = nil }
        // The gate waits for an op that was given up since, and will never come.
        guard let index = index(of: op.id) else { return isGate ? .reconnect : .retry }
        // The answer to the body that a correction has replaced; only the gate is of interest.
        let isStale = items[index].op != op
        guard refusal.code.isTemporary else {
            if isStale { return .retry }
            // Answered before what it builds on goes out again, corrected: behind that it goes again.
            if refusal.code == .dependsOnRefused, waitsForMaker(index) {
                items[index].phase = .waiting
                return .retry
            }
            return lose(index, refusal)
        }
        if !isStale { items[index].phase = .waiting }
        let hint = refusal.retryAfterMilliseconds.map { Duration.milliseconds(max(0, $0)) } ?? .zero
        let until = now + max(hint, isGate ? backoff : .zero)
        heldUntil = max(heldUntil ?? until, until)
        guard isGate else { return .retry }
        items[index].refusals += 1
        if refusal.code == .unknownTarget, !isStale {
            guard let patience else {
                return lose(index, Refusal(.dependsOnRefused, "an op that this one builds on was refused"))
            }
            let targets: [UUIDv7?] = op.action.targets
            let missing = targets.isEmpty ? [nil] : targets
            for target in missing where unknownSince[target] == nil { unknownSince[target] = now }
            let since = missing.compactMap { unknownSince[$0] }.min() ?? now
            if since.duration(to: now) >= patience { return lose(index, refusal) }
        }
        return isBehindGate ? .reconnect : .retry
    }

    /// Whether what an op builds on is yet to be made by one before it.
    private func waitsForMaker(_ index: Int) -> Bool {
        items[..<index].contains { item in
            !item.isApplied && OpTargets(madeBy: item.op.action).contains(targetOf: items[index].op.action)
        }
    }

    /// How often the op was refused temporarily.
    func refusals(of id: OpID) -> Int { index(of: id).map { items[$0].refusals } ?? 0 }

    private func index(of id: OpID) -> Int? { items.firstIndex { $0.op.id == id } }

    private mutating func takeDurable() -> [OpID] {
        let watermark = durable
        let done = items.filter { item in
            guard case .applied(let epoch, let seq) = item.phase else { return false }
            return epoch == watermark.epoch && seq <= watermark.seq
        }
        guard !done.isEmpty else { return [] }
        let ids = Set(done.map(\.op.id))
        items.removeAll { ids.contains($0.op.id) }
        return done.map(\.op.id)
    }

    /// Takes out an op that is refused for good: corrected where the athlete has done that, else with what builds on it.
    private mutating func lose(_ index: Int, _ refusal: Refusal) -> Consequence {
        let lost = items.remove(at: index).op
        var losses = Losses()
        if refusal.code == .invalid || refusal.code == .badRequest, let correction = correction(of: lost, behind: index)
        {
            let gone = Set(correction.merged + [correction.op.id])
            items.removeAll { gone.contains($0.op.id) }
            items.insert(Item(op: correction.op), at: index)
            losses.correction = correction
        } else {
            losses.refused =
                [RefusedItem(op: lost, refusal: refusal)] + loseDependents(of: lost, behind: index, refusal)
        }
        let isAwaited = awaited.map { self.index(of: $0) == nil } ?? false
        return .lost(losses, reconnects: isAwaited)
    }

    private func correction(of lost: WorkoutOp, behind index: Int) -> Correction? {
        let made = OpTargets(madeBy: lost.action)
        let behind = items[index...].map(\.op)
        // What the athlete took back needs no correction.
        guard !behind.contains(where: { $0.action.takesBack(made) }) else { return nil }
        var action = lost.action
        var corrections: [WorkoutOp] = []
        for op in behind.sorted(by: { $0.at < $1.at }) {
            guard let corrected = action.corrected(by: op.action) else { continue }
            action = corrected
            corrections.append(op)
        }
        guard let last = corrections.popLast(), action.isWithinBounds else { return nil }
        return Correction(
            lost: lost, op: WorkoutOp(id: last.id, at: lost.at, action: action), merged: corrections.map(\.id))
    }

    /// Takes out what builds, from `index` on, on what a refused op was to make.
    private mutating func loseDependents(of lost: WorkoutOp, behind index: Int, _ refusal: Refusal) -> [RefusedItem] {
        var missing = OpTargets(madeBy: lost.action)
        guard refusal.code.leavesMissing(missing) else { return [] }
        let reason = Refusal(.dependsOnRefused, "an op that this one builds on was refused: \(refusal.message)")
        var kept = Array(items[..<index])
        var removed: [RefusedItem] = []
        for item in items[index...] {
            let made = OpTargets(madeBy: item.op.action)
            if missing.contains(targetOf: item.op.action) {
                removed.append(RefusedItem(op: item.op, refusal: reason))
                missing.formUnion(made)
            } else {
                kept.append(item)
                missing.subtract(made)
            }
        }
        items = kept
        return removed
    }
}

extension Refusal.Code {
    /// Whether what a refused op was to make is missing now; it is not where another op has made it.
    func leavesMissing(_ made: OpTargets) -> Bool {
        switch self {
        case .idTaken: made.isWorkout
        case .opIdReused, .invalidState, .deleted: false
        default: !made.isEmpty
        }
    }
}
