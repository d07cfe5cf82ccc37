/// A training log exported by another app (Strong, Hevy), read as it stands: nothing guessed, nothing converted.
///
/// `TrainingLogReader` reads one in pieces; `init(reading:)` reads one that is in memory.
public struct TrainingLog: Hashable, Sendable {
    /// What kind of file it is.
    public let layout: Layout
    /// The workouts in the file's order (Hevy writes the newest first).
    public let workouts: [Workout]
    /// The rows that could not be read; they are missing from `workouts`.
    public let faults: [Fault]

    /// Reads a whole file. Throws when it is no training log or has more faults than `Limits` allows.
    public init(reading bytes: some Sequence<UInt8>, limits: Limits = Limits()) throws(Fault) {
        var reader = TrainingLogReader(limits: limits)
        var workouts = try reader.read(bytes)
        workouts += try reader.finish()
        guard let layout = reader.layout else {
            throw Fault(line: 1, code: .unknownLayout, detail: "the file is empty")
        }
        self.layout = layout
        self.workouts = workouts
        faults = reader.faults
    }

    /// Bounds that keep a hostile file from using memory or time without end.
    public struct Limits: Hashable, Sendable {
        /// The largest row, in bytes; a longer one is a fault.
        public var rowBytes: Int
        /// How many faults a file may have; the next one ends the reading.
        public var faults: Int

        /// How many rows one workout may have; those beyond are faults.
        public var workoutRows: Int
        /// How many workouts a file may have; the next one ends the reading.
        public var workouts: Int

        public init(rowBytes: Int = 65536, faults: Int = 1000, workoutRows: Int = 5000, workouts: Int = 50_000) {
            self.rowBytes = rowBytes
            self.faults = faults
            self.workoutRows = workoutRows
            self.workouts = workouts
        }
    }

    /// One row, or the whole file, that could not be read.
    public struct Fault: Error, Hashable, Sendable {
        public enum Code: String, Hashable, Sendable, Codable {
            /// The columns are those of no known export. Ends the reading.
            case unknownLayout
            /// The file is not UTF-8 text. Ends the reading.
            case notText
            /// More faults than the limit. Ends the reading.
            case tooManyFaults
            /// More workouts than the limit. Ends the reading.
            case tooManyWorkouts
            /// A quoted field has no end, or the row is longer than the limit.
            case unendedRow
            /// The row has more or fewer fields than the header.
            case columnCount
            /// A field does not hold what its column is for.
            case invalidValue
            /// A field that every row needs is empty.
            case missingValue
            /// The row's workout has more rows than the limit.
            case workoutTooLong
        }

        /// The line on which the row begins, counted from 1.
        public let line: Int
        public let code: Code
        /// The column's place, counted from 1, when one field is at fault.
        public let column: Int?
        /// One sentence for a person; never the field's own text.
        public let detail: String

        init(line: Int, code: Code, column: Int? = nil, detail: String) {
            self.line = line
            self.code = code
            self.column = column
            self.detail = detail
        }
    }

    /// What a file's columns say about it.
    public struct Layout: Hashable, Sendable {
        public enum App: String, Hashable, Sendable, Codable { case strong, hevy }

        public let app: App
        public let hasHeader: Bool
        /// The unit that holds for the whole file; nil when rows name theirs or the file names none.
        public let weightUnit: WeightUnit?
        public let distanceUnit: DistanceUnit?
        /// Whether each row names its units.
        public let hasUnitColumns: Bool

        public init(
            app: App, hasHeader: Bool = true, weightUnit: WeightUnit? = nil, distanceUnit: DistanceUnit? = nil,
            hasUnitColumns: Bool = false
        ) {
            self.app = app
            self.hasHeader = hasHeader
            self.weightUnit = weightUnit
            self.distanceUnit = distanceUnit
            self.hasUnitColumns = hasUnitColumns
        }
    }

    public enum WeightUnit: String, Hashable, Sendable, Codable, CaseIterable {
        case kg, lb

        /// The weight in whole grams (1 lb = 453.59237 g), rounded to the nearest.
        public func grams(_ weight: Double) -> Int {
            Int((weight * (self == .kg ? 1000 : 453.59237)).rounded())
        }
    }

    public enum DistanceUnit: String, Hashable, Sendable, Codable, CaseIterable {
        case m, km, mi

        /// The distance in meters (1 mi = 1609.344 m).
        public func meters(_ distance: Double) -> Double {
            switch self {
            case .m: distance
            case .km: distance * 1000
            case .mi: distance * 1609.344
            }
        }
    }
}
