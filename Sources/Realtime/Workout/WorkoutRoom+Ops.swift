import Metrics
import Protocol
import Store

/// How an op was answered.
package struct OpAnswer: Sendable, Hashable {
    package let epoch: Int64
    package let seq: Int64
    /// The op was known already; this is its first answer.
    package let isRepeat: Bool
    package let isDurable: Bool
}

extension WorkoutRoom {
    /// Set aside for an op before it is applied; more than its event occupies.
    ///
    /// An event with its rows takes at most 8 KiB and a row for each of 100 exercises; removing an exercise has a row for
    /// each of its sets as well.
    private func reservedBytes(for action: WorkoutAction) -> Int {
        let usual = 32 * 1024
        guard case .removeEntry(let id) = action, let place = history.state.position(ofEntry: id) else { return usual }
        return usual + JournalEntry.rowBytes * history.state.entries[place].sets.count
    }

    /// Applies an op of the athlete, or answers a repeat with its first answer.
    ///
    /// - Parameters:
    ///   - isAutomatic: made by the server.
    ///   - isRetry: somebody has dealt with why Postgres refused the op.
    /// - Throws: the refusal; nothing changed.
    package func submit(
        _ op: WorkoutOp, isAutomatic: Bool = false, isRetry: Bool = false
    ) throws(Refusal) -> OpAnswer {
        lastUse = context.clock.now
        countForAthlete()
        let made = OpTargets(madeBy: op.action)
        do throws(Refusal) {
            let answer = try apply(op, isAutomatic: isAutomatic, isRetry: isRetry)
            refusedIDs.lift(made)
            return answer
        } catch {
            context.metrics.refused.increment()
            let dependsOnRefused = error.code == .unknownTarget && refusedIDs.block(op.action)
            throw refusing(dependsOnRefused ? .dependsOnRefused : error, made)
        }
    }

    /// Remembers what an op would have made, when it is refused for good.
    func refusing(_ refusal: Refusal, _ made: OpTargets) -> Refusal {
        if !refusal.code.isTemporary, !made.isEmpty { rememberRefused(made) }
        return refusal
    }

    /// Remembers what is not there; what is, by another op, is none the worse.
    func rememberRefused(_ made: OpTargets) {
        let state = history.state
        let missing = made.ids.filter { state.position(ofEntry: $0) == nil && state.position(ofSet: $0) == nil }
        refusedIDs.remember(OpTargets(isWorkout: made.isWorkout && !history.isKnown, ids: missing))
        countMemory()
    }

    private func apply(_ op: WorkoutOp, isAutomatic: Bool, isRetry: Bool) throws(Refusal) -> OpAnswer {
        guard phase == .open else {
            throw Refusal(.unavailable, "the room is being opened", retryAfterMilliseconds: 100)
        }
        let fingerprint = op.fingerprint
        if let known = history.ops[op.id], known.fingerprint != fingerprint {
            throw Refusal(.opIdReused, "another body came under this opId")
        }
        if let answer = firstAnswer(to: op.id) { return answer }
        if rejectedOps.contains(op.id), !isRetry { throw Refusal(.rejected, "the op could not be stored") }
        if context.configuration.isShortOfMemory() { throw .memoryShort }
        if share.isOverdrawn, !isAutomatic { throw .shareFull }
        let reserved = reservedBytes(for: op.action)
        guard context.writeBehind.reserve(reserved) else {
            if context.writeBehind.isFinished {
                throw Refusal(.draining, "this node is going away", retryAfterMilliseconds: 1000)
            }
            throw Refusal(.busy, "too much waits to be stored", retryAfterMilliseconds: 1000)
        }
        let event: WorkoutEvent
        do throws(Refusal) {
            event = try apply(op, fingerprint: fingerprint, within: reserved, isAutomatic: isAutomatic)
        } catch {
            context.writeBehind.release(reserved)
            throw error
        }
        context.metrics.applied.increment()
        return OpAnswer(epoch: event.epoch, seq: event.seq, isRepeat: false, isDurable: false)
    }

    /// What an op that is known was answered first, whatever its body was; nil for one that is not.
    func firstAnswer(to id: OpID) -> OpAnswer? {
        guard let known = history.ops[id] else { return nil }
        context.metrics.repeated.increment()
        return OpAnswer(epoch: known.epoch, seq: known.seq, isRepeat: true, isDurable: known.seq <= history.durable)
    }

    private func apply(
        _ op: WorkoutOp, fingerprint: UInt64, within reserved: Int, isAutomatic: Bool
    ) throws(Refusal) -> WorkoutEvent {
        let statusBefore = history.state.status
        let audienceBefore = audience
        let rules = ruleContext(for: op, at: context.clock.now, isAutomatic: isAutomatic)
        let entry = try entry(of: op, rules, fingerprint: fingerprint)
        context.writeBehind.append(entry, bytes: entry.bytes, reserved: reserved)
        countMemory()
        publish(entry.event, entry.json)
        if history.state.status == .deleted { endForEveryone() }
        if audience < audienceBefore { reviewWatchers() }
        if history.state.status != statusBefore || audience != audienceBefore { announceToFriends() }
        return entry.event
    }

    /// Takes an op into the history.
    func entry(of op: WorkoutOp, _ rules: RuleContext, fingerprint: UInt64) throws(Refusal) -> JournalEntry {
        let (event, json) = try history.apply(op, fingerprint: fingerprint, context: rules)
        encodedState = nil
        return JournalEntry(room: self, op: op, event: event, json: json, fingerprint: fingerprint, in: history.state)
    }

    /// What the rules need to know for an op that came at `now`.
    func ruleContext(for op: WorkoutOp, at now: Timestamp, isAutomatic: Bool) -> RuleContext {
        var rules = RuleContext(
            epoch: history.epoch, lastSeq: history.seq, now: max(now, history.lastReceivedAt),
            exercise: exercise(of: op.action), bodyWeightGrams: bodyWeightGrams, baseline: baseline)
        rules.isAutomatic = isAutomatic
        rules.vanishedSets = history.vanishedSets
        rules.pauseChangedAt = history.pauseChangedAt
        return rules
    }

    private func exercise(of action: WorkoutAction) -> ExerciseFacts? {
        guard case .addEntry(let details) = action, let id = details.exerciseId else { return nil }
        return context.catalog[id] ?? ownExercises?[id]
    }

    /// Takes over the athlete's body weight; entries that were added before keep theirs.
    func weigh(_ grams: Int64?) { bodyWeightGrams = grams }

    /// Takes over the athlete's bests outside this workout.
    func compare(with baseline: RecordBaseline) {
        self.baseline = baseline
        countMemory()
    }

    /// Sends an event to everyone who follows; what differs for watchers is encoded for them.
    private func publish(_ event: WorkoutEvent, _ json: [UInt8]) {
        let hasOwn = athleteOutbox.followers > 0
        let hasWatchers = watcherOutbox.count > 0
        guard hasOwn || hasWatchers else { return }
        let frame = encoded(.event(room: name, EncodedEvent(seq: event.seq, json: json)))
        if hasOwn { athleteOutbox.offer(frame, to: .followers) }
        guard hasWatchers else { return }
        let watched = event.forWatchers(in: history.state)
        watcherOutbox.offer(watched == event ? frame : encoded(.event(room: name, EncodedEvent(watched))))
    }

    nonisolated func encoded(_ frame: ServerFrame) -> EncodedFrame { EncodedFrame.text(frame.json) }

    /// Called by the journal after it committed everything up to `entry`.
    nonisolated func becameDurable(upTo entry: JournalEntry) {
        perform { $0.settle(entry) }
    }

    private func settle(_ entry: JournalEntry) {
        let (epoch, seq) = (entry.event.epoch, entry.event.seq)
        guard epoch == history.epoch, seq > history.durable else { return }
        history.becameDurable(seq)
        countMemory()
        context.loader.ages.overtake(by: id, of: athlete.userId)
        context.metrics.durableLag.record(duration: entry.appliedAt.duration(to: .now))
        if athleteOutbox.count > 0 { athleteOutbox.offer(encoded(.durable(room: name, epoch: epoch, seq: seq))) }
        let waiters = durableWaiters
        durableWaiters = waiters.filter { !$0.settle(epoch: epoch, durable: seq) }
    }

    /// Waits until the event is durable.
    ///
    /// - Returns: false when that took longer than `limit`, or when the event was lost under an older epoch.
    package func waitUntilDurable(_ answer: OpAnswer, limit: Duration) async -> Bool {
        // A seq that was lost with its epoch is given again: it may be durable and be another op's.
        guard history.holds(epoch: answer.epoch, seq: answer.seq) else { return false }
        if history.durable >= answer.seq { return true }
        return await withCheckedContinuation { continuation in
            let waiter = DurableWaiter(epoch: answer.epoch, seq: answer.seq, continuation)
            durableWaiters.append(waiter)
            perform(in: limit) { room in
                waiter.giveUp()
                room.durableWaiters.removeAll { $0 === waiter }
            }
        }
    }
}

/// Somebody who waits for an event to be durable; confined to its room.
final class DurableWaiter: @unchecked Sendable {
    // Sendable because only the room's isolation touches it; the timeout's closure merely carries the reference there.
    private let epoch: Int64
    private let seq: Int64
    private var continuation: CheckedContinuation<Bool, Never>?

    init(epoch: Int64, seq: Int64, _ continuation: CheckedContinuation<Bool, Never>) {
        self.epoch = epoch
        self.seq = seq
        self.continuation = continuation
    }

    /// - Returns: whether it waits no longer.
    func settle(epoch: Int64, durable: Int64) -> Bool {
        guard epoch == self.epoch else {
            giveUp()
            return true
        }
        guard durable >= seq else { return false }
        finish(true)
        return true
    }

    func giveUp() { finish(false) }

    private func finish(_ isDurable: Bool) {
        continuation?.resume(returning: isDurable)
        continuation = nil
    }
}
