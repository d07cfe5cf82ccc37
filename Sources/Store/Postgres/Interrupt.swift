import CLinux
import Glibc
import Synchronization

/// Wakes a connection's thread out of `poll` to tell it that the task that holds a lease was cancelled.
///
/// A request names its lease: one that comes late finds another lease number and does nothing.
final class Interrupt: Sendable {
    let descriptor: Int32
    private let requested = Atomic<UInt64>(0)
    private let abandoned = Atomic<Bool>(false)

    init() throws(StoreError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard descriptor >= 0 else { throw .unavailable("no file descriptor is left") }
    }

    deinit { close(descriptor) }

    /// Asks the holder of `lease` to stop; safe from any thread.
    func request(lease: UInt64) {
        requested.store(lease, ordering: .releasing)
        wake()
    }

    /// Wakes the thread without asking for anything.
    func wake() {
        var one: UInt64 = 1
        // A full counter has woken the thread already.
        _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    /// Asks whoever uses the connection, now or later, to come to an end.
    func abandon() {
        abandoned.store(true, ordering: .releasing)
        wake()
    }

    /// Whether nothing may be waited for any more.
    var isAbandoned: Bool { abandoned.load(ordering: .acquiring) }

    /// Whether the task that holds `lease` was cancelled; never for 0, which is no lease.
    func isRequested(lease: UInt64) -> Bool {
        lease != 0 && requested.load(ordering: .acquiring) == lease
    }

    /// Makes `descriptor` unreadable again.
    func clear() {
        var count: UInt64 = 0
        // Nothing to read is what we want.
        _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    }
}
