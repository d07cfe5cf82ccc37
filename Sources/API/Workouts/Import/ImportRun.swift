import Crypto
import Foundation
import Protocol
import Realtime
import Store

/// What imports work with.
struct ImportTools: Sendable {
    let store: ImportStore
    let rooms: Rooms
    let exercises: Exercises
    let live: LiveHooks
    /// How many workouts are looked at together; tests make it small.
    var workoutsAtOnce = 40
}

/// Puts one log into a user's history: read piece by piece, a transaction a workout.
///
/// A workout is known again by its app, local start and title. A known one with the same sets is left alone; one whose
/// sets the file tells otherwise is changed through its room: sets that are new are added, and sets that nobody changed
/// here since take the file's values. Nothing is ever taken away, and what was deleted here stays deleted. So an import
/// that ended in the middle is begun again from the start and doubles nothing.
struct ImportRun {
    private let tools: ImportTools
    private let id: WorkoutImportID
    private let user: UserID
    private let options: ImportOptions
    private let clock: ImportClock
    private var exercises: ImportExercises
    /// How many more workouts the user may have.
    private var left: Int
    /// How often each workout has come in this file.
    private var occurrences: [[UInt8]: Int] = [:]
    private(set) var report = ImportReportBuilder()
    /// Asked before each workout; throws when the import is to end where it is.
    private let checkGoesOn: @Sendable () async throws -> Void

    init(
        _ tools: ImportTools, id: WorkoutImportID, user: UserID, options: ImportOptions, at time: Timestamp,
        checkGoesOn: @escaping @Sendable () async throws -> Void
    ) async throws {
        self.checkGoesOn = checkGoesOn
        self.tools = tools
        self.id = id
        self.user = user
        self.options = options
        left = try await tools.rooms.workoutsLeft(of: user)
        clock = try ImportClock(zone: options.timeZone, now: time)
        exercises = try await ImportExercises(
            tools.exercises, live: tools.live, user: user, id: id, options: options,
            bodyWeightGrams: tools.rooms.bodyWeightGrams(of: user))
    }

    /// Imports the file; `progress` hears after each piece how many bytes are done.
    ///
    /// Throws `TrainingLog.Fault` when the file cannot be read on.
    mutating func run(
        _ file: ImportFile, progress: (Int, ImportReport) async throws -> Void = { _, _ in }
    ) async throws {
        var reader = TrainingLogReader(limits: ImportScan.limits)
        var waiting: [TrainingLog.Workout] = []
        var offset = 0
        while true {
            let piece = try await file.piece(offset)
            offset += piece.count
            waiting += try piece.isEmpty ? reader.finish() : reader.read(piece)
            while waiting.count >= tools.workoutsAtOnce || piece.isEmpty && !waiting.isEmpty {
                try await take(Array(waiting.prefix(tools.workoutsAtOnce)), reader.layout)
                waiting.removeFirst(min(tools.workoutsAtOnce, waiting.count))
                report.read(reader)
                try await progress(offset, report.value)
            }
            if piece.isEmpty { break }
        }
        report.read(reader)
        report.add(reader.faults)
    }

    private mutating func take(_ logs: [TrainingLog.Workout], _ layout: TrainingLog.Layout?) async throws {
        // Others are made meanwhile, by other imports too.
        if !options.isDryRun { left = try await tools.rooms.workoutsLeft(of: user) }
        let app = layout?.app ?? .strong
        report.add(try await exercises.decide(logs.flatMap { $0.exercises.map(\.name) }))
        let keys = logs.map { key(of: $0, app) }
        var known = try await tools.store.sources(keys, of: user)
        for (log, key) in zip(logs, keys) {
            try await checkGoesOn()
            let id = known[key]?.workout ?? WorkoutID.make(at: clock.moment(log.start))
            let workout = LoggedWorkout(log, id: id, options: options, clock: clock, exercises: exercises)
            report.add(workout)
            if workout.isEmpty {
                report.add(workout, .refused, nil)
            } else if let source = known[key] {
                try await meet(workout, source, key)
            } else {
                known[key] = try await create(workout, id, key)
            }
        }
    }

    /// What names a workout of a log for ever.
    ///
    /// Rows that come again behind other workouts make a workout of their own: of equal ones the place counts as well.
    private mutating func key(of log: TrainingLog.Workout, _ app: TrainingLog.Layout.App) -> [UInt8] {
        let name = "\(app.rawValue)\n\(log.start)\n\(log.name)"
        let first = Array(SHA256.hash(data: Data(name.utf8)))
        let place = occurrences[first, default: 0]
        occurrences[first] = place + 1
        return place == 0 ? first : Array(SHA256.hash(data: Data("\(name)\n\(place)".utf8)))
    }

    /// Answers what is known of the workout from now on.
    private mutating func create(
        _ workout: LoggedWorkout, _ workoutId: WorkoutID, _ key: [UInt8]
    ) async throws -> ImportStore.Source? {
        guard left > 0 else {
            report.refuse(workout.log.line, "limitReached", "At most \(WorkoutLoader.mostWorkouts) workouts.")
            return nil
        }
        left -= 1
        guard !options.isDryRun else {
            report.add(workout, .created, nil)
            return nil
        }
        let base = BaseWorkout(id: workoutId, athlete: user, state: workout.state)
        let hash = workout.contentHash
        if try await tools.store.insert(base, key: key, contentHash: hash, by: id) {
            tools.rooms.trainingChanged(of: user)
            report.add(workout, .created, workoutId)
            return ImportStore.Source(workout: workoutId, contentHash: hash, importId: id, isDeleted: false)
        }
        // Another import of the same log was first.
        guard let source = try await tools.store.sources([key], of: user)[key] else { return nil }
        let again = LoggedWorkout(
            workout.log, id: source.workout, options: options, clock: clock, exercises: exercises)
        try await meet(again, source, key)
        return source
    }

    /// A workout that was imported before.
    private mutating func meet(
        _ workout: LoggedWorkout, _ source: ImportStore.Source, _ key: [UInt8]
    ) async throws {
        if source.isDeleted { return report.add(workout, .deleted, nil) }
        let isAsTold = source.contentHash == workout.contentHash
        if isAsTold, source.importId != id { return report.add(workout, .unchanged, source.workout) }
        let states = try await WorkExecutor.outside { try await tools.rooms.storedStates(of: [source.workout]) }
        guard let state = states[source.workout] else { return report.add(workout, .deleted, nil) }
        let merge = WorkoutMerge(of: workout, into: state, by: id)
        if isAsTold {
            // What this very import made or changed before it was interrupted is its own work.
            let done = try await tools.store.effective(merge.setOps, in: source.workout)
            if done.isEmpty { return report.add(workout, .created, source.workout) }
            report.add(workout, merge.counts(done: done), source.workout)
        } else if options.isDryRun {
            report.add(workout, merge.counts(done: Set(merge.ops.map(\.id))), source.workout)
        } else {
            try await apply(merge, of: workout, to: source, key)
        }
    }

    private mutating func apply(
        _ merge: WorkoutMerge, of workout: LoggedWorkout, to source: ImportStore.Source, _ key: [UInt8]
    ) async throws {
        // Until all is done the workout is as no log tells: whichever comes next has to look at it.
        if !merge.ops.isEmpty {
            try await tools.store.update(source, key: key, of: user, contentHash: [], by: source.importId)
        }
        var refused: Set<OpID> = []
        var isAsTold = true
        for op in merge.ops {
            do throws(Refusal) {
                let answer = try await WorkExecutor.outside { () throws(Refusal) in
                    try await tools.rooms.submit(op, to: source.workout, by: user)
                }
                // This import did that before, and another one has changed the set since.
                if answer.isRepeat { isAsTold = false }
            } catch {
                switch error.code {
                case .deleted, .noSuchRoom: return report.add(workout, .deleted, nil)
                case _ where error.code.isTemporary: throw Problem(error)
                // Another import has just added it.
                case .idTaken: isAsTold = false
                default:
                    refused.insert(op.id)
                    report.refuse(workout.log.line, error.code.rawValue, error.message)
                }
            }
        }
        let done = try await tools.store.effective(merge.setOps, in: source.workout)
        try await tools.store.update(
            source, key: key, of: user, contentHash: isAsTold ? workout.contentHash : [],
            by: done.isEmpty ? source.importId : id)
        report.add(workout, merge.counts(done: done, refused: refused), source.workout)
    }
}
