import CLibpq
import Glibc

extension PostgresConnection {
    /// How often a listening connection is asked whether its server still answers.
    private static let heartbeat: Duration = .seconds(15)

    /// Connects and listens on a channel. Throws `.unavailable` as `open` does.
    func listen(on channel: StaticString) throws(StoreError) {
        close()
        try open()
        try control("listen \(channel)", .harmless)
    }

    /// Blocks this connection's thread until a notification comes, and takes all that have come.
    ///
    /// Answers false when the connection was lost or `cancel(lease: 1)` was called.
    func waitForNotification() -> Bool {
        lease = 1
        defer { lease = 0 }
        while let handle, !interrupt.isRequested(lease: lease) {
            if takeNotifications(handle) { return true }
            let limit = ContinuousClock.now + Self.heartbeat
            guard let ready = pollUntil(limit, handle.descriptor, Int16(POLLIN), wakeUp: interrupt.descriptor) else {
                beat()
                continue
            }
            if ready.wakeUp { interrupt.clear() }
            if ready.socket, PQconsumeInput(handle.pointer) == 0 || !handle.isGood { close() }
        }
        return false
    }

    private func takeNotifications(_ handle: LibpqHandle) -> Bool {
        var hasCome = false
        while let notification = PQnotifies(handle.pointer) {
            PQfreemem(notification)
            hasCome = true
        }
        return hasCome
    }
}
