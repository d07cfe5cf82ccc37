import Protocol

/// One workout as it would have been lifted: ops that the real rules decide, one after the other.
struct SeedWorkout: Sendable {
    let id: WorkoutID
    let athlete: UserID
    private(set) var state = WorkoutState()
    private(set) var events: [(event: WorkoutEvent, fingerprint: UInt64)] = []
    private let baseline: RecordBaseline
    private var random: SeedRandom
    private var clock: Timestamp

    /// - Throws: what the rules refuse, which would be a mistake of this tool.
    init(
        _ slot: SeedPlan.Slot, of athlete: SeedAthlete, named name: String, _ random: SeedRandom
    ) throws(Refusal) {
        self.random = random
        id = UUIDv7.make(at: slot.startsAt, using: &self.random)
        self.athlete = athlete.id
        baseline = athlete.baseline
        clock = slot.startsAt
        events.reserveCapacity(slot.sets + 8)
        try decide(.start(WorkoutDetails(name: name)))
        try lift(slot.sets, athlete)
        clock = clock + .seconds(Int.random(in: 60...400, using: &self.random))
        if self.random.isTrue(0.02) {
            try decide(.abandon)
        } else {
            try decide(
                .complete(rpeTenths: athlete.givesRPE ? Int64.random(in: 12...19, using: &self.random) * 5 : nil))
        }
    }

    private mutating func decide(_ action: WorkoutAction, _ exercise: ExerciseFacts? = nil) throws(Refusal) {
        let op = WorkoutOp(id: UUIDv7.make(at: clock, using: &random), at: clock, action: action)
        let context = RuleContext(
            epoch: 1, lastSeq: Int64(events.count), now: clock, exercise: exercise, baseline: baseline)
        events.append((try state.decide(op, context), op.fingerprint))
    }

    private mutating func lift(_ sets: Int, _ athlete: SeedAthlete) throws(Refusal) {
        let movements = athlete.today
        var left = sets
        for (place, movement) in movements.enumerated() where left > 0 {
            let entry = UUIDv7.make(at: clock, using: &random)
            clock = clock + .seconds(Int.random(in: 20...90, using: &random))
            try decide(
                .addEntry(EntryDetails(id: entry, exerciseId: movement.exercise.facts.id, restMilliseconds: 120_000)),
                movement.exercise.facts)
            let isLast = place == movements.count - 1
            let count =
                isLast ? left : min(left, max(2, sets / movements.count + Int.random(in: -1...1, using: &random)))
            let warmups = place < 2 && count > 3 ? count > 5 ? 2 : 1 : 0
            let best = athlete.oneRepMax(movement) * random.normal(0.97, 0.02)
            for set in 0..<count {
                clock = clock + .seconds(Int.random(in: 70...210, using: &random))
                let values = values(
                    movement, best, warmup: set < warmups ? set + 1 : nil, set - warmups, givesRPE: athlete.givesRPE)
                try decide(.logSet(UUIDv7.make(at: clock, using: &random), entry: entry, values))
            }
            left -= count
        }
    }

    private mutating func values(
        _ movement: SeedAthlete.Movement, _ best: Double, warmup: Int?, _ number: Int, givesRPE: Bool
    ) -> SetValues {
        switch movement.exercise.measure {
        case .time: return SetValues(durationMilliseconds: Int64.random(in: 30...90, using: &random) * 1000)
        case .distance:
            let minutes = Int64.random(in: 5...30, using: &random)
            return SetValues(
                durationMilliseconds: minutes * 60_000,
                distanceMillimeters: minutes * Int64.random(in: 120...220, using: &random) * 1000)
        case .bodyWeight:
            return SetValues(
                reps: Int64(max(1, movement.reps + Int.random(in: -2...6, using: &random) - max(0, number))))
        case .load(_, let step):
            if let warmup {
                return SetValues(
                    type: .warmup, weightGrams: rounded(best * (0.35 + 0.2 * Double(warmup)), step), reps: 8)
            }
            // Fatigue takes repetitions; the load stays.
            let reps = max(1, movement.reps - (number > 1 ? Int.random(in: 0...1, using: &random) : 0))
            let weight = rounded(best * 0.95 / (1 + Double(movement.reps) / 30), step)
            let rpe = givesRPE ? min(100, 70 + Int64(number) * 5 + 5 * Int64.random(in: 0...2, using: &random)) : nil
            return SetValues(weightGrams: weight, reps: Int64(reps), rpeTenths: rpe)
        }
    }

    private func rounded(_ grams: Double, _ step: Int64) -> Int64 {
        max(step, Int64((grams / Double(step)).rounded()) * step)
    }
}
