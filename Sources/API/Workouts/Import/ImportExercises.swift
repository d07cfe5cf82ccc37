import Protocol
import Realtime
import Store

/// Finds out what the exercises of a log stand for here.
struct ImportExercises: Sendable {
    /// What one name stands for.
    struct Choice: Sendable {
        let outcome: ImportedExerciseOutcome
        /// Nil for a name alone, and in a dry run for what would be made.
        let facts: ExerciseFacts?
    }

    /// Names beyond this many are looked at anew each time they come.
    private static let keptNames = 5000

    private let exercises: Exercises
    private let live: LiveHooks
    private let user: UserID
    private let id: WorkoutImportID
    private let options: ImportOptions
    private let matcher: ExerciseMatcher?
    private let facts: [ExerciseID: ExerciseFacts]
    private var byName: [String: ExerciseFacts] = [:]
    private(set) var choices: [String: Choice] = [:]
    /// What the athlete weighs; movements of the body count with it.
    let bodyWeightGrams: Int64?

    init(
        _ exercises: Exercises, live: LiveHooks, user: UserID, id: WorkoutImportID, options: ImportOptions,
        bodyWeightGrams: Int64?
    ) async throws {
        self.bodyWeightGrams = bodyWeightGrams
        self.exercises = exercises
        self.live = live
        self.user = user
        self.id = id
        self.options = options
        let nameable = try await exercises.nameable(by: user)
        facts = Dictionary(nameable.map { ($0.facts.id, $0.facts) }, uniquingKeysWith: { first, _ in first })
        // Of equal names the user's own wins.
        for one in nameable.sorted(by: { !$0.isOwn && $1.isOwn }) { byName[one.facts.name.lowercased()] = one.facts }
        matcher =
            options.matching == .similar
            ? ExerciseMatcher(nameable.map { .init(id: $0.facts.id, name: $0.facts.name, equipment: $0.equipment) })
            : nil
    }

    /// Decides on the names that are new, making exercises where that was chosen; answers what was decided on them,
    /// in the order of the names.
    mutating func decide(_ names: [String]) async throws -> [ImportedExercise] {
        if choices.count > Self.keptNames { choices.removeAll() }
        var fresh: [String] = []
        var seen: Set<String> = []
        for name in names where choices[name] == nil && seen.insert(name).inserted { fresh.append(name) }
        var missing: [(name: String, cleaned: String)] = []
        for name in fresh {
            guard let cleaned = TrainingLog.cleaned(name, limit: 100) else {
                choices[name] = Choice(outcome: .named, facts: nil)
                continue
            }
            if let found = byName[cleaned.lowercased()] ?? matcher?.match(cleaned).flatMap({ facts[$0.id] }) {
                // One that this very import made before it was interrupted is its own work.
                let isOwnWork = found.id == madeId(of: cleaned)
                choices[name] = Choice(outcome: isOwnWork ? .created : .matched, facts: found)
            } else {
                missing.append((name, cleaned))
            }
        }
        try await make(missing)
        return fresh.map { name in
            let choice = choices[name]
            return ImportedExercise(
                name: name, outcome: choice?.outcome ?? .named, exerciseId: choice?.facts?.id,
                exerciseName: choice?.facts?.name)
        }
    }

    /// The id of the exercise that this import makes of a name: the same in every attempt.
    private func madeId(of name: String) -> ExerciseID { id.derived("exercise", place: name.lowercased()) }

    private mutating func make(_ missing: [(name: String, cleaned: String)]) async throws {
        let isMade = options.unknownExercises == .create
        guard isMade, !options.isDryRun else {
            for (name, _) in missing { choices[name] = Choice(outcome: isMade ? .created : .named, facts: nil) }
            return
        }
        var distinct: [String: String] = [:]
        for (_, cleaned) in missing { distinct[cleaned.lowercased()] = cleaned }
        let wanted = distinct.values.sorted().map { (name: $0, id: madeId(of: $0)) }
        let made = try await exercises.ownExercises(named: wanted, of: user)
        for (row, isNew) in made {
            let entry = ExerciseCatalog.Entry(row)
            byName[row.exercise.name.lowercased()] = entry.facts
            if isNew { await WorkExecutor.outside { await live.exerciseChanged(entry, user) } }
        }
        let new = Set(made.filter(\.isNew).map { $0.exercise.exercise.name.lowercased() })
        for (name, cleaned) in missing {
            let found = byName[cleaned.lowercased()]
            let outcome: ImportedExerciseOutcome =
                found == nil ? .named : new.contains(cleaned.lowercased()) ? .created : .matched
            choices[name] = Choice(outcome: outcome, facts: found)
        }
    }
}
