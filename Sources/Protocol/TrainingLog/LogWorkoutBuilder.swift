/// Puts the rows of one workout together: repeated rows go, the rest become exercises and their items.
struct LogWorkoutBuilder {
    private let app: TrainingLog.Layout.App
    private let rowLimit: Int
    private var rows: [LogRow] = []
    /// What every workout that is finished consisted of, as hashes of rows; one that comes again repeats them.
    private var finished: [LogRow.WorkoutKey: Set<Int>] = [:]

    /// - Parameter rowLimit: how many rows a workout may have.
    init(app: TrainingLog.Layout.App, rowLimit: Int) {
        self.app = app
        self.rowLimit = rowLimit
    }

    /// Whether the row's workout has a place left for it.
    func hasRoom(for row: LogRow) -> Bool { rows.count < rowLimit || rows.last?.key != row.key }

    /// Takes the next row; returns the workout before it when the row begins another.
    mutating func add(_ row: LogRow) -> TrainingLog.Workout? {
        let done = rows.last.map { $0.key != row.key } ?? false ? finish() : nil
        rows.append(row)
        return done
    }

    /// The workout whose rows have been added; nil when there are none, or none that are new.
    mutating func finish() -> TrainingLog.Workout? {
        guard let first = rows.first else { return nil }
        let count = rows.count
        if app == .strong { rows.removeLast(count - LogWorkoutBuilder.period(of: rows)) }
        let seen = finished[first.key]
        if let seen { rows.removeAll { seen.contains($0.content.hashValue) } }
        finished[first.key] = (seen ?? []).union(rows.map { $0.content.hashValue })
        defer { rows.removeAll(keepingCapacity: true) }
        return rows.isEmpty ? nil : workout(repeatedRows: count - rows.count)
    }

    /// The length of the sequence of which the rows are one or more copies.
    ///
    /// Strong has exported workouts twice over, row by row. A shorter repetition is left alone, since an exercise may
    /// stand twice in a workout with equal sets; so is Hevy's, where such a workout may be a superset of one exercise.
    private static func period(of rows: [LogRow]) -> Int {
        for length in 1...max(1, rows.count / 2) where rows.count % length == 0 && length < rows.count {
            // Only numbered sets tell a repeated row from an equal one.
            guard rows[..<length].contains(where: \.order.isNumber) else { continue }
            if (length..<rows.count).allSatisfy({ rows[$0].content == rows[$0 - length].content }) { return length }
        }
        return rows.count
    }

    private func workout(repeatedRows: Int) -> TrainingLog.Workout {
        let first = rows[0]
        var exercises: [TrainingLog.Exercise] = []
        var lastNumber: Int?
        for row in rows {
            var number: Int?
            if case .number(let value) = row.order { number = value }
            // Sets are numbered upward within an exercise's place: a number that falls back begins another place.
            let fallsBack = if let number, let lastNumber { number <= lastNumber } else { false }
            let isNew = exercises.last.map { $0.name != row.exercise || $0.superset != row.superset } ?? true
            if isNew || fallsBack || row.isAgain {
                exercises.append(
                    .init(name: row.exercise, superset: row.superset, note: row.exerciseNote.nonEmpty, items: []))
                lastNumber = nil
            }
            lastNumber = number ?? lastNumber
            append(row, to: &exercises[exercises.count - 1])
        }
        return TrainingLog.Workout(
            name: first.key.name, start: first.start, durationSeconds: first.durationSeconds,
            note: rows.lazy.compactMap(\.workoutNote.nonEmpty).first, exercises: exercises, line: first.line,
            repeatedRows: repeatedRows)
    }

    private func append(_ row: LogRow, to exercise: inout TrainingLog.Exercise) {
        switch row.order {
        case .rest: exercise.items.append(.rest(seconds: row.restSeconds))
        case .note: break
        default: exercise.items.append(.set(row.set))
        }
        // Hevy repeats the exercise's note in every row; Strong writes it once, on the row it belongs to.
        if let note = row.exerciseNote.nonEmpty, note != exercise.note { exercise.items.append(.note(note)) }
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
