extension TrainingLog {
    /// One session as the file tells it.
    public struct Workout: Hashable, Sendable {
        public let name: String
        /// On the clock of the phone that logged it; the file names no zone.
        public let start: LocalDateTime
        /// From start to end, in seconds; nil when the file has none. Forgotten workouts last for days.
        public let durationSeconds: Int?
        public let note: String?
        public internal(set) var exercises: [Exercise]
        /// The line of its first row.
        public let line: Int
        /// Rows left out because the file has the whole workout more than once.
        public internal(set) var repeatedRows: Int

        /// How many sets it holds.
        public var setCount: Int { exercises.reduce(0) { $0 + $1.sets.count } }
    }

    /// An exercise's place in a workout; the same exercise may stand there again.
    public struct Exercise: Hashable, Sendable {
        public let name: String
        /// Exercises with the same number were lifted in turns.
        public let superset: Int?
        public internal(set) var note: String?
        public internal(set) var items: [Item]

        public var sets: [LoggedSet] {
            items.compactMap { if case .set(let logged) = $0 { logged } else { nil } }
        }
    }

    /// What stands under an exercise, in the file's order.
    public enum Item: Hashable, Sendable {
        case set(LoggedSet)
        /// The rest timer ran for so many seconds.
        case rest(seconds: Int)
        case note(String)
    }

    /// One set; what the file leaves empty is nil, and so is a zero where zero means "not measured".
    public struct LoggedSet: Hashable, Sendable {
        public let type: SetType
        /// In `weightUnit`; 0 means body weight.
        public let weight: Double?
        /// nil when the file does not say: ask, never guess.
        public let weightUnit: WeightUnit?
        public let reps: Int?
        /// In `distanceUnit`.
        public let distance: Double?
        public let distanceUnit: DistanceUnit?
        public let durationSeconds: Int?
        public let rpe: Double?
        /// Of files that were written here; the apps themselves tell neither.
        public let rir: Int64?
        public let side: Side?
        public let line: Int
    }
}
