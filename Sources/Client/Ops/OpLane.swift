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
        var firstUnknown: ContinuousClock.Instant?
    }

    /// What a refusal means for the lane.
    enum Consequence: Sendable, Hashable {
        /// Send again from the refused op, when the lane says so.
        case retry
        /// The server waits for an op that cannot come first on this connection: start a new one.
        case reconnect
        /// These ops are refused for good.
        case refused([RefusedItem])
        /// As `refused`, and the server's block on the op ends only with the connection.
        case refusedAndReconnect([RefusedItem])
    }

    struct RefusedItem: Sendable, Hashable {
        let op: WorkoutOp
        let refusal: Refusal
    }

    private(set) var items: [Item] = []
    /// The room's epoch as far as heard.
    private(set) var epoch: Int64 = 0
    private var durable: (epoch: Int64, seq: Int64) = (0, 0)
    /// After a temporary refusal: nothing is sent until all answers are in and this time has come.
    private(set) var heldUntil: ContinuousClock.Instant?

    var inFlight: Int { items.count { $0.phase == .sent } }
    var isEmpty: Bool { items.isEmpty }

    mutating func append(_ op: WorkoutOp) {
        guard !items.contains(where: { $0.op.id == op.id }) else { return }
        items.append(Item(op: op))
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
        guard let index = index(of: id) else { return [] }
        if isDurable {
            items.remove(at: index)
            return [id]
        }
        items[index].refusals = 0
        items[index].firstUnknown = nil
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
    }

    /// Takes an op out; for one that the server could not store although it had applied it.
    mutating func remove(_ id: OpID, _ refusal: Refusal) -> [RefusedItem] {
        guard let index = index(of: id) else { return [] }
        return removeWithDependents(index, refusal)
    }

    /// Takes a refusal in. `patience`: how long an unknown target is waited for.
    mutating func refused(
        _ id: OpID, _ refusal: Refusal, now: ContinuousClock.Instant, backoff: Duration, patience: Duration
    ) -> Consequence {
        guard let index = index(of: id) else { return .retry }
        guard refusal.code.isTemporary else { return .refused(removeWithDependents(index, refusal)) }
        items[index].phase = .waiting
        let hint = refusal.retryAfterMilliseconds.map { Duration.milliseconds(max(0, $0)) } ?? .zero
        let until = now + max(hint, refusal.code == .outOfOrder ? .zero : backoff)
        heldUntil = max(heldUntil ?? until, until)
        guard refusal.code != .outOfOrder else { return .retry }
        items[index].refusals += 1
        if refusal.code == .unknownTarget {
            let since = items[index].firstUnknown ?? now
            items[index].firstUnknown = since
            if since.duration(to: now) >= patience { return .refusedAndReconnect(removeWithDependents(index, refusal)) }
        }
        // The server now wants this op first. An earlier one that has to go again would be refused behind it for ever.
        return items[..<index].contains { $0.phase == .waiting } ? .reconnect : .retry
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

    /// Removes a refused op and those behind it that build on what it would have made.
    private mutating func removeWithDependents(_ index: Int, _ refusal: Refusal) -> [RefusedItem] {
        let first = items.remove(at: index)
        var removed = [RefusedItem(op: first.op, refusal: refusal)]
        var missing = OpTargets(madeBy: first.op.action)
        guard !missing.isEmpty else { return removed }
        let reason = Refusal(.unknownTarget, "an op that this one builds on was refused: \(refusal.message)")
        var kept: [Item] = Array(items[..<index])
        for item in items[index...] {
            guard missing.contains(targetOf: item.op.action) else {
                kept.append(item)
                continue
            }
            removed.append(RefusedItem(op: item.op, refusal: reason))
            missing.formUnion(OpTargets(madeBy: item.op.action))
        }
        items = kept
        return removed
    }
}
