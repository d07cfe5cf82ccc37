import Protocol
import Store
import Synchronization

/// The time of the Postgres server, kept as an offset to this machine's clock.
package final class ServerClock: Sendable {
    private let offsetMilliseconds = Atomic<Int64>(0)
    private let wall: @Sendable () -> Timestamp

    /// - Parameter wall: this machine's clock; tests give their own.
    package init(wall: @escaping @Sendable () -> Timestamp = { Timestamp.now }) { self.wall = wall }

    package var now: Timestamp {
        Timestamp(milliseconds: wall().milliseconds + offsetMilliseconds.load(ordering: .relaxed))
    }

    /// Measures the offset anew; the answer is taken to stem from the middle of the round trip.
    package func measure(_ pool: PostgresPool) async throws(StoreError) {
        let before = wall()
        guard let (server) = try await pool.first("select clock_timestamp()", as: (Timestamp).self) else { return }
        let middle = (before.milliseconds + wall().milliseconds) / 2
        offsetMilliseconds.store(server.milliseconds - middle, ordering: .relaxed)
    }
}
