/// Where an import stands.
public enum ImportStatus: String, Codable, Sendable, CaseIterable {
    case queued, running, completed
    /// It ended before the file's end; what had been imported by then stays.
    case failed
}

/// An import of a training log of another app.
public struct WorkoutImport: Codable, Hashable, Sendable {
    public var id: WorkoutImportID
    public var status: ImportStatus
    /// Nothing was changed; the report says what would be.
    public var isDryRun: Bool
    public var sizeBytes: Int
    /// How much of the file has been worked on.
    public var doneBytes: Int
    public var createdAt: Timestamp
    public var finishedAt: Timestamp?
    /// Why it failed, in a sentence.
    public var failure: String?
    public var report: ImportReport

    public init(
        id: WorkoutImportID, status: ImportStatus, isDryRun: Bool, sizeBytes: Int, doneBytes: Int,
        createdAt: Timestamp, finishedAt: Timestamp?, failure: String?, report: ImportReport
    ) {
        self.id = id
        self.status = status
        self.isDryRun = isDryRun
        self.sizeBytes = sizeBytes
        self.doneBytes = doneBytes
        self.createdAt = createdAt
        self.finishedAt = finishedAt
        self.failure = failure
        self.report = report
    }
}

/// What an import did, or would do; the lists are cut at a length, the counts are not.
public struct ImportReport: Codable, Hashable, Sendable {
    /// The app that wrote the file: `strong` or `hevy`; null until its columns have been read.
    public var app: String?
    /// Rows of data that could be read, rests and repeated rows included.
    public var rows = 0
    public var repeatedRows = 0
    public var workouts = ImportCounts()
    public var sets = ImportCounts()
    /// Lines that were refused or taken in part.
    public var remarkedLines = 0
    /// In the order in which the file names them first.
    public var exercises: [ImportedExercise] = []
    /// In the file's order.
    public var items: [ImportedWorkout] = []
    /// In the file's order.
    public var lines: [ImportedLine] = []
    /// Whether one of the lists was cut.
    public var isCut = false

    public init() {}
}

/// How many were imported, and how many were not.
public struct ImportCounts: Codable, Hashable, Sendable {
    public var created = 0
    /// Known before and changed by the file.
    public var updated = 0
    /// Known before and left as they are.
    public var unchanged = 0
    public var refused = 0

    public init() {}
}

/// What became of a workout of the file.
public enum ImportOutcome: String, Codable, Sendable, CaseIterable {
    case created, updated, unchanged, refused
    /// It was imported once and deleted here since: it stays deleted.
    case deleted
}

public struct ImportedWorkout: Codable, Hashable, Sendable {
    /// The line of its first row.
    public var line: Int
    public var name: String
    public var startedAt: Timestamp
    public var outcome: ImportOutcome
    /// Null in a dry run for a workout that would be created, and for refused ones.
    public var workoutId: WorkoutID?
    /// Its sets in the file that can be imported.
    public var sets: Int

    public init(
        line: Int, name: String, startedAt: Timestamp, outcome: ImportOutcome, workoutId: WorkoutID?, sets: Int
    ) {
        self.line = line
        self.name = name
        self.startedAt = startedAt
        self.outcome = outcome
        self.workoutId = workoutId
        self.sets = sets
    }
}

/// What an exercise of the file stands for here.
public enum ImportedExerciseOutcome: String, Codable, Sendable, CaseIterable {
    /// One of the library or of the user's own.
    case matched
    /// It was made as one of the user's own.
    case created
    /// It stands in the workouts by its name alone.
    case named
}

public struct ImportedExercise: Codable, Hashable, Sendable {
    /// As the file has it.
    public var name: String
    public var outcome: ImportedExerciseOutcome
    public var exerciseId: ExerciseID?
    public var exerciseName: String?

    public init(
        name: String, outcome: ImportedExerciseOutcome, exerciseId: ExerciseID?, exerciseName: String?
    ) {
        self.name = name
        self.outcome = outcome
        self.exerciseId = exerciseId
        self.exerciseName = exerciseName
    }
}

/// What there is to say of one line.
public struct ImportedLine: Codable, Hashable, Sendable {
    /// Counted from 1.
    public var line: Int
    /// Whether the line was left out; otherwise only a part of it was.
    public var isRefused: Bool
    /// Stable, such as `invalidValue`, `unitRequired` or `timeInFuture`.
    public var code: String
    /// A sentence for a person.
    public var detail: String

    public init(line: Int, isRefused: Bool, code: String, detail: String) {
        self.line = line
        self.isRefused = isRefused
        self.code = code
        self.detail = detail
    }
}
