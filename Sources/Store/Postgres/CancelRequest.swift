import CLibpq
import CLinux
import Glibc

/// Asks the server, from a thread of its own, to stop what a connection is running.
///
/// `PQcancel` blocks without a bound when the server's machine hangs; on its own thread it can be given up.
/// `descriptor` becomes readable when the request is over: until then the connection must not run another statement,
/// which a late request would stop instead.
final class CancelRequest {
    let descriptor: Int32
    private(set) var isOver: Bool

    /// Sends the request for what `handle` runs now.
    init(_ handle: LibpqHandle) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        isOver = descriptor < 0
        let thread = dup(descriptor)
        guard !isOver, thread >= 0, let request = PQgetCancel(handle.pointer) else {
            close(thread)
            isOver = true
            return
        }
        let started = Thread.start(name: "pg-cancel") { [address = UInt(bitPattern: request)] in
            let request = OpaquePointer(bitPattern: address)
            var message = [CChar](repeating: 0, count: 256)
            // A request that fails leaves the statement running; the connection's own bound then ends the wait.
            _ = PQcancel(request, &message, Int32(message.count))
            PQfreeCancel(request)
            var one: UInt64 = 1
            _ = write(thread, &one, MemoryLayout<UInt64>.size)
            close(thread)
        }
        if !started {
            PQfreeCancel(request)
            close(thread)
            isOver = true
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Call when `descriptor` was seen readable.
    func finish() {
        isOver = true
    }
}
