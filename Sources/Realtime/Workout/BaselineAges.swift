import Protocol
import Synchronization

/// Which rooms in memory hold record baselines that the athlete's other workouts have overtaken since they were read.
package final class BaselineAges: Sendable {
    private struct State {
        /// Whether each room's baseline is old, by athlete.
        var ages: [UserID: [WorkoutID: Bool]] = [:]
        var athletes: [WorkoutID: UserID] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// The workout's baseline is about to be read: what is stored from now on makes it old.
    func willRead(_ workout: WorkoutID, of athlete: UserID) {
        state.withLock { state in
            state.ages[athlete, default: [:]][workout] = false
            state.athletes[workout] = athlete
        }
    }

    /// A change of a workout is stored: the athlete's other rooms have old baselines; all of them if none is named.
    func overtake(by workout: WorkoutID? = nil, of athlete: UserID) {
        state.withLock { state in
            for other in (state.ages[athlete] ?? [:]).keys where other != workout { state.ages[athlete]?[other] = true }
        }
    }

    func isOld(_ workout: WorkoutID) -> Bool {
        state.withLock { state in state.athletes[workout].flatMap { state.ages[$0]?[workout] } ?? false }
    }

    /// The workout's room is not in memory any more.
    func forget(_ workout: WorkoutID) {
        state.withLock { state in
            guard let athlete = state.athletes.removeValue(forKey: workout) else { return }
            state.ages[athlete]?[workout] = nil
            if state.ages[athlete]?.isEmpty ?? false { state.ages[athlete] = nil }
        }
    }
}
