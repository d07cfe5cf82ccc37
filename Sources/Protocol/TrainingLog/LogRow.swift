/// One row of a training log, read by its layout but not yet put into its workout.
struct LogRow {
    /// Rows of one workout have equal keys and stand together.
    struct WorkoutKey: Hashable {
        let start: String
        let name: String
        let number: String
    }

    let line: Int
    let key: WorkoutKey
    /// All of the row; two equal rows have equal contents.
    let content: [UInt8]
    let start: LocalDateTime
    let end: LocalDateTime?
    let durationSeconds: Int?
    let workoutNote: String
    let exercise: String
    let superset: Int?
    let exerciseNote: String
    let order: SetOrder
    let set: TrainingLog.LoggedSet
    let restSeconds: Int
    /// A place of its own, though the exercise stood in the workout before.
    let isAgain: Bool

    static func hevySetType(_ text: String) -> SetType? {
        switch text.lowercased() {
        case "normal", "": .normal
        case "warmup", "warm_up": .warmup
        case "dropset", "drop_set", "drop": .dropset
        case "failure": .failure
        default: nil
        }
    }
}

/// Reads rows by one layout.
struct LogRowReader {
    let layout: LogLayout
    /// A workout's dates stand in each of its rows: the last ones read are kept.
    private var dates: [String: LocalDateTime] = [:]

    init(layout: LogLayout) { self.layout = layout }

    mutating func row(_ record: CSVRecords.Record, _ fields: [String]) throws(TrainingLog.Fault) -> LogRow {
        var cells = Cells(layout: layout, fields: fields, line: record.line)
        guard fields.count == layout.columnCount else {
            throw TrainingLog.Fault(
                line: record.line, code: .columnCount,
                detail: "\(fields.count) fields where the file has \(layout.columnCount) columns")
        }
        guard let start = try date(.start, &cells) else { throw cells.missing(.start) }
        let exercise = cells.words(.exercise)
        guard !exercise.isEmpty else { throw cells.missing(.exercise) }
        guard let order = SetOrder(cells.text(.setOrder)) else { throw cells.invalid(.setOrder) }
        let seconds = try cells.whole(.seconds)
        let duration = cells.text(.duration)
        let durationSeconds = LogNumber.duration(duration)
        if durationSeconds == nil && !duration.isEmpty { throw cells.invalid(.duration) }
        let end = try date(.end, &cells)
        let (exerciseNote, marks) = SetMarks.split(cells.words(.exerciseNote))
        return LogRow(
            line: record.line,
            key: .init(
                start: cells.text(.start), name: cells.words(.workoutName), number: cells.text(.workoutNumber)),
            content: record.bytes,
            start: start,
            end: end,
            durationSeconds: durationSeconds ?? end.flatMap { $0 >= start ? Int($0.seconds - start.seconds) : nil },
            workoutNote: cells.words(.workoutNote),
            exercise: exercise,
            superset: try cells.whole(.superset) ?? marks?.superset,
            exerciseNote: exerciseNote,
            order: order,
            set: try set(order, seconds: seconds, marks, &cells),
            restSeconds: seconds ?? 0,
            isAgain: marks?.isAgain ?? false)
    }

    private func set(
        _ order: SetOrder, seconds: Int?, _ marks: SetMarks?, _ cells: inout Cells
    ) throws(TrainingLog.Fault) -> TrainingLog.LoggedSet {
        guard let hevyType = LogRow.hevySetType(cells.text(.setType)) else { throw cells.invalid(.setType) }
        let weight = try cells.decimal(.weight)
        let reps = try cells.whole(.reps)
        let distance = try cells.decimal(.distance).flatMap { $0 == 0 ? nil : $0 }
        let measured = seconds == 0 ? nil : seconds
        let weightUnit = LogColumn.weightUnit(cells.text(.weightUnit))
        let distanceUnit = LogColumn.distanceUnit(cells.text(.distanceUnit))
        if weightUnit == nil && !cells.text(.weightUnit).isEmpty { throw cells.invalid(.weightUnit) }
        if distanceUnit == nil && !cells.text(.distanceUnit).isEmpty { throw cells.invalid(.distanceUnit) }
        let rpe = try cells.decimal(.rpe).flatMap { $0 == 0 ? nil : $0 }
        let isTimedOnly = reps == 0 && (measured != nil || distance != nil)
        return TrainingLog.LoggedSet(
            type: marks?.type ?? type(order) ?? hevyType,
            weight: weight,
            weightUnit: weightUnit ?? layout.weightUnit,
            reps: isTimedOnly ? nil : reps,
            distance: distance,
            distanceUnit: distanceUnit ?? layout.distanceUnit,
            durationSeconds: measured,
            rpe: marks?.rir != nil && marks?.hasRPE == false ? nil : rpe,
            rir: marks?.rir,
            side: marks?.side,
            line: cells.line)
    }

    private func type(_ order: SetOrder) -> SetType? {
        switch order {
        case .warmup: .warmup
        case .dropset: .dropset
        case .failure: .failure
        case .number, .rest, .note: nil
        }
    }

    private mutating func date(_ column: LogColumn, _ cells: inout Cells) throws(TrainingLog.Fault) -> LocalDateTime? {
        let text = cells.text(column)
        if text.isEmpty { return nil }
        if let known = dates[text] { return known }
        guard let date = LocalDateTime(log: text) else { throw cells.invalid(column) }
        if dates.count >= 16 { dates.removeAll(keepingCapacity: true) }
        dates[text] = date
        return date
    }
}

/// A row's fields by column, with faults that name the place.
private struct Cells {
    let layout: LogLayout
    let fields: [String]
    let line: Int

    func text(_ column: LogColumn) -> String { layout.text(column, in: fields) }

    /// Free text, as it was before a spreadsheet-safe writer put an apostrophe before it.
    func words(_ column: LogColumn) -> String { CSVWriter.rearmed(text(column)) }

    func decimal(_ column: LogColumn) throws(TrainingLog.Fault) -> Double? {
        let text = text(column)
        if text.isEmpty { return nil }
        guard let value = LogNumber.decimal(text), value >= 0, value <= 1e9 else { throw invalid(column) }
        return value
    }

    func whole(_ column: LogColumn) throws(TrainingLog.Fault) -> Int? {
        try decimal(column).map { Int($0.rounded()) }
    }

    func invalid(_ column: LogColumn) -> TrainingLog.Fault { fault(column, .invalidValue, "does not hold a value") }

    func missing(_ column: LogColumn) -> TrainingLog.Fault { fault(column, .missingValue, "is empty") }

    private func fault(_ column: LogColumn, _ code: TrainingLog.Fault.Code, _ what: String) -> TrainingLog.Fault {
        TrainingLog.Fault(
            line: line, code: code, column: layout.place(of: column).map { $0 + 1 },
            detail: code == .missingValue ? "\(column.rawValue) is empty" : "\(column.rawValue) cannot be read")
    }
}
