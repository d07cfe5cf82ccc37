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
    private struct Second: Hashable {
        let workout: WorkoutID
        let athlete: UserID
        let second: Int64
    }

    private struct State {
        var waiting: [Second: HeartBeat] = [:]
        /// What may have been stored: the connection was lost at COMMIT.
        var uncertain: [Second: HeartBeat] = [:]
        /// Whose values are not to be stored although they are on their way.
        var forgotten: Set<UserID> = []
        var isFlushing = false
        var waiters: [CheckedContinuation<Void, Never>] = []

        var count: Int { waiting.count + uncertain.count }
    }

    private struct Batch {
        let beats: [Second: HeartBeat]
        /// Some of it may be stored already.
        let isRepeat: Bool
    }

    private static let limit = 100_000

    private let state = Mutex(State())
    private let pool: PostgresPool
    private let logger: Logger

    package init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    /// Takes a value; of several in one second the latest rate is kept, and the intervals of all of them up to their limit.
    func add(_ beat: HeartBeat, to workout: WorkoutID, of athlete: UserID, at time: Timestamp) {
        let second = Second(workout: workout, athlete: athlete, second: time.milliseconds / 1000)
        state.withLock { state in
            guard state.waiting[second] != nil || state.count < Self.limit else { return }
            state.waiting[second] = (state.waiting[second] ?? HeartBeat(bpm: beat.bpm)).followed(by: beat)
        }
    }

    /// Drops what waits of an athlete who took the consent back; when it answers, nothing of it is stored any more.
    func forget(_ athlete: UserID) async {
        state.withLock { state in
            state.waiting = state.waiting.filter { $0.key.athlete != athlete }
            state.uncertain = state.uncertain.filter { $0.key.athlete != athlete }
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
        while await flushBatch() {}
    }

    /// - Returns: whether more waits that can be stored.
    private func flushBatch() async -> Bool {
        var taken: Batch?
        while taken == nil {
            await flushed()
            taken = takeBatch()
        }
        guard let batch = taken, !batch.beats.isEmpty else { return false }
        var failure: StoreError?
        do { try await store(batch) } catch {
            logger.warning("heart rates wait for storage", metadata: ["error": "\(error)"])
            failure = error
        }
        keepUnstored(batch, failure)
        return failure == nil && batch.isRepeat
    }

    private func keepUnstored(_ batch: Batch, _ failure: StoreError?) {
        let waiters = state.withLock { state in
            let unstored = failure == nil ? [:] : batch.beats.filter { !state.forgotten.contains($0.key.athlete) }
            if state.count + unstored.count <= Self.limit {
                if batch.isRepeat || failure == .commitUnknown {
                    // Kept apart, so that it can be told from what is stored.
                    state.uncertain.merge(unstored) { _, repeated in repeated }
                } else {
                    state.waiting.merge(unstored) { newer, older in older.followed(by: newer) }
                }
            }
            defer { state.waiters = [] }
            state.isFlushing = false
            state.forgotten = []
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// - Returns: nil while another batch is being stored.
    private func takeBatch() -> Batch? {
        state.withLock { state in
            guard !state.isFlushing else { return nil }
            let isRepeat = !state.uncertain.isEmpty
            let batch = Batch(beats: isRepeat ? state.uncertain : state.waiting, isRepeat: isRepeat)
            if isRepeat { state.uncertain = [:] } else { state.waiting = [:] }
            state.isFlushing = !batch.beats.isEmpty
            return batch
        }
    }

    /// Holds the workouts' rows, in their order, against being deleted meanwhile (`WorkoutJournal` and the erasure lock them
    /// for that); an ordinary op does not wait for it.
    private func store(_ batch: Batch) async throws(StoreError) {
        let beats = batch.beats
        let seconds = beats.map(\.key)
        // An array of arrays has to be rectangular in Postgres: intervals travel as text.
        try await pool.execute(
            """
            with kept as materialized (
                select id from workouts where id = any(\(Array(Set(seconds.map(\.workout))))::uuid[])
                    and status <> 'deleted'
                order by id for key share
            )
            insert into workout_heart_rate (workout_id, at, bpm, rr)
            select b.workout_id, b.at, b.bpm, nullif(string_to_array(b.rr, ',')::smallint[], '{}')
            from unnest(\(seconds.map(\.workout))::uuid[],
                \(seconds.map { Timestamp(milliseconds: $0.second * 1000) })::timestamptz[],
                \(seconds.map { Int16(clamping: beats[$0]?.bpm ?? 0) })::smallint[],
                \(seconds.map { Self.text(beats[$0]?.rr ?? []) })::text[]) as b (workout_id, at, bpm, rr)
            join kept on kept.id = b.workout_id
            on conflict (workout_id, at) do update set bpm = excluded.bpm,
                rr = case when \(batch.isRepeat)
                    and workout_heart_rate.rr[cardinality(workout_heart_rate.rr) - cardinality(excluded.rr) + 1:] = excluded.rr
                then workout_heart_rate.rr
                else nullif((coalesce(workout_heart_rate.rr, '{}') || coalesce(excluded.rr, '{}'))[:16], '{}') end
            """)
    }

    private static func text(_ intervals: [Int64]) -> String { intervals.map(String.init).joined(separator: ",") }
}

extension HeartBeat {
    /// One second's record after a later value.
    fileprivate func followed(by later: HeartBeat) -> HeartBeat {
        HeartBeat(bpm: later.bpm, rr: Array((rr + later.rr).prefix(Self.intervalLimit)))
    }
}
