// Where the compiler finds `timespec` beside Foundation.
import CDispatch
import Foundation

/// The time that one thread has had of a processor.
package struct ThreadClock: Sendable {
    private let id: clockid_t

    /// The calling thread's; to be read while that thread lives.
    package static var current: ThreadClock {
        var id = clockid_t()
        // Fails only for a thread that has ended.
        pthread_getcpuclockid(pthread_self(), &id)
        return ThreadClock(id: id)
    }

    package var milliseconds: Int {
        var time = timespec()
        clock_gettime(id, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}
