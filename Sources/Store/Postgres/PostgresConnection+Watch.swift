import CLibpq
import Glibc

extension PostgresConnection {
    /// How often a watched connection is asked whether its server still answers.
    private static let heartbeat: Duration = .seconds(5)

    /// Blocks this connection's thread until the server closes the connection or no longer answers, or until
    /// `cancel(lease: 1)`.
    func waitForEnd() {
        lease = 1
        defer { lease = 0 }
        while let handle, !interrupt.isRequested(lease: lease) {
            var set = [
                pollfd(fd: handle.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: interrupt.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard pollUntil(.now + Self.heartbeat, &set) else {
                beat()
                continue
            }
            if set[1].revents != 0 { interrupt.clear() }
            if set[0].revents != 0, PQconsumeInput(handle.pointer) == 0 || !handle.isGood { close() }
        }
    }

    private func beat() {
        do {
            try execute("select 1")
        } catch {
            // Whatever the reason, what the session held can no longer be relied on.
            close()
        }
    }
}
