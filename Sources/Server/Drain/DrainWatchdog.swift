import Foundation
import Glibc
import Logging
import Realtime
import Synchronization

/// Sees to it that a drain is over in time, whatever hangs: stops statements shortly before the end, and ends the process
/// at it.
///
/// It has a thread of its own, which nothing that hangs can hold up.
final class DrainWatchdog: Sendable {
    let deadline: DrainDeadline
    private let endsProcess: Bool
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var hasBegun = false
        /// Whether everything that was acknowledged is in Postgres or on disk.
        var isKept = false
        var abandonStatements: @Sendable () -> Void = {}
    }

    /// - Parameter endsProcess: false where other things live in the process, as in tests.
    init(within limit: Duration, endsProcess: Bool, logger: Logger) {
        deadline = DrainDeadline(within: limit)
        self.endsProcess = endsProcess
        self.logger = logger
    }

    /// What stops every statement under way; a COMMIT that was sent may go on.
    func whenLate(_ abandonStatements: @escaping @Sendable () -> Void) {
        state.withLock { $0.abandonStatements = abandonStatements }
    }

    /// Notes that nothing acknowledged can be lost any more.
    func noteKept() { state.withLock { $0.isKept = true } }

    /// Begins the drain's time, unless it runs.
    func begin() {
        let isFirst = state.withLock { state in
            defer { state.hasBegun = true }
            return !state.hasBegun
        }
        guard isFirst else { return }
        deadline.begin()
        Foundation.Thread.detachNewThread { self.watch() }
    }

    private func watch() {
        while ContinuousClock.now < deadline.last { usleep(20_000) }
        state.withLock { $0.abandonStatements }()
        while ContinuousClock.now < deadline.over { usleep(5_000) }
        guard endsProcess else { return }
        let isKept = state.withLock { $0.isKept }
        if isKept {
            logger.warning("the drain's time is over; the process ends, all that was acknowledged is kept")
        } else {
            logger.critical("the drain's time is over; ops that were acknowledged are kept nowhere")
        }
        _exit(isKept ? EXIT_SUCCESS : EXIT_FAILURE)
    }
}
