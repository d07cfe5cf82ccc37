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
            let limit = ContinuousClock.now + Self.heartbeat
            let ready = pollUntil(limit, handle.descriptor, Int16(POLLIN), wakeUp: interrupt.descriptor)
            guard let ready else {
                beat()
                continue
            }
            if ready.wakeUp { interrupt.clear() }
            if ready.socket, PQconsumeInput(handle.pointer) == 0 || !handle.isGood { close() }
        }
    }

    func beat() {
        do {
            try execute("select 1")
        } catch {
            // Whatever the reason, what the session held can no longer be relied on.
            close()
        }
    }
}
