/// Reads a training log piece by piece, in memory bounded by its largest workout.
///
/// Rows that cannot be read are left out and noted in `faults`. A workout the file holds more than once is given
/// once; only rows that are new come again, as a workout of the same start and name.
public struct TrainingLogReader {
    /// Known once the first rows have been read.
    public var layout: TrainingLog.Layout? { rowReader?.layout.summary }
    /// What could not be read so far, in the file's order.
    public private(set) var faults: [TrainingLog.Fault] = []

    /// Rows of data that could be read so far, repeated ones and rests included.
    public private(set) var rows = 0

    private var workouts = 0
    private let limits: TrainingLog.Limits
    private var records: CSVRecords
    private var header: (record: CSVRecords.Record, fields: [String])?
    private var rowReader: LogRowReader?
    private var builder = LogWorkoutBuilder(app: .strong, rowLimit: 0)

    public init(limits: TrainingLog.Limits = .init()) {
        self.limits = limits
        records = CSVRecords(recordBytes: limits.rowBytes)
    }

    /// Takes the next bytes and returns the workouts that are complete. Throws when reading cannot go on.
    public mutating func read(
        _ bytes: some Sequence<UInt8>
    ) throws(TrainingLog.Fault) -> [TrainingLog.Workout] {
        records.append(bytes)
        return try drain(isLast: false)
    }

    /// Says that the file is at its end and returns the workouts that were open.
    public mutating func finish() throws(TrainingLog.Fault) -> [TrainingLog.Workout] {
        var workouts = try drain(isLast: true)
        if rowReader == nil, let header { throw unknownLayout(header.record) }
        if let last = builder.finish() {
            try count(upTo: last.line)
            workouts.append(last)
        }
        return workouts
    }

    private mutating func drain(isLast: Bool) throws(TrainingLog.Fault) -> [TrainingLog.Workout] {
        var workouts: [TrainingLog.Workout] = []
        while let finding = records.next(isLast: isLast) {
            do throws(TrainingLog.Fault) {
                switch finding {
                case .record(let record): if let done = try take(record) { workouts.append(done) }
                case .unended(let line):
                    throw TrainingLog.Fault(line: line, code: .unendedRow, detail: "a quoted field does not end")
                }
            } catch {
                try note(error)
            }
        }
        return workouts
    }

    private mutating func note(_ fault: TrainingLog.Fault) throws(TrainingLog.Fault) {
        if [.unknownLayout, .notText, .tooManyWorkouts].contains(fault.code) { throw fault }
        guard faults.count < limits.faults, !records.isTooFaulty else {
            throw TrainingLog.Fault(
                line: fault.line, code: .tooManyFaults, detail: "too many rows cannot be read")
        }
        faults.append(fault)
    }

    private mutating func take(_ record: CSVRecords.Record) throws(TrainingLog.Fault) -> TrainingLog.Workout? {
        guard record.bytes.contains(where: { $0 > UInt8(ascii: " ") }) else { return nil }
        if rowReader == nil {
            guard try decideLayout(record) else { return nil }
        }
        guard let layout = rowReader?.layout else { return nil }
        guard !record.bytes.contains(0), String(validating: record.bytes, as: UTF8.self) != nil else {
            throw TrainingLog.Fault(line: record.line, code: .invalidValue, detail: "the row is not UTF-8 text")
        }
        let fields = CSVRecords.fields(of: record.bytes, delimiter: layout.delimiter)
        guard let row = try rowReader?.row(record, fields) else { return nil }
        guard builder.hasRoom(for: row) else {
            throw TrainingLog.Fault(
                line: record.line, code: .workoutTooLong,
                detail: "its workout has more than \(limits.workoutRows) rows")
        }
        rows += 1
        guard let done = builder.add(row) else { return nil }
        try count(upTo: record.line)
        return done
    }

    /// Counts a workout that has been read up to a line.
    private mutating func count(upTo line: Int) throws(TrainingLog.Fault) {
        workouts += 1
        guard workouts <= limits.workouts else {
            throw TrainingLog.Fault(
                line: line, code: .tooManyWorkouts, detail: "the file has more than \(limits.workouts) workouts")
        }
    }

    /// Looks at the first one or two records; returns whether this one is data.
    private mutating func decideLayout(_ record: CSVRecords.Record) throws(TrainingLog.Fault) -> Bool {
        if let header {
            let delimiter = LogLayout.delimiter(of: record.bytes)
            let fields = CSVRecords.fields(of: record.bytes, delimiter: delimiter)
            guard let layout = LogLayout(data: fields, header: header.fields, delimiter: delimiter) else {
                throw unknownLayout(header.record)
            }
            use(layout)
            return true
        }
        let bytes = record.bytes
        if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) || bytes.contains(0) {
            throw TrainingLog.Fault(line: 1, code: .notText, detail: "the file is not UTF-8 text")
        }
        let delimiter = LogLayout.delimiter(of: bytes)
        let fields = CSVRecords.fields(of: bytes, delimiter: delimiter)
        if let layout = LogLayout(header: fields, delimiter: delimiter) {
            use(layout)
            return false
        }
        if let layout = LogLayout(data: fields, header: nil, delimiter: delimiter) {
            use(layout)
            return true
        }
        header = (record, fields)
        return false
    }

    private mutating func use(_ layout: LogLayout) {
        records.delimiter = layout.delimiter
        rowReader = LogRowReader(layout: layout)
        builder = LogWorkoutBuilder(app: layout.app, rowLimit: limits.workoutRows)
    }

    private func unknownLayout(_ record: CSVRecords.Record) -> TrainingLog.Fault {
        TrainingLog.Fault(
            line: record.line, code: .unknownLayout, detail: "the columns are those of no Strong or Hevy export")
    }
}
