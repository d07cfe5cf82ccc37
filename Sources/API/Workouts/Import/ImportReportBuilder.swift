import Protocol

/// Gathers what an import did; lists are cut, counts are not.
struct ImportReportBuilder {
    static let listLimit = 1000

    private(set) var value = ImportReport()

    /// Takes over how much has been read.
    mutating func read(_ reader: TrainingLogReader) {
        value.rows = reader.rows
        value.app = reader.layout?.app.rawValue
    }

    mutating func add(_ exercises: [ImportedExercise]) { append(exercises, to: \.exercises) }

    /// Rows that could not be read at all.
    mutating func add(_ faults: [TrainingLog.Fault]) {
        value.sets.refused += faults.count
        value.remarkedLines += faults.count
        append(
            faults.map { ImportedLine(line: $0.line, isRefused: true, code: $0.code.rawValue, detail: $0.detail) },
            to: \.lines)
        value.lines.sort { $0.line < $1.line }
    }

    /// What the rules did not take of a workout.
    mutating func add(_ workout: LoggedWorkout) {
        value.sets.refused += workout.refusedSets
        value.repeatedRows += workout.log.repeatedRows
        value.remarkedLines += workout.lines.count
        append(workout.lines, to: \.lines)
    }

    mutating func refuse(_ line: Int, _ code: String, _ detail: String) {
        value.remarkedLines += 1
        append([ImportedLine(line: line, isRefused: true, code: code, detail: detail)], to: \.lines)
    }

    mutating func add(_ workout: LoggedWorkout, _ outcome: ImportOutcome, _ id: WorkoutID?) {
        let sets = workout.sets.count
        switch outcome {
        case .created:
            value.workouts.created += 1
            value.sets.created += sets
        case .unchanged, .deleted, .updated:
            value.workouts.unchanged += 1
            value.sets.unchanged += sets
        case .refused: value.workouts.refused += 1
        }
        list(workout, outcome, id)
    }

    mutating func add(_ workout: LoggedWorkout, _ counts: WorkoutMerge.Counts, _ id: WorkoutID) {
        let isChanged = counts.added + counts.changed > 0
        value.workouts.updated += isChanged ? 1 : 0
        value.workouts.unchanged += isChanged ? 0 : 1
        value.sets.created += counts.added
        value.sets.updated += counts.changed
        value.sets.unchanged += counts.kept
        value.sets.refused += counts.refused
        list(workout, isChanged ? .updated : .unchanged, id)
    }

    private mutating func list(_ workout: LoggedWorkout, _ outcome: ImportOutcome, _ id: WorkoutID?) {
        let item = ImportedWorkout(
            line: workout.log.line, name: TrainingLog.cleaned(workout.log.name, limit: 100) ?? "",
            startedAt: workout.startedAt, outcome: outcome, workoutId: id, sets: workout.sets.count)
        append([item], to: \.items)
    }

    private mutating func append<Item>(_ items: [Item], to list: WritableKeyPath<ImportReport, [Item]>) {
        let room = max(0, Self.listLimit - value[keyPath: list].count)
        if items.count > room { value.isCut = true }
        value[keyPath: list] += items.prefix(room)
    }
}
