import Logging
import Protocol
import Store

extension Rooms {
    /// Lets friends know of the workouts that run, after a start.
    func announceOpenWorkouts() async {
        do {
            let open = try await context.loader.pool.query(
                "select user_id, id, visibility, is_closed from workouts where status in ('active', 'paused')",
                as: (UUIDv7, UUIDv7, String?, Bool).self)
            for (athlete, workout, visibility, isClosed) in open {
                let privacy = try await people.privacy(athlete)
                let audience = min(privacy.live, visibility.flatMap(Audience.init) ?? .public)
                guard !isClosed, audience != .private else { continue }
                context.presences.setLive(athlete, workout: workout, isLive: true)
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
