@testable import Realtime

extension WorkoutRoom {
    /// Opens a new epoch, as when another one was found in Postgres.
    func restart() async {
        phase = .stopped
        await recover()
    }
}
