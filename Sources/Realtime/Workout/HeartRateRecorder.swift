import Logging
import Protocol
import ServiceLifecycle
import Store
import Synchronization

/// Keeps heart rates at one a second with their workout; beside the ops and never in their way.
///
/// Nothing is stored with a workout that is deleted or erased, nor after the athlete's consent is gone. Bounded: beyond 100,000
/// values that wait, further ones are dropped until storage is back.
package final class HeartRateRecorder: Service, Sendable {
    private struct Beat: Hashable {
        let workout: WorkoutID
        let athlete: UserID
        let second: Int64
    }

    private struct State {
        var waiting: [Beat: Int64] = [:]
        /// Whose values are not to be stored although they are on their way.
        var forgotten: Set<UserID> = []
        var isFlushing = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private static let limit = 100_000

    private let state = Mutex(State())
    private let pool: PostgresPool
    private let logger: Logger

    package init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    /// Takes a value; of several in one second the latest is kept.
    func add(workout: WorkoutID, of athlete: UserID, at time: Timestamp, bpm: Int64) {
        state.withLock { state in
            guard state.waiting.count < Self.limit else { return }
            state.waiting[Beat(workout: workout, athlete: athlete, second: time.milliseconds / 1000)] = bpm
        }
    }

    /// Drops what waits of an athlete who took the consent back; when it answers, nothing of it is stored any more.
    func forget(_ athlete: UserID) async {
        state.withLock { state in
            state.waiting = state.waiting.filter { $0.key.athlete != athlete }
            if state.isFlushing { state.forgotten.insert(athlete) }
        }
        await flushed()
    }

    /// Waits for what is being stored now.
    private func flushed() async {
        await withCheckedContinuation { continuation in
            let waits = state.withLock { state in
                if state.isFlushing { state.waiters.append(continuation) }
                return state.isFlushing
            }
            if !waits { continuation.resume() }
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
        var taken: [Beat: Int64]?
        while taken == nil {
            await flushed()
            taken = takeBatch()
        }
        guard let batch = taken, !batch.isEmpty else { return }
        var unstored: [Beat: Int64] = [:]
        do { try await store(batch) } catch {
            logger.warning("heart rates wait for storage", metadata: ["error": "\(error)"])
            unstored = batch
        }
        let waiters = state.withLock { state in
            unstored = unstored.filter { !state.forgotten.contains($0.key.athlete) }
            if state.waiting.count + unstored.count <= Self.limit {
                state.waiting.merge(unstored) { newer, _ in newer }
            }
            defer { state.waiters = [] }
            state.isFlushing = false
            state.forgotten = []
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// - Returns: nil while another batch is being stored.
    private func takeBatch() -> [Beat: Int64]? {
        state.withLock { state in
            guard !state.isFlushing else { return nil }
            defer { state.waiting = [:] }
            state.isFlushing = !state.waiting.isEmpty
            return state.waiting
        }
    }

    /// Holds the workouts' rows, in their order, against being deleted meanwhile (`WorkoutJournal` and the erasure lock them
    /// for that); an ordinary op does not wait for it.
    private func store(_ batch: [Beat: Int64]) async throws {
        let beats = batch.map(\.key)
        try await pool.execute(
            """
            with kept as materialized (
                select id from workouts where id = any(\(Array(Set(beats.map(\.workout))))::uuid[])
                    and status <> 'deleted'
                order by id for key share
            )
            insert into workout_heart_rate (workout_id, at, bpm)
            select b.workout_id, b.at, b.bpm
            from unnest(\(beats.map(\.workout))::uuid[],
                \(beats.map { Timestamp(milliseconds: $0.second * 1000) })::timestamptz[],
                \(beats.map { Int16(clamping: batch[$0] ?? 0) })::smallint[]) b (workout_id, at, bpm)
            join kept on kept.id = b.workout_id
            on conflict (workout_id, at) do update set bpm = excluded.bpm
            """)
    }
}
