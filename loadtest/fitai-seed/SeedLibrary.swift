import API
import Protocol
import Store

/// An exercise of the library with what a plausible set of it looks like.
struct SeedExercise: Sendable {
    /// What is counted in a set.
    enum Measure: Sendable { case load(kg: Double, stepGrams: Int64), bodyWeight, time, distance }

    let facts: ExerciseFacts
    let measure: Measure
}

/// A day of a program of the library.
struct SeedProgramDay: Sendable {
    let template: TemplateID
    let version: Int
    let week: Int
    let day: Int
    let name: String
}

/// What seeded athletes train, the most popular first.
struct SeedLibrary: Sendable {
    let exercises: [SeedExercise]
    let programDays: [SeedProgramDay]
    let draw: ZipfDraw

    /// Brings the library into the database, if it is not there yet, and reads it.
    init(_ pool: PostgresPool, at time: Timestamp) async throws {
        try await ExerciseSeed.load(into: pool)
        _ = try await TemplateSeed.load(into: pool, at: time)
        let entries = Dictionary(
            try ExerciseSeed.entries().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let order = try await pool.query(
            """
            select id from exercises where owner is null and deleted_at is null
            order by familiarity nulls last, id
            """, as: ExerciseID.self)
        exercises = order.compactMap { entries[$0] }.map { entry in
            SeedExercise(
                facts: ExerciseFacts(
                    id: entry.id, name: entry.name, primaryMuscles: entry.primaryMuscles,
                    secondaryMuscles: entry.secondaryMuscles),
                measure: Self.measure(entry))
        }
        draw = ZipfDraw(count: exercises.count)
        programDays = try TemplateSeed.programs().flatMap { program in
            program.weeks.enumerated().flatMap { week, content in
                content.days.enumerated().map { day, content in
                    SeedProgramDay(
                        template: TemplateSeed.id(of: program.slug), version: 1, week: week + 1, day: day + 1,
                        name: content.name)
                }
            }
        }
    }

    /// Where a beginner's 1RM may lie, and how finely the load can be chosen.
    private static func measure(_ entry: ExerciseSeed.Entry) -> SeedExercise.Measure {
        if entry.category == "stretching" { return .time }
        if entry.category == "cardio" { return .distance }
        let isCompound = entry.mechanic == "compound"
        let legs = entry.primaryMuscles.contains { ["quadriceps", "hamstrings", "glutes", "lower back"].contains($0) }
        switch entry.equipment {
        case "barbell": return .load(kg: isCompound ? legs ? 80 : 50 : 30, stepGrams: 2500)
        case "e-z curl bar": return .load(kg: 25, stepGrams: 2500)
        case "machine", "cable": return .load(kg: isCompound ? legs ? 90 : 50 : 30, stepGrams: 5000)
        case "dumbbell", "kettlebells": return .load(kg: isCompound ? 22 : 12, stepGrams: 1000)
        default: return .bodyWeight
        }
    }
}
