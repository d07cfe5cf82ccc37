import CoreMetrics
import DequeModule
import Logging
import NIOCore
import Protocol
import Store

/// Starting again under a new epoch: after an op that Postgres refused, or when another epoch holds the history.
extension WorkoutRoom {
    /// An op that Postgres refused.
    struct Rejection: Sendable {
        let entry: JournalEntry
        let reason: String
        /// It is among the dead letters.
        var isKept = false
    }

    /// Takes no more ops until the room was recovered: nothing behind this entry can be stored under its epoch.
    nonisolated func stop(at entry: JournalEntry, refusal error: StoreError?) {
        perform { room in
            guard room.phase == .open, entry.event.epoch == room.history.epoch else {
                // That history has ended already.
                return room.context.writeBehind.replace(
                    WorkoutJournal.HistoryKey(entry.workout, entry.event.epoch), with: [])
            }
            room.phase = .stopped
            room.rejection = error.map { Rejection(entry: entry, reason: "\($0)") }
            room.context.metrics.reloads.increment()
            room.startRecovery()
        }
    }

    /// Recovers a stopped room in the background; called again by the rooms' sweep, since the background may be full.
    func startRecovery() {
        guard phase == .stopped, !isRecovering else { return }
        isRecovering = context.background.start { await self.recover() }
    }

    /// Opens a new epoch from what is stored, as often as it takes, and applies the undurable ops again, in order.
    nonisolated func recover() async {
        var backOff = BackOff()
        while !Task.isCancelled, !context.writeBehind.isAbandoned {
            do throws(Refusal) {
                try await keepRejection()
                return await goOn(from: try await context.loader.open(id, creator: athlete.userId))
            } catch {
                if error.code == .noSuchRoom { return await giveUp() }
                context.logger.warning(
                    "a room waits to be opened again", metadata: ["workout.id": "\(id)", "error": "\(error.message)"])
            }
            // Cancellation ends the pause and the loop.
            try? await Task.sleep(for: backOff.next())
        }
        await endRecovery()
    }

    private func endRecovery() { isRecovering = false }

    /// Keeps the refused op before anything behind it can be stored.
    private func keepRejection() async throws(Refusal) {
        guard let rejection, !rejection.isKept else { return }
        let letter = DeadLetters.NewLetter(rejection.entry, reason: rejection.reason)
        do { try await context.deadLetters.insert(letter) } catch {
            throw Refusal(.unavailable, "a dead letter waits for storage: \(error)")
        }
        self.rejection?.isKept = true
    }

    private func goOn(from loaded: LoadedWorkout) {
        isRecovering = false
        guard phase == .stopped else { return }
        let ended = WorkoutJournal.HistoryKey(id, history.epoch)
        let pending = history.undurable
        history = loaded.history
        encodedState = nil
        // The privacy stays: its changes reach a stopped room too, and what was read may be older.
        baseline = loaded.baseline
        bodyWeightGrams = loaded.bodyWeightGrams
        rejectedOps.formUnion(loaded.rejected)
        countMemory()
        phase = .open
        var entries: [(item: JournalEntry, bytes: Int)] = []
        var rejected: [(op: OpID, message: String)] = []
        for (kept, receivedAt) in pending {
            do throws(Refusal) {
                guard let entry = try applyAgain(kept, receivedAt) else { continue }
                entries.append((entry, entry.bytes))
            } catch {
                rejected.append((kept.op.id, error.message))
            }
        }
        rejection = nil
        context.writeBehind.replace(ended, with: entries)
        for waiter in durableWaiters { waiter.giveUp() }
        durableWaiters = []
        // The surviving history may be another one: who may not see it any more is out before it is told.
        reviewWatchers()
        announceToFriends()
        tellReset(rejected)
    }

    /// Applies an op that was taken under an older epoch, as of when it came; nobody is told, since all get a new state.
    ///
    /// - Returns: nil when it was stored after all.
    private func applyAgain(_ kept: KeptOp, _ receivedAt: Timestamp) throws(Refusal) -> JournalEntry? {
        let op = kept.op
        guard history.ops[op.id] == nil else { return nil }
        let made = OpTargets(madeBy: op.action)
        if op.id == rejection?.entry.event.opId {
            rejectedOps.insert(op.id)
            throw refusing(Refusal(.rejected, "the op could not be stored"), made)
        }
        do throws(Refusal) {
            let rules = ruleContext(for: op, at: receivedAt, isAutomatic: kept.isAutomatic)
            return try entry(of: op, rules, fingerprint: op.fingerprint)
        } catch {
            throw refusing(error.code == .unknownTarget ? .dependsOnRefused : error, made)
        }
    }

    private func tellReset(_ rejected: [(op: OpID, message: String)]) {
        // First: by the new epoch the athlete's devices know to send again what is not durable, and these are to be left out.
        for (op, message) in rejected {
            athleteOutbox.offer(encoded(.rejected(room: name, opId: op, message: message)))
        }
        athleteOutbox.offer(encoded(.reset(room: name, snapshot(forWatchers: false))), to: .followers)
        watcherOutbox.offer(encoded(.reset(room: name, snapshot(forWatchers: true))))
        // Who only sends ops gets no reset, and may wait for what the old epoch stored without a word.
        athleteOutbox.offer(encoded(.durable(room: name, epoch: history.epoch, seq: history.durable)))
    }

    /// The workout is gone, with its athlete.
    private func giveUp() {
        isRecovering = false
        guard phase == .stopped else { return }
        phase = .unloaded
        context.writeBehind.replace(WorkoutJournal.HistoryKey(id, history.epoch), with: [])
        for waiter in durableWaiters { waiter.giveUp() }
        durableWaiters = []
        endForEveryone()
        forgetContents()
    }

    /// Unloads the room if nobody has anything to do with it.
    ///
    /// - Returns: whether it is unloaded.
    func unloadIfIdle(after limit: Duration) -> Bool {
        guard links.isEmpty, let spareSince, context.clock.now - spareSince >= limit else { return phase == .unloaded }
        unload()
        return true
    }

    /// Unloads the room if it can be done without, for the space it takes.
    ///
    /// - Returns: whether it is unloaded.
    func unloadIfSpare() -> Bool {
        guard spareSince != nil else { return phase == .unloaded }
        unload()
        return true
    }

    /// When the room was used last; nil while somebody needs it: who follows it, has just used it, or waits for `durable`.
    ///
    /// An athlete's connection that does not follow needs it for its next op only, which opens it again.
    var spareSince: Timestamp? {
        guard phase == .open, history.undurable.isEmpty, durableWaiters.isEmpty, unstoredDecisions == 0
        else { return nil }
        guard !links.isEmpty else { return lastUse }
        let isFollowed = links.values.contains { !$0.isAthlete || $0.isSubscribed }
        return isFollowed || context.clock.now - lastUse < context.configuration.linkGrace ? nil : lastUse
    }

    private func unload() {
        phase = .unloaded
        for link in links.values {
            let connection = link.connection
            athleteOutbox.remove(connection)
            connection.eventLoop.execute { (connection.session as? LiveSession)?.forget(self) }
        }
        links = [:]
        forgetContents()
    }

    /// What an unloaded room held is read again when it is opened.
    private func forgetContents() {
        history = RoomHistory(epoch: history.epoch, ringLimit: 0)
        encodedState = nil
        ownExercises = nil
        countMemory()
    }
}
