import Foundation
import Protocol
import Store

/// What athletes keep beside their workouts: measurements, goals, ratings, programs they follow.
struct SideRows: Sendable {
    private(set) var measurements = CopyText()
    private(set) var values = CopyText()
    private(set) var goals = CopyText()
    private(set) var changes = CopyText()
    private(set) var exerciseRatings = CopyText()
    private(set) var plans = CopyText()

    /// Weighs the athlete every so many days from the first time on; the weight moves slowly.
    mutating func measure(_ athlete: SeedAthlete, from first: Timestamp, _ random: inout SeedRandom) {
        let days = athlete.index == 0 ? 7 : Int.random(in: 7...30, using: &random)
        var at = first
        var weight = athlete.bodyWeightKg
        let drift = random.normal(0, 0.12)
        while at < athlete.lastSessionAt {
            let id = UUIDv7.make(at: at, using: &random)
            measurements.add(id)
            measurements.add(athlete.id)
            measurements.add(at)
            measurements.add(at)
            measurements.endRow()
            weight = min(160, max(45, weight + drift + random.normal(0, 0.5)))
            add(id, athlete.id, "weightKg", at, weight)
            if random.isTrue(0.3) { add(id, athlete.id, "bodyFatPercent", at, max(6, random.normal(19, 3))) }
            if random.isTrue(0.2) { add(id, athlete.id, "waistCm", at, weight + random.normal(2, 2)) }
            at = at + .seconds(days * 86_400 + Int.random(in: -7200...7200, using: &random))
        }
    }

    private mutating func add(_ id: UUIDv7, _ user: UserID, _ metric: String, _ at: Timestamp, _ value: Double) {
        values.add(id)
        values.add(user)
        values.add(metric)
        values.add(at)
        values.add((value * 10).rounded() / 10)
        values.endRow()
    }

    /// Sets an athlete some goals; what they have reached is reckoned by the server, as always.
    mutating func aim(_ athlete: SeedAthlete, count: Int, at now: Timestamp, _ random: inout SeedRandom) {
        let best = athlete.baseline.bests.max {
            ($0.value.estimatedOneRepMaxGrams, $0.key) < ($1.value.estimatedOneRepMaxGrams, $1.key)
        }
        for number in 0..<count {
            let created = now - .seconds(Int.random(in: 1...360, using: &random) * 86_400)
            switch number % 4 {
            case 0:
                guard let best, best.value.estimatedOneRepMaxGrams > 0 else { continue }
                let kilograms = Double(best.value.estimatedOneRepMaxGrams) / 1000
                add(
                    athlete.id, "strength", created, exercise: best.key, start: kilograms * 0.9, kilograms * 1.1,
                    &random)
            case 1: add(athlete.id, "consistency", created, daysPerWeek: 3, start: 0, 20, &random)
            case 2: add(athlete.id, "volume", created, start: 0, 100_000, &random)
            default:
                add(
                    athlete.id, "body", created, metric: "weightKg", start: athlete.bodyWeightKg,
                    athlete.bodyWeightKg - 5, &random)
            }
        }
        changes.add(athlete.id)
        changes.add(now)
        changes.endRow()
    }

    private mutating func add(
        _ user: UserID, _ kind: String, _ created: Timestamp, exercise: ExerciseID? = nil, metric: String? = nil,
        daysPerWeek: Int? = nil, start: Double, _ target: Double, _ random: inout SeedRandom
    ) {
        let day = Int(created.milliseconds / 86_400_000)
        goals.add(UUIDv7.make(at: created, using: &random))
        goals.add(user)
        goals.add(kind)
        goals.add("My \(kind) goal")
        goals.add(exercise)
        goals.add(metric)
        goals.add(daysPerWeek)
        goals.add(CalendarDate(daysSinceEpoch: day).description)
        goals.add(random.isTrue(0.5) ? CalendarDate(daysSinceEpoch: day + 400).description : nil)
        goals.add(start)
        goals.add(target)
        goals.add(created)
        goals.endRow()
    }

    /// Rates some of the movements that the athlete does.
    mutating func rate(_ athlete: SeedAthlete, at now: Timestamp, _ random: inout SeedRandom) {
        for exercise in athlete.baseline.bests.keys.sorted().prefix(2) {
            exerciseRatings.add(exercise)
            exerciseRatings.add(athlete.id)
            exerciseRatings.add(random.pick([3, 4, 4, 5, 5]))
            exerciseRatings.add(now)
            exerciseRatings.endRow()
        }
    }

    /// Notes that a workout was made from a program's day.
    mutating func plan(_ workout: SeedWorkout, from day: SeedProgramDay) throws {
        let targets = workout.state.entries.map { entry in
            Targets(
                entry: entry.id,
                targets: entry.sets.map { set in
                    PlannedSet(
                        type: set.values.type, reps: set.values.reps.map { Int($0) }, repsMax: nil,
                        weightKg: set.values.weightGrams.map { Double($0) / 1000 }, rpe: nil, rir: nil,
                        durationSeconds: nil, distanceMeters: nil, reason: .lastTime, why: "As last time.")
                })
        }
        plans.add(workout.id)
        plans.add(workout.athlete)
        plans.add(day.template)
        plans.add(day.version)
        plans.add(day.week)
        plans.add(day.day)
        plans.add(utf8: Array(try JSONEncoder().encode(targets)))
        plans.add(workout.state.startedAt)
        plans.endRow()
    }

    /// What is aimed at in an entry, as plans are stored.
    private struct Targets: Encodable {
        let entry: EntryID
        let targets: [PlannedSet]
    }

    func copy(on connection: isolated PostgresConnection) throws(StoreError) {
        try connection.copy(
            measurements, into: "body_measurements (id, user_id, measured_at, created_at)")
        try connection.copy(values, into: "body_values (measurement_id, user_id, metric, measured_at, value)")
        try connection.copy(
            goals,
            into: """
                goals (id, user_id, kind, title, exercise_id, metric, days_per_week, starts_on, due_on, start_value,
                    target, created_at)
                """)
        try connection.copy(changes, into: "training_changes (user_id, changed_at)")
        try connection.copy(exerciseRatings, into: "exercise_ratings (exercise_id, user_id, rating, rated_at)")
        try connection.copy(
            plans,
            into: """
                workout_plans (workout_id, user_id, template_id, template_version, week, day, entries, created_at)
                """)
    }
}
