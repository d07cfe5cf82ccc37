@testable import Realtime

extension WorkoutRoom {
    /// Opens a new epoch, as when another one was found in Postgres.
    func restart() async {
        phase = .stopped
        // The rooms' sweep would open yet another one beside this.
        isRecovering = true
        await recover()
    }
}
