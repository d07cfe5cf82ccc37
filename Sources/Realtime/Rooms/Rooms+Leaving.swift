import Protocol
import Store

// When an athlete's account goes.
extension Rooms {
    /// Completes the workouts that the athlete has open, at this moment; answers when that is durable.
    ///
    /// - Throws: the refusal of a room that cannot do it now; the call may be repeated.
    package func completeOpenWorkouts(of athlete: UserID) async throws {
        let stored = try await context.loader.pool.query(
            "select id from workouts where user_id = \(athlete) and status in ('active', 'paused')", as: WorkoutID.self)
        var open = Set(stored)
        for room in openRooms(of: athlete) {
            if await room.history.state.status.isOpen { open.insert(room.id) }
        }
        for workout in open.sorted() {
            let time = context.clock.now
            let op = WorkoutOp(id: .make(at: time), at: time, action: .complete(rpeTenths: nil))
            do throws(Refusal) {
                _ = try await submit(op, to: workout, by: athlete)
            } catch {
                // Somebody was faster: it has ended.
                if error.code != .invalidState, error.code != .deleted { throw error }
            }
        }
    }
}
