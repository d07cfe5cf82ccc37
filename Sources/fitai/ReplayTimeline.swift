import Protocol

/// A logged workout as moments on a clock that begins with it: what to do, and when.
struct ReplayTimeline {
    struct Step {
        /// Since the workout's start, unscaled.
        let after: Duration
        let action: WorkoutAction
        /// For a person.
        let caption: String
    }

    /// A log tells when a workout began and how long it lasted, seldom how long a set took.
    private static let assumedSet = Duration.seconds(40)
    private static let assumedWorkout = Duration.seconds(3600)
    /// Workouts that were forgotten for days are lifted within this time.
    private static let longest = Duration.seconds(4 * 3600)
    /// Shorter pauses get no rest clock.
    private static let shortestRest = Duration.seconds(15)

    let name: String
    private(set) var steps: [Step] = []
    private(set) var duration = Duration.zero
    /// Sets and names that the live rules do not take, said for a person.
    private(set) var leftOut: [String] = []

    /// Spreads the workout's sets over its duration, with the file's rests where it has them.
    ///
    /// `unit`: for sets whose file names none. `match` finds the library's exercise for a name.
    init(
        _ workout: TrainingLog.Workout, unit: TrainingLog.WeightUnit?, speed: Double,
        match: (String) -> ExerciseMatcher.Exercise?
    ) {
        name = Self.cleaned(workout.name) ?? "Workout"
        let length = min(
            workout.durationSeconds.flatMap { $0 > 0 ? .seconds($0) : nil } ?? Self.assumedWorkout, Self.longest)
        let rests = Self.rests(of: workout)
        let total = rests.reduce(0, +)
        let setCount = max(1, workout.setCount)
        // With rests in the file the sets share what is left; without, each pause is the workout's even share.
        let share = max(.seconds(5), (length - .seconds(min(Double(total), length / .seconds(1) * 0.9))) / setCount)
        var clock = Duration.zero
        add(.start(WorkoutDetails(name: name)), at: clock, "▶ \(name), \(workout.setCount) sets")
        for exercise in workout.exercises {
            let entry = EntryID.make()
            let found = match(exercise.name)
            let title = Self.cleaned(exercise.name) ?? "Exercise"
            let details = EntryDetails(
                id: entry, exerciseId: found?.id, name: found == nil ? title : nil,
                supersetGroup: exercise.superset.map { Int64(min(99, max(0, $0)) + 1) })
            add(
                .addEntry(details), at: clock, "  \(title)" + (found.map { " → \($0.name)" } ?? " (not in the library)")
            )
            if let note = exercise.note { add(note: note, entry, at: clock) }
            for item in exercise.items {
                switch item {
                case .set(let logged):
                    clock += total > 0 ? share : min(share, Self.assumedSet)
                    guard add(logged, title, entry, unit: unit, at: clock), total == 0 else { continue }
                    let pause = share - min(share, Self.assumedSet)
                    add(rest: pause, speed: speed, at: clock)
                    clock += pause
                case .rest(let seconds):
                    add(rest: .seconds(seconds), speed: speed, at: clock)
                    clock += .seconds(seconds)
                case .note(let text): add(note: text, entry, at: clock)
                }
            }
        }
        duration = max(clock, length)
        add(.complete(rpeTenths: nil), at: duration, "■ \(name)")
    }

    private mutating func add(_ action: WorkoutAction, at time: Duration, _ caption: String) {
        steps.append(Step(after: time, action: action, caption: caption))
    }

    private mutating func add(rest: Duration, speed: Double, at time: Duration) {
        guard rest >= Self.shortestRest else { return }
        let scaled = max(1, Int64((rest / .milliseconds(1) / speed).rounded()))
        add(.startRest(milliseconds: scaled), at: time, "    rest \(rest.components.seconds) s")
    }

    private mutating func add(note: String, _ entry: EntryID, at time: Duration) {
        guard let text = Self.cleaned(note, limit: 2000, newlines: true) else { return }
        add(.note(entry: entry, text: text, isShared: false), at: time, "    note")
    }

    /// False when the rules take no such set.
    private mutating func add(
        _ logged: TrainingLog.LoggedSet, _ title: String, _ entry: EntryID, unit: TrainingLog.WeightUnit?,
        at time: Duration
    ) -> Bool {
        let values = SetValues(logged, unit: unit)
        if let fault = values.faults.first {
            leftOut.append("line \(logged.line): \(fault.member) \(fault.detail)")
            return false
        }
        add(.logSet(.make(), entry: entry, values), at: time, "    \(title): \(values.caption)")
        return true
    }

    private static func rests(of workout: TrainingLog.Workout) -> [Int] {
        workout.exercises.flatMap(\.items).compactMap { if case .rest(let seconds) = $0 { seconds } else { nil } }
    }

    /// Text within the rules' bounds; nil when nothing is left.
    private static func cleaned(_ text: String, limit: Int = 100, newlines: Bool = false) -> String? {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.value >= 0x20 && scalar.value != 0x7F || newlines && scalar == "\n" {
                scalars.append(scalar)
            } else if scalar != "\r" {
                scalars.append(" ")
            }
            if scalars.count == limit { break }
        }
        let cleaned = String(scalars)
        return cleaned.contains { !$0.isWhitespace } ? cleaned : nil
    }
}

extension SetValues {
    /// The log's set in the wire's units.
    init(_ logged: TrainingLog.LoggedSet, unit: TrainingLog.WeightUnit?) {
        let unit = logged.weightUnit ?? unit
        // A weight without a unit means nothing; a zero is body weight in any.
        let grams = logged.weight.flatMap { weight in weight == 0 ? 0 : unit.map { Int64($0.grams(weight)) } }
        let meters = logged.distance.flatMap { distance in logged.distanceUnit?.meters(distance) }
        self.init(
            type: SetType(rawValue: logged.type.rawValue) ?? .normal, weightGrams: grams,
            reps: logged.reps.map { Int64($0) },
            rpeTenths: logged.rpe.flatMap { (1...10).contains($0) ? Int64(($0 * 2).rounded()) * 5 : nil },
            durationMilliseconds: logged.durationSeconds.map { Int64($0) * 1000 },
            distanceMillimeters: meters.map { Int64(($0 * 1000).rounded()) })
    }

    var caption: String {
        var parts: [String] = []
        if let weightGrams, weightGrams > 0 { parts.append("\(Double(weightGrams) / 1000) kg") }
        if let reps { parts.append("× \(reps)") }
        if let durationMilliseconds { parts.append("\(durationMilliseconds / 1000) s") }
        if let distanceMillimeters { parts.append("\(distanceMillimeters / 1000) m") }
        if let rpeTenths { parts.append("@ \(Double(rpeTenths) / 10)") }
        if type != .normal { parts.append("(\(type.rawValue))") }
        return parts.joined(separator: " ")
    }
}
