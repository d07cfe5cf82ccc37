import Glibc

/// Waits until one of `set` is ready; false when `deadline` passes first.
func pollUntil(_ deadline: ContinuousClock.Instant, _ set: inout [pollfd]) -> Bool {
    while true {
        let remaining = ContinuousClock.now.duration(to: deadline)
        guard remaining > .zero else { return false }
        let milliseconds = remaining.components.seconds * 1000 + remaining.components.attoseconds / 1_000_000_000_000_000
        let ready = poll(&set, nfds_t(set.count), Int32(clamping: milliseconds + 1))
        if ready > 0 { return true }
        // A signal is no event, and a clamped wait is not the deadline yet: look again.
    }
}

/// Whether something, an end included, can be read without waiting.
func isReadable(_ descriptor: Int32) -> Bool {
    var set = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&set, 1, 0) > 0
}
