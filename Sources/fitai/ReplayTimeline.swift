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
        name = TrainingLog.cleaned(workout.name, limit: 100) ?? "Workout"
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
            let title = TrainingLog.cleaned(exercise.name, limit: 100) ?? "Exercise"
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
        let scaled = max(1, Int64(clamping: rest / .milliseconds(1) / speed))
        add(.startRest(milliseconds: scaled), at: time, "    rest \(rest.components.seconds) s")
    }

    private mutating func add(note: String, _ entry: EntryID, at time: Duration) {
        guard let text = TrainingLog.cleaned(note, limit: 2000, keepsLines: true) else { return }
        add(.note(entry: entry, text: text, isShared: false), at: time, "    note")
    }

    /// False when the rules take no such set.
    private mutating func add(
        _ logged: TrainingLog.LoggedSet, _ title: String, _ entry: EntryID, unit: TrainingLog.WeightUnit?,
        at time: Duration
    ) -> Bool {
        let values = SetValues(logged, weightUnit: unit)
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
}

extension SetValues {
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
