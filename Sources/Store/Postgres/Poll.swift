import Glibc

/// Waits for `events` on a socket, or for a wake-up on a second descriptor (ignored when negative).
///
/// Answers which of the two it was, or nil when `deadline` passes first.
func pollUntil(
    _ deadline: ContinuousClock.Instant, _ socket: Int32, _ events: Int16, wakeUp: Int32 = -1
) -> (socket: Bool, wakeUp: Bool)? {
    // A tuple, for an array would be allocated at every statement; its layout is that of an array.
    var set = (
        pollfd(fd: socket, events: events, revents: 0), pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)
    )
    while true {
        let remaining = ContinuousClock.now.duration(to: deadline)
        guard remaining > .zero else { return nil }
        let (seconds, attoseconds) = remaining.components
        let milliseconds = Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
        let ready = withUnsafeMutablePointer(to: &set) { set in
            set.withMemoryRebound(to: pollfd.self, capacity: 2) { poll($0, 2, milliseconds) }
        }
        if ready > 0 { return (set.0.revents != 0, set.1.revents != 0) }
        // A signal is no event, and a clamped wait is not the deadline yet: look again.
    }
}

/// Whether something, an end included, can be read without waiting.
func isReadable(_ descriptor: Int32) -> Bool {
    var set = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&set, 1, 0) > 0
}
