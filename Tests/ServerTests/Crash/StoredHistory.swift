import Protocol
import Store
import Testing

/// What Postgres holds of one workout, held against what the devices made and heard.
struct StoredHistory {
    private struct SetRow: Hashable {
        let id: SetID
        let entry: EntryID
        let weightGrams: Int64?
        let reps: Int64?
    }

    let workout: WorkoutID
    private let events: [WorkoutEvent]
    private let seqs: [Int64]
    private let head: Int64
    private let sets: Set<SetRow>

    init(_ workout: WorkoutID, in pool: PostgresPool) async throws {
        self.workout = workout
        let rows = try await pool.query(
            "select seq, body::text from workout_events where workout_id = \(workout) order by seq",
            as: (Int64, String).self)
        seqs = rows.map(\.0)
        events = try rows.map { try WorkoutEvent(JSONReader.parse(Array($0.1.utf8))) }
        head = try await pool.query("select seq from workouts where id = \(workout)", as: Int64.self).first ?? 0
        let stored = try await pool.query(
            "select id, entry_id, weight_g, reps::bigint from workout_sets where workout_id = \(workout)",
            as: (UUIDv7, UUIDv7, Int64?, Int64?).self)
        sets = Set(stored.map { SetRow(id: $0.0, entry: $0.1, weightGrams: $0.2, reps: $0.3) })
    }

    /// Expects one unbroken history whose fold is what the rows say.
    func expectWhole(_ seed: UInt64) {
        let count = Int64(events.count)
        #expect(seqs == Array(0..<count).map { $0 + 1 }, "seed \(seed), workout \(workout)")
        #expect(head == count, "seed \(seed), workout \(workout)")
        #expect(events.map(\.seq) == seqs, "seed \(seed), workout \(workout)")
        #expect(zip(events, events.dropFirst()).allSatisfy { $0.epoch <= $1.epoch }, "seed \(seed), workout \(workout)")
        var state = WorkoutState()
        for event in events { state.apply(event) }
        var folded: Set<SetRow> = []
        for entry in state.entries where !entry.isRemoved {
            for set in entry.sets where !set.isDeleted {
                folded.insert(
                    SetRow(id: set.id, entry: entry.id, weightGrams: set.values.weightGrams, reps: set.values.reps))
            }
        }
        #expect(sets == folded, "seed \(seed), workout \(workout)")
    }

    /// Expects the ops of the device that were not refused, each once and in its order, and none that was.
    func expect(_ made: [OpID], _ verdicts: [OpID: CrashDevice.Verdict], _ seed: UInt64) {
        let own = Set(made)
        let stored = events.map(\.opId).filter(own.contains)
        #expect(made.allSatisfy { verdicts[$0] != nil }, "an op has no answer, seed \(seed), workout \(workout)")
        #expect(stored == made.filter { verdicts[$0] == .durable }, "seed \(seed), workout \(workout)")
    }

    /// Expects that nobody else wrote here.
    func expectNothingBeside(_ made: Set<OpID>, _ seed: UInt64) {
        #expect(made.isSuperset(of: events.map(\.opId)), "seed \(seed), workout \(workout)")
    }
}
