import CoreMetrics
import Logging
import Protocol
import Store

/// Starting again under a new epoch: after an op that Postgres refused, or when another epoch holds the history.
extension WorkoutRoom {
    /// Opens a new epoch from what is stored and applies the undurable ops again, in order.
    ///
    /// - Parameters:
    ///   - epoch: the epoch in which the cause arose; a later one has dealt with it already.
    ///   - poison: an op that must not be applied again.
    nonisolated func reload(epoch: Int64, without poison: OpID?) async {
        guard let pending = await beginReload(epoch: epoch) else { return }
        var backOff = BackOff()
        while true {
            do throws(Refusal) {
                let loaded = try await context.loader.open(id, creator: athlete.userId)
                return await finishReload(loaded, pending, without: poison)
            } catch {
                context.logger.warning(
                    "a room waits to be opened again", metadata: ["workout.id": "\(id)", "error": "\(error.message)"])
            }
            do { try await Task.sleep(for: backOff.next()) } catch { return }
        }
    }

    private func beginReload(epoch: Int64) -> [WorkoutOp]? {
        guard phase == .open, epoch == history.epoch else { return nil }
        phase = .reloading
        context.metrics.reloads.increment()
        for waiter in durableWaiters { waiter.giveUp() }
        durableWaiters = []
        return Array(history.undurable)
    }

    private func finishReload(_ loaded: LoadedWorkout, _ pending: [WorkoutOp], without poison: OpID?) {
        history = loaded.history
        countMemory()
        privacy = loaded.privacy
        baseline = loaded.baseline
        bodyWeightGrams = loaded.bodyWeightGrams
        phase = .open
        var rejected: [(OpID, String)] = []
        isReapplying = true
        for op in pending {
            if op.id == poison {
                rejected.append((op.id, "the op could not be stored"))
                continue
            }
            do throws(Refusal) { _ = try submit(op) } catch { rejected.append((op.id, error.message)) }
        }
        isReapplying = false
        // The surviving history may be another one: who may not see it any more is out before it is told.
        reviewWatchers()
        announceToFriends()
        let own = encoded(.reset(room: name, snapshot(forWatchers: false)))
        let watched = encoded(.reset(room: name, snapshot(forWatchers: true)))
        ownOutbox.offer(own)
        watcherOutbox.offer(watched)
        for (op, message) in rejected {
            durableOutbox.offer(encoded(.rejected(room: name, opId: op, message: message)))
        }
    }

    /// Unloads the room if nobody needs it.
    ///
    /// - Returns: whether it is unloaded.
    func unloadIfIdle(after limit: Duration) -> Bool {
        guard isIdle, context.clock.now - lastUse >= limit else { return phase == .unloaded }
        phase = .unloaded
        countMemory()
        return true
    }

    /// Whether nobody needs the room now.
    private var isIdle: Bool {
        phase == .open && links.isEmpty && history.undurable.isEmpty && durableWaiters.isEmpty
    }

    /// When the room was used last; nil while somebody needs it.
    var idleSince: Timestamp? { isIdle ? lastUse : nil }
}
