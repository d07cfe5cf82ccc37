import Crypto
import Foundation
import Protocol

/// A workout of a log, folded by the same rules that a lifted one is, with what they did not take.
///
/// A log tells when a workout began and how long it took, not when each set was done: the sets are spread evenly over
/// that time. Ids follow from the workout's id and from where a set stands, so that reading the log again gives the
/// same ones.
struct LoggedWorkout: Sendable {
    /// A duration beyond this is of a workout that nobody ended; it then ends with its last set, as a live one would.
    static let longestDuration = 12 * 3600
    /// Between two sets when the log has no duration.
    private static let assumedSetSeconds = 60

    let log: TrainingLog.Workout
    let startedAt: Timestamp
    private(set) var state = WorkoutState()
    /// The entry of each set that can be imported, and its values, in the log's order.
    private(set) var sets: [(entry: EntryDetails, id: SetID, values: SetValues)] = []
    private(set) var lines: [ImportedLine] = []
    private(set) var refusedSets = 0

    private let id: WorkoutID
    private let options: ImportOptions
    private let rules: RuleContext

    init(
        _ log: TrainingLog.Workout, id: WorkoutID, options: ImportOptions, clock: ImportClock,
        exercises: ImportExercises
    ) {
        self.log = log
        self.id = id
        self.options = options
        startedAt = clock.moment(log.start)
        rules = RuleContext(
            epoch: 1, lastSeq: 0, now: clock.now, bodyWeightGrams: exercises.bodyWeightGrams)
        var details = WorkoutDetails(name: TrainingLog.cleaned(log.name, limit: 100))
        details.startedAt = startedAt
        guard startedAt <= clock.now else {
            refuseAll("timeInFuture", "the workout begins in the future")
            return
        }
        do throws(Refusal) {
            try admit(.start(details), at: startedAt)
        } catch {
            refuseAll("invalidTime", error.message)
            return
        }
        if let note = log.note { add(note: note, to: nil, line: log.line) }
        addExercises(exercises.choices)
        end()
    }

    /// Whether there is anything to import.
    var isEmpty: Bool { sets.isEmpty }

    /// Of what the log says of the sets; the same for the same sets in the same units.
    var contentHash: [UInt8] {
        var hash = SHA256()
        for set in sets {
            let values = set.values
            var numbers = [
                values.weightGrams, values.reps, values.rpeTenths, values.durationMilliseconds,
                values.distanceMillimeters,
            ].map { $0.map(String.init) ?? "-" }.joined(separator: " ")
            // Only where they are told: what was imported before they could be keeps its hash.
            for mark in [values.side?.rawValue, values.rir.map { "\($0) RIR" }].compactMap(\.self) {
                numbers += " \(mark)"
            }
            hash.update(data: Data("\(set.entry.name ?? "") \(values.type.rawValue) \(numbers)\n".utf8))
        }
        return Array(hash.finalize())
    }

    private mutating func admit(_ action: WorkoutAction, at time: Timestamp) throws(Refusal) {
        // The base is no history: its ops need ids only to be ops.
        try state.admit(WorkoutOp(id: id, at: time, action: action), rules)
    }

    private mutating func addExercises(_ choices: [String: ImportExercises.Choice]) {
        var places: [String: Int] = [:]
        var groups: [Int: Int64] = [:]
        var done = 0
        for exercise in log.exercises {
            let place = places[exercise.name, default: 0]
            places[exercise.name] = place + 1
            let group = exercise.superset.flatMap { superset -> Int64? in
                let group = groups[superset] ?? Int64(groups.count + 1)
                groups[superset] = group
                return group <= 100 ? group : nil
            }
            let choice = choices[exercise.name]
            let details = EntryDetails(
                id: id.derived("entry", place: "\(exercise.name)\n\(place)"), exerciseId: choice?.facts?.id,
                name: TrainingLog.cleaned(exercise.name, limit: 100), supersetGroup: group)
            add(exercise, as: details, choice?.facts, &done)
        }
    }

    /// Adds an exercise with its sets; one without a set that can be imported is left out.
    private mutating func add(
        _ exercise: TrainingLog.Exercise, as details: EntryDetails, _ facts: ExerciseFacts?, _ done: inout Int
    ) {
        var notes = [exercise.note].compactMap { $0 }
        var isAdded = false
        var number = 0
        for item in exercise.items {
            switch item {
            case .note(let text): notes.append(text)
            case .rest(let seconds):
                guard isAdded, seconds > 0 else { continue }
                // A rest that the rules do not take tells nothing that is missed.
                do { try admit(.startRest(milliseconds: Int64(seconds) * 1000), at: moment(of: done)) } catch {
                    continue
                }
            case .set(let logged):
                number += 1
                done += 1
                let set = details.id.derived("set", place: "\(number)")
                isAdded = add(logged, set, to: details, facts, isKnown: isAdded, at: moment(of: done)) || isAdded
            }
        }
        if isAdded, !notes.isEmpty {
            add(note: notes.joined(separator: "\n"), to: details.id, line: exercise.sets.first?.line ?? log.line)
        }
    }

    private mutating func add(
        _ logged: TrainingLog.LoggedSet, _ set: SetID, to entry: EntryDetails, _ facts: ExerciseFacts?, isKnown: Bool,
        at time: Timestamp
    ) -> Bool {
        let values = SetValues(logged, weightUnit: options.unit, distanceUnit: options.distanceUnit)
        if let missing = logged.missingUnit(options) {
            refuse(logged.line, "unitRequired", "the line names no unit of \(missing)")
            return false
        }
        do throws(Refusal) {
            // The set's own rules first: an entry without a set would be nothing.
            if let fault = values.faults.first { throw Refusal(.invalid, "\(fault.member) \(fault.detail)") }
            if !isKnown {
                var context = rules
                context.exercise = facts
                try state.admit(WorkoutOp(id: id, at: startedAt, action: .addEntry(entry)), context)
            }
            try admit(.logSet(set, entry: entry.id, values), at: time)
            sets.append((entry, set, values))
            return true
        } catch {
            refuse(logged.line, error.code == .limitReached ? "limitReached" : "invalidValue", error.message)
            return state.position(ofEntry: entry.id) != nil
        }
    }

    private mutating func add(note text: String, to entry: EntryID?, line: Int) {
        guard let cleaned = TrainingLog.cleaned(text, limit: 2000, keepsLines: true) else { return }
        if text.unicodeScalars.count > 2000 {
            lines.append(
                ImportedLine(
                    line: line, isRefused: false, code: "noteCut", detail: "the note is cut to 2000 characters"))
        }
        do throws(Refusal) { try admit(.note(entry: entry, text: cleaned, isShared: false), at: startedAt) } catch {
            lines.append(ImportedLine(line: line, isRefused: false, code: "noteLeftOut", detail: error.message))
        }
    }

    private mutating func end() {
        let length = log.durationSeconds.flatMap { $0 <= Self.longestDuration ? $0 : nil }
        let end = max(state.lastAt, startedAt + .seconds(length ?? 0))
        // A running workout can always be completed.
        do throws(Refusal) { try admit(.complete(rpeTenths: nil), at: end) } catch {
            preconditionFailure("an active workout could not be completed: \(error.message)")
        }
    }

    /// The time of the n-th set, counted from 1, all of them within the workout.
    private func moment(of number: Int) -> Timestamp {
        let count = log.setCount + 1
        let length = log.durationSeconds.flatMap { $0 > 0 && $0 <= Self.longestDuration ? $0 : nil }
        let span = length ?? Self.assumedSetSeconds * count
        return startedAt + .milliseconds(Int64(span) * 1000 * Int64(number) / Int64(count))
    }

    private mutating func refuse(_ line: Int, _ code: String, _ detail: String) {
        refusedSets += 1
        lines.append(ImportedLine(line: line, isRefused: true, code: code, detail: detail))
    }

    private mutating func refuseAll(_ code: String, _ detail: String) {
        for exercise in log.exercises { for set in exercise.sets { refuse(set.line, code, detail) } }
    }
}

extension TrainingLog.LoggedSet {
    /// What the set measures in a unit that neither file nor caller names.
    fileprivate func missingUnit(_ options: ImportOptions) -> String? {
        if weight ?? 0 > 0, weightUnit == nil, options.unit == nil { return "weight" }
        if distance != nil, distanceUnit == nil, options.distanceUnit == nil { return "distance" }
        return nil
    }
}

extension UUIDv7 {
    /// An id that follows from this one and a place, with the same time.
    func derived(_ purpose: StaticString, place: String) -> UUIDv7 {
        derived(purpose, Int(truncatingIfNeeded: StableHash.of(Array(place.utf8))))
    }
}
