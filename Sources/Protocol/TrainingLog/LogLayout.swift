/// Which field of a row holds what, and how the file is written.
struct LogLayout: Sendable {
    let delimiter: UInt8
    let columnCount: Int
    let hasHeader: Bool
    private let places: [LogColumn: Int]
    private(set) var weightUnit: TrainingLog.WeightUnit?
    private(set) var distanceUnit: TrainingLog.DistanceUnit?

    /// The delimiter that cuts the record into the most fields.
    static func delimiter(of record: [UInt8]) -> UInt8 {
        var best: (count: Int, delimiter: UInt8) = (0, CSVRecords.candidates[0])
        for candidate in CSVRecords.candidates {
            let count = CSVRecords.fields(of: record, delimiter: candidate).count
            if count > best.count { best = (count, candidate) }
        }
        return best.delimiter
    }

    /// Reads a header; nil unless it names every column without which sets would be lost.
    init?(header: [String], delimiter: UInt8) {
        var places: [LogColumn: Int] = [:]
        for (index, cell) in header.enumerated() {
            guard let heading = LogColumn.heading(cell), places[heading.column] == nil else { continue }
            places[heading.column] = index
            if heading.column == .weight { weightUnit = heading.weightUnit }
            if heading.column == .distance { distanceUnit = heading.distanceUnit }
        }
        for column in [LogColumn.start, .exercise, .setOrder, .weight, .reps] where places[column] == nil { return nil }
        self.places = places
        self.delimiter = delimiter
        columnCount = header.count
        hasHeader = true
    }

    /// Recognises a row of data by its shape, for files without a header or with one in another language (whose
    /// units are still read); nil when the row fits no known order of columns.
    init?(data: [String], header: [String]?, delimiter: UInt8) {
        guard header == nil || header?.count == data.count,
            let order = LogLayout.knownOrders.first(where: { LogLayout.fits(data, $0) })
        else { return nil }
        places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        self.delimiter = delimiter
        columnCount = data.count
        hasHeader = header != nil
        if let header, let place = places[.weight], let unit = LogColumn.unitInParentheses(header[place]) {
            weightUnit = LogColumn.weightUnit(unit)
        }
        if let header, let place = places[.distance], let unit = LogColumn.unitInParentheses(header[place]) {
            distanceUnit = LogColumn.distanceUnit(unit)
        }
    }

    var app: TrainingLog.Layout.App {
        has(.setType) || has(.superset) || has(.end) ? .hevy : .strong
    }

    var summary: TrainingLog.Layout {
        TrainingLog.Layout(
            app: app, hasHeader: hasHeader, weightUnit: weightUnit, distanceUnit: distanceUnit,
            hasUnitColumns: has(.weightUnit))
    }

    func has(_ column: LogColumn) -> Bool { places[column] != nil }

    /// The field's place, counted from 0.
    func place(of column: LogColumn) -> Int? { places[column] }

    /// The column's field; empty when the layout has no such column.
    func text(_ column: LogColumn, in fields: [String]) -> String {
        guard let place = places[column] else { return "" }
        return fields[place]
    }

    private static func fits(_ row: [String], _ order: [LogColumn]) -> Bool {
        guard row.count == order.count else { return false }
        return zip(row, order).allSatisfy { text, column in
            switch column {
            case .start: LocalDateTime(log: text) != nil
            case .end: text.isEmpty || LocalDateTime(log: text) != nil
            case .duration: text.isEmpty || LogNumber.duration(text) != nil
            case .exercise: !text.isEmpty && LogNumber.decimal(text) == nil
            case .setOrder: SetOrder(text) != nil
            case .setType: LogRow.hevySetType(text) != nil
            case .weight, .reps, .distance, .seconds, .rpe, .superset, .workoutNumber:
                text.isEmpty || LogNumber.decimal(text) != nil
            case .weightUnit: text.isEmpty || LogColumn.weightUnit(text) != nil
            case .distanceUnit: text.isEmpty || LogColumn.distanceUnit(text) != nil
            case .workoutName, .workoutNote, .exerciseNote: true
            }
        }
    }

    /// The orders in which the apps have written their columns; the first that fits wins.
    private static let knownOrders: [[LogColumn]] = [
        [
            .start, .workoutName, .duration, .exercise, .setOrder, .weight, .reps, .distance, .seconds, .exerciseNote,
            .workoutNote, .rpe,
        ],
        [.start, .workoutName, .duration, .exercise, .setOrder, .weight, .reps, .distance, .seconds, .rpe],
        [
            .start, .workoutName, .exercise, .setOrder, .weight, .reps, .distance, .seconds, .exerciseNote,
            .workoutNote, .rpe,
        ],
        [.start, .workoutName, .exercise, .setOrder, .weight, .reps, .distance, .seconds, .exerciseNote, .workoutNote],
        [
            .workoutNumber, .start, .workoutName, .duration, .exercise, .setOrder, .weight, .reps, .rpe, .distance,
            .seconds, .exerciseNote, .workoutNote,
        ],
        [
            .start, .workoutName, .exercise, .setOrder, .weight, .weightUnit, .reps, .rpe, .distance, .distanceUnit,
            .seconds, .exerciseNote, .workoutNote, .duration,
        ],
        [
            .workoutName, .start, .end, .workoutNote, .exercise, .superset, .exerciseNote, .setOrder, .setType, .weight,
            .reps, .distance, .seconds, .rpe,
        ],
    ]
}

/// What stands in Strong's `Set Order` (Hevy's `set_index` is always a number).
enum SetOrder: Hashable {
    case number(Int)
    case warmup, dropset, failure, rest, note

    var isNumber: Bool { if case .number = self { true } else { false } }

    init?(_ text: String) {
        switch text.lowercased() {
        case "w": self = .warmup
        case "d": self = .dropset
        case "f": self = .failure
        case "rest timer", "pausentimer", "minuteur de repos", "休息计时器": self = .rest
        case "note", "notiz", "备注": self = .note
        case let text:
            guard let number = LogNumber.whole(text), number >= 0 else { return nil }
            self = .number(number)
        }
    }
}
