import NIOCore
import Synchronization

/// When a connection's client last said something by itself; written on its event loop, read by those who need room.
final class LastHeard: Sendable {
    private let nanoseconds = Atomic<UInt64>(NIODeadline.now().uptimeNanoseconds)

    /// Of the monotonic clock.
    var time: UInt64 { nanoseconds.load(ordering: .relaxed) }

    func now() { nanoseconds.store(NIODeadline.now().uptimeNanoseconds, ordering: .relaxed) }
}
