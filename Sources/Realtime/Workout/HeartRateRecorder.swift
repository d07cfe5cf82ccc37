import Logging
import Protocol
import ServiceLifecycle
import Store
import Synchronization

/// Keeps heart rates at one a second with their workout; beside the ops and never in their way.
///
/// Bounded: beyond 100,000 values that wait, further ones are dropped until storage is back.
package final class HeartRateRecorder: Service, Sendable {
    private struct Second: Hashable {
        let workout: WorkoutID
        let second: Int64
    }

    private static let limit = 100_000

    private let waiting = Mutex<[Second: HeartBeat]>([:])
    private let pool: PostgresPool
    private let logger: Logger

    package init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    /// Takes a value; of several in one second the latest rate is kept, and the intervals of all of them up to their limit.
    func add(_ beat: HeartBeat, to workout: WorkoutID, at time: Timestamp) {
        let second = Second(workout: workout, second: time.milliseconds / 1000)
        waiting.withLock { waiting in
            guard waiting[second] != nil || waiting.count < Self.limit else { return }
            waiting[second] = (waiting[second] ?? HeartBeat(bpm: beat.bpm)).followed(by: beat)
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
        let seconds = batch.map(\.key)
        do {
            // An array of arrays has to be rectangular in Postgres: intervals travel as text.
            try await pool.execute(
                """
                insert into workout_heart_rate (workout_id, at, bpm, rr)
                select workout_id, at, bpm, nullif(string_to_array(rr, ',')::smallint[], '{}')
                from unnest(\(seconds.map(\.workout))::uuid[],
                    \(seconds.map { Timestamp(milliseconds: $0.second * 1000) })::timestamptz[],
                    \(seconds.map { Int16(batch[$0]?.bpm ?? 0) })::smallint[],
                    \(seconds.map { Self.text(batch[$0]?.rr ?? []) })::text[]) as beats (workout_id, at, bpm, rr)
                on conflict (workout_id, at) do update set bpm = excluded.bpm,
                    rr = nullif((coalesce(workout_heart_rate.rr, '{}') || coalesce(excluded.rr, '{}'))[:16], '{}')
                """)
        } catch {
            logger.warning("heart rates wait for storage", metadata: ["error": "\(error)"])
            waiting.withLock { waiting in
                guard waiting.count + batch.count <= Self.limit else { return }
                waiting.merge(batch) { newer, older in older.followed(by: newer) }
            }
        }
    }

    private static func text(_ intervals: [Int64]) -> String { intervals.map(String.init).joined(separator: ",") }
}

extension HeartBeat {
    /// One second's record after a later value.
    fileprivate func followed(by later: HeartBeat) -> HeartBeat {
        HeartBeat(bpm: later.bpm, rr: Array((rr + later.rr).prefix(Self.intervalLimit)))
    }
}
