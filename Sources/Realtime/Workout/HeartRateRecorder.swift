import Logging
import Protocol
import ServiceLifecycle
import Store
import Synchronization

/// Keeps heart rates at one a second with their workout; beside the ops and never in their way.
///
/// Bounded: beyond 100,000 values that wait, further ones are dropped until storage is back.
package final class HeartRateRecorder: Service, Sendable {
    private struct Beat: Hashable {
        let workout: WorkoutID
        let second: Int64
    }

    private static let limit = 100_000

    private let waiting = Mutex<[Beat: Int64]>([:])
    private let pool: PostgresPool
    private let logger: Logger

    package init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    /// Takes a value; of several in one second the latest is kept.
    func add(workout: WorkoutID, at time: Timestamp, bpm: Int64) {
        waiting.withLock { waiting in
            guard waiting.count < Self.limit else { return }
            waiting[Beat(workout: workout, second: time.milliseconds / 1000)] = bpm
        }
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Cancellation ends the pause early; the last values are stored below.
                try? await Task.sleep(for: .seconds(2))
                await self.flush()
            }
        }
        await flush()
    }

    /// Stores what waits; what cannot be stored waits on.
    package func flush() async {
        let batch = waiting.withLock { waiting in
            defer { waiting = [:] }
            return waiting
        }
        guard !batch.isEmpty else { return }
        let beats = batch.map(\.key)
        do {
            try await pool.execute(
                """
                insert into workout_heart_rate (workout_id, at, bpm)
                select * from unnest(\(beats.map(\.workout))::uuid[],
                    \(beats.map { Timestamp(milliseconds: $0.second * 1000) })::timestamptz[],
                    \(beats.map { Int16(batch[$0] ?? 0) })::smallint[])
                on conflict (workout_id, at) do update set bpm = excluded.bpm
                """)
        } catch {
            logger.warning("heart rates wait for storage", metadata: ["error": "\(error)"])
            waiting.withLock { waiting in
                guard waiting.count + batch.count <= Self.limit else { return }
                waiting.merge(batch) { newer, _ in newer }
            }
        }
    }
}
