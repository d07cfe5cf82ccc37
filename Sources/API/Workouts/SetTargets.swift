import Protocol

/// Turns a template's targets into those of one workout: by the rule of progression, the 1RM and the last time.
struct SetTargets: Sendable {
    /// One past session of an exercise: its working sets in the order they were done.
    struct Session: Sendable {
        let at: Timestamp
        var sets: [(weightGrams: Int64?, reps: Int64?)]
    }

    /// What is known of the athlete with an exercise.
    struct Past: Sendable {
        /// The latest last.
        var sessions: [Session] = []
        /// The current estimated 1RM.
        var oneRepMaxGrams: Int64?
    }

    let past: Past
    /// What can be loaded.
    let plates: PlateSet

    /// The targets of an exercise's sets, in their order.
    func planned(for exercise: TemplateExercise) -> [PlannedSet] {
        let working = exercise.sets.filter { $0.type.isWorking }
        let proposal = exercise.progression.flatMap { progress($0, working) }
        var place = 0
        return exercise.sets.map { target in
            defer { place += target.type.isWorking ? 1 : 0 }
            return planned(target, proposal, place: place)
        }
    }

    private func planned(_ target: SetTarget, _ proposal: WeightProposal?, place: Int) -> PlannedSet {
        if let weight = target.weightKg {
            return set(target, weight, .template, "The template gives this weight.")
        }
        if let intensity = Self.intensity(of: target) {
            guard let oneRepMax = past.oneRepMaxGrams else {
                let why = "There is no estimated 1RM yet: go by feeling, it will be known next time."
                return set(target, nil, .firstTime, why)
            }
            if let load = intensity.proposal(oneRepMaxGrams: oneRepMax, plates: plates) { return set(target, load) }
        }
        guard target.type.isWorking else {
            return set(target, nil, .template, "A warm-up: choose a light weight.")
        }
        if let proposal { return set(target, proposal) }
        return asLastTime(target, place: place)
    }

    /// What a target says of the load in relation to the athlete's strength.
    private static func intensity(of target: SetTarget) -> IntensityTarget? {
        if let percent = target.percentOfOneRepMax { return .percent(percent) }
        let reps = Int64(target.repsMax ?? target.reps ?? 0)
        guard reps > 0 else { return nil }
        if let rpe = target.rpe { return .rpe(rpe, reps: reps) }
        return target.rir.map { .rpe(10 - Double($0), reps: reps) }
    }

    /// What the rule proposes; nil for movements without weight, for which repetitions tell the progress.
    private func progress(_ rule: ProgressionRule, _ working: [SetTarget]) -> WeightProposal? {
        guard let first = working.first, let low = first.reps else { return nil }
        let isUnloaded = past.sessions.last.map { $0.sets.allSatisfy { $0.weightGrams ?? 0 == 0 } } ?? false
        if isUnloaded { return nil }
        let high = rule.kind == .double ? first.repsMax ?? low : low
        let progression = DoubleProgression(
            reps: Int64(low)...Int64(max(low, high)), sets: working.count,
            incrementGrams: Int64(((rule.incrementKg ?? 2.5) * 1000).rounded()), plates: plates)
        return progression.proposal(after: past.sessions.compactMap(\.heaviest))
    }

    private func asLastTime(_ target: SetTarget, place: Int) -> PlannedSet {
        guard let last = past.sessions.last, let done = last.sets[safely: place] ?? last.sets.last else {
            let why =
                target.reps == nil
                ? "The template gives this target." : "There is no earlier session: find a weight that fits."
            return set(target, nil, target.reps == nil ? .template : .firstTime, why)
        }
        let day = last.at.rfc3339.prefix(10)
        let reps = done.reps.map { " × \($0)" } ?? ""
        guard let grams = done.weightGrams, grams > 0 else {
            return set(target, nil, .lastTime, "Last time, on \(day), without weight\(reps).")
        }
        return set(target, Double(grams) / 1000, .lastTime, "Last time, on \(day): \(grams.kilograms)\(reps).")
    }

    private func set(_ target: SetTarget, _ proposal: WeightProposal) -> PlannedSet {
        set(
            target, proposal.weightGrams.map { Double($0) / 1000 },
            PlannedSet.Reason(rawValue: proposal.reason.rawValue) ?? .intensity, proposal.explanation)
    }

    private func set(
        _ target: SetTarget, _ weightKg: Double?, _ reason: PlannedSet.Reason, _ why: String
    ) -> PlannedSet {
        PlannedSet(
            type: target.type, reps: target.reps, repsMax: target.repsMax, weightKg: weightKg, rpe: target.rpe,
            rir: target.rir, durationSeconds: target.durationSeconds, distanceMeters: target.distanceMeters,
            reason: reason, why: why)
    }
}

extension SetTargets.Session {
    /// The sets at the session's heaviest weight, as the rule looks at them; nil without weights.
    fileprivate var heaviest: DoubleProgression.Session? {
        guard let weight = sets.compactMap(\.weightGrams).max(), weight > 0 else { return nil }
        let reps = sets.filter { $0.weightGrams == weight }.compactMap(\.reps)
        return reps.isEmpty ? nil : DoubleProgression.Session(weightGrams: weight, reps: reps)
    }
}

extension Array {
    fileprivate subscript(safely place: Int) -> Element? { indices.contains(place) ? self[place] : nil }
}

extension Int64 {
    /// Grams as kilograms, without needless decimals.
    fileprivate var kilograms: String {
        isMultiple(of: 1000) ? "\(self / 1000) kg" : "\(Double(self) / 1000) kg"
    }
}
