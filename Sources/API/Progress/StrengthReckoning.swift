import Protocol

/// What sets of one exercise amount to; sets come the earliest first, and of equal ones the first counts.
struct StrengthReckoning {
    let sets: [TrainedSet]

    /// The heaviest weight; nil without any.
    var heaviest: LiftedSet? {
        best(of: sets) { set in
            (set.values.weightGrams ?? 0) > 0 && (set.values.reps ?? 0) > 0 ? set.values.weightGrams : nil
        }
    }

    /// The best estimated 1RM from at most 15 repetitions; nil without any.
    var strongest: LiftedSet? { best(of: sets, by: Self.recordEstimate) }

    /// The estimate in grams that may be a record.
    static func recordEstimate(_ set: TrainedSet) -> Int64? {
        guard let reps = set.values.reps, OneRepMax.makesRecord(reps: reps) else { return nil }
        return set.values.estimatedOneRepMax
    }

    private func best(of sets: [TrainedSet], by value: (TrainedSet) -> Int64?) -> LiftedSet? {
        Self.best(of: sets, by: value).flatMap { LiftedSet($0.set) }
    }

    /// The first set with the highest value.
    static func best(
        of sets: [TrainedSet], by value: (TrainedSet) -> Int64?
    ) -> (set: TrainedSet, value: Int64)? {
        var best: (set: TrainedSet, value: Int64)?
        for set in sets {
            guard let value = value(set), value > best?.value ?? 0 else { continue }
            best = (set, value)
        }
        return best
    }

    /// One session a workout, oldest first.
    var sessions: [StrengthSession] {
        var order: [WorkoutID] = []
        var groups: [WorkoutID: [TrainedSet]] = [:]
        for set in sets {
            if groups[set.workout] == nil { order.append(set.workout) }
            groups[set.workout, default: []].append(set)
        }
        return order.compactMap { workout in
            guard let sets = groups[workout], let first = sets.first else { return nil }
            return StrengthSession(
                workoutId: workout, date: first.date, strongest: StrengthReckoning(sets: sets).strongest,
                heaviestKg: Double(sets.compactMap(\.values.weightGrams).max() ?? 0) / 1000,
                tonnageKg: Double(sets.reduce(0) { $0 + $1.tonnage }) / 1000, workingSets: sets.count,
                reps: Int(sets.reduce(0) { $0 + ($1.values.reps ?? 0) }))
        }
        .sorted { ($0.date, $0.workoutId) < ($1.date, $1.workoutId) }
    }

    /// The heaviest weight lifted at least n times, for n from 1 to 15, as far as there is any.
    var repRecords: [RepRecord] {
        (1...OneRepMax.recordReps).compactMap { least in
            best(of: sets) { set in (set.values.reps ?? 0) >= least ? set.values.weightGrams : nil }
                .map { RepRecord(reps: Int(least), set: $0) }
        }
    }

    /// All records, kind by kind.
    var records: [TrainingRecord] {
        var records: [TrainingRecord] = []
        func add(_ kind: TrainingRecordKind, per unit: Double, _ value: (TrainedSet) -> Int64?) {
            guard let (set, best) = Self.best(of: sets, by: value) else { return }
            records.append(TrainingRecord(kind, Double(best) / unit, set))
        }
        add(.heaviestWeight, per: 1000) { ($0.values.reps ?? 0) > 0 ? $0.values.weightGrams : nil }
        add(.bestEstimatedOneRepMax, per: 1000, Self.recordEstimate)
        records += mostReps
        add(.bestSetTonnage, per: 1000, \.tonnage)
        if let session = bestSession { records.append(session) }
        add(.longest, per: 1000, \.values.durationMilliseconds)
        add(.farthest, per: 1000, \.values.distanceMillimeters)
        return records
    }

    /// The most repetitions at each weight, the heaviest first, without weights that a heavier one matches; at most 20.
    ///
    /// Sets without weight are one of the weights: what counts in push-ups.
    private var mostReps: [TrainingRecord] {
        var bests: [Int64: (set: TrainedSet, reps: Int64)] = [:]
        for set in sets {
            guard let reps = set.values.reps, reps > 0 else { continue }
            let weight = set.values.weightGrams ?? 0
            if reps > bests[weight]?.reps ?? 0 { bests[weight] = (set, reps) }
        }
        var most: Int64 = 0
        var records: [TrainingRecord] = []
        for (_, best) in bests.sorted(by: { $0.key > $1.key }) where best.reps > most && records.count < 20 {
            most = best.reps
            records.append(TrainingRecord(.mostReps, Double(best.reps), best.set))
        }
        return records
    }

    private var bestSession: TrainingRecord? {
        var totals: [WorkoutID: Int64] = [:]
        var best: (workout: WorkoutID, tonnage: Int64)?
        for set in sets { totals[set.workout, default: 0] += set.tonnage }
        for set in sets {
            guard let tonnage = totals[set.workout], tonnage > best?.tonnage ?? 0 else { continue }
            best = (set.workout, tonnage)
        }
        guard let best, let last = sets.last(where: { $0.workout == best.workout && $0.tonnage > 0 }) else {
            return nil
        }
        return TrainingRecord(.bestSessionTonnage, Double(best.tonnage) / 1000, last)
    }
}

extension TrainingRecord {
    fileprivate init(_ kind: TrainingRecordKind, _ value: Double, _ set: TrainedSet) {
        self.init(
            kind: kind, value: value, setId: set.id, workoutId: set.workout,
            weightKg: set.values.weightGrams.map { Double($0) / 1000 }, reps: set.values.reps.map { Int($0) },
            achievedAt: set.loggedAt,
            isUnsure: kind == .bestEstimatedOneRepMax && OneRepMax.isUnsure(reps: set.values.reps ?? 0))
    }
}

extension LiftedSet {
    /// nil for a set without weight or repetitions.
    init?(_ set: TrainedSet) {
        guard let grams = set.values.weightGrams, grams > 0, let reps = set.values.reps, reps > 0 else { return nil }
        self.init(
            setId: set.id, workoutId: set.workout, weightKg: Double(grams) / 1000, reps: Int(reps),
            achievedAt: set.loggedAt, estimates: OneRepMaxEstimates(grams: grams, reps: reps))
    }
}

extension OneRepMaxEstimates {
    init(grams: Int64, reps: Int64) {
        self.init(
            epleyKg: Double(OneRepMax.epley(weightGrams: grams, reps: reps)) / 1000,
            brzyckiKg: OneRepMax.brzycki(weightGrams: grams, reps: reps).map { Double($0) / 1000 },
            lombardiKg: Double(OneRepMax.lombardi(weightGrams: grams, reps: reps)) / 1000,
            isUnsure: OneRepMax.isUnsure(reps: reps))
    }
}
