import Protocol
import Store

// Workouts as they are stored, for features that read or write many of them.
extension Rooms {
    /// The stored states of workouts, folded from their histories without opening their rooms.
    ///
    /// Missing and deleted ones are left out. Meant for a few workouts at a time: all their states are in memory.
    package nonisolated func storedStates(of ids: [WorkoutID]) async throws -> [WorkoutID: WorkoutState] {
        try await context.loader.looking.states(of: ids)
    }

    /// What an athlete weighs by the latest measurement, in grams; nil when there is none.
    package nonisolated func bodyWeightGrams(of athlete: UserID) async throws -> Int64? {
        try await context.loader.people.bodyWeightGrams(athlete)
    }

    /// How many more workouts an athlete may have.
    package nonisolated func workoutsLeft(of athlete: UserID) async throws -> Int {
        try await context.loader.workoutsLeft(of: athlete)
    }

    /// An athlete's training changed beside their rooms: open rooms read it before they tell their records again.
    package nonisolated func trainingChanged(of athlete: UserID) { context.loader.ages.overtake(of: athlete) }
}

extension WorkoutLoader {
    /// The stored states of workouts; missing and deleted ones are left out.
    func states(of ids: [WorkoutID]) async throws -> [WorkoutID: WorkoutState] {
        try await source.gate.pass { try await readStates(of: ids) }
    }

    private func readStates(of ids: [WorkoutID]) async throws -> [WorkoutID: WorkoutState] {
        let bases = try await pool.query(
            """
            select w.id, b.state::text from workouts w left join workout_bases b on b.workout_id = w.id
            where w.id = any(\(ids)::uuid[]) and w.status not in ('new', 'deleted')
            """, as: (UUIDv7, String?).self)
        var states: [WorkoutID: WorkoutState] = [:]
        for (id, json) in bases {
            states[id] = try json.map { try WorkoutState(storedAs: $0) } ?? WorkoutState()
        }
        let known = Array(states.keys)
        let memory = ReadingMemory(source.memory)
        var place = (workout: UUIDv7(high: 0, low: 0), seq: Int64(0))
        while true {
            let page = try await pool.query(
                LoaderStatements.events(
                    of: known, after: place, limit: HistorySource.pageEvents, bytes: HistorySource.pageBytes),
                as: (UUIDv7, Int64, String).self)
            memory.count(HistorySource.bytes(of: page.reduce(0) { $0 + $1.2.utf8.count }))
            for (id, _, body) in page { states[id]?.apply(try WorkoutEvent(JSONReader.parse(Array(body.utf8)))) }
            guard let last = page.last else { return states }
            place = (last.0, last.1)
        }
    }
}
