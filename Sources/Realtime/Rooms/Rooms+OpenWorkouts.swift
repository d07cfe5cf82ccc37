import Logging
import Protocol
import Store

extension Rooms {
    /// Lets friends know of the workouts that run, as they are stored: after a start, and of those that have no room here.
    ///
    /// A room in memory is ahead of storage and tells by itself.
    func announceOpenWorkouts() async {
        let known = context.presences.running
        do {
            let changes = consentChanges
            let stored = try await context.loader.running()
            let preferences = try await people.preferences(Array(stored.keys))
            // Who changed it while it was read is read again with the next round; rooms and routes have told by themselves.
            guard changes == consentChanges else { return }
            for (athlete, workouts) in stored {
                for (workout, running) in workouts where !isInMemory(workout) {
                    context.presences.setRunning(
                        workout, of: athlete, running, preference: preferences[athlete] ?? .private)
                }
            }
            for (athlete, workouts) in known {
                for workout in workouts where stored[athlete]?[workout] == nil && !isInMemory(workout) {
                    context.presences.setRunning(workout, of: athlete, nil, preference: nil)
                }
            }
        } catch {
            context.logger.warning("running workouts could not be announced", metadata: ["error": "\(error)"])
        }
    }

    /// Completes active workouts without ops for too long, at their last op's time.
    func completeIdleWorkouts() async {
        let period = context.configuration.completeAfter
        // Hours that a clock was put forward are no hours in which nobody lifted.
        let limit = context.clock.now - period - context.clock.steppedForward(within: period)
        do {
            let idle = try await context.loader.pool.query(
                """
                select id, user_id, last_at from workouts
                where status in ('active', 'paused') and updated_at < \(limit) and last_at < \(limit) limit 1000
                """, as: (UUIDv7, UUIDv7, Timestamp).self)
            for (workout, athlete, lastAt) in idle {
                let op = WorkoutOp(id: .make(at: context.clock.now), at: lastAt, action: .complete(rpeTenths: nil))
                do throws(Refusal) {
                    _ = try await apply(op, to: workout, by: athlete, isAutomatic: true)
                } catch {
                    context.logger.warning(
                        "an idle workout was not completed",
                        metadata: ["workout.id": "\(workout)", "error": "\(error.message)"])
                }
            }
        } catch {
            context.logger.warning("idle workouts could not be looked up", metadata: ["error": "\(error)"])
        }
    }
}
