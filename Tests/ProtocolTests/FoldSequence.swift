import Protocol
import TestKit

/// A workout of random ops, the same for the same seed on every machine.
struct FoldSequence {
    struct Step {
        let event: WorkoutEvent
        let hash: String
    }

    private(set) var state = WorkoutState()
    private(set) var steps: [Step] = []
    private var random: SplitMix64
    private var epoch: Int64 = 1
    private var now: Timestamp
    private var baseline = RecordBaseline()
    private var bodyWeightGrams: Int64?
    private var entryIds: [EntryID] = []
    private var setIds: [SetID] = []

    init(seed: UInt64) {
        random = SplitMix64(state: seed)
        now = Timestamp(milliseconds: 1_700_000_000_000 + Int64(seed) * 86_400_000)
        for facts in Self.library where random.chance(in: 2) {
            baseline.bests[facts.id] = .init(weightGrams: 80_000, estimatedOneRepMaxGrams: 95_000)
        }
        bodyWeightGrams = random.chance(in: 4) ? nil : Int64.random(in: 40_000...150_000, using: &random)
        if random.chance(in: 4) { take(.plan(WorkoutDetails(name: "Push 💪", plannedFor: "2023-11-20"))) }
        take(.start(WorkoutDetails(name: random.chance(in: 2) ? "Früh am Morgen" : nil)))
        let length = Int.random(in: 5...18, using: &random)
        for _ in 0..<length { take(randomAction()) }
        if random.chance(in: 2) { take(.complete(rpeTenths: random.chance(in: 2) ? 85 : nil)) }
        for _ in 0..<3 { take(lateAction()) }
        if random.chance(in: 5) { take(.delete) }
    }

    private static let library: [ExerciseFacts] = [
        facts(1, "Bench Press", ["chest"], ["triceps", "shoulders"]),
        facts(2, "Squat", ["quadriceps"], ["glutes", "hamstrings"]),
        facts(3, "Pull-Up", ["lats"], ["biceps"], share: 0.95),
        facts(4, "Plank", ["abdominals"], []),
    ]

    private static func facts(
        _ number: UInt64, _ name: String, _ first: [String], _ second: [String], share: Double? = nil
    ) -> ExerciseFacts {
        let id = UUIDv7.stamped(Timestamp(milliseconds: 1_600_000_000_000), random: number, tail: number)
        return ExerciseFacts(
            id: id, name: name, primaryMuscles: first, secondaryMuscles: second, bodyWeightShare: share)
    }

    /// Decides one op; a refused one leaves no step.
    private mutating func take(_ action: WorkoutAction) {
        now = now + .milliseconds(Int64.random(in: 1...180_000, using: &random))
        if random.chance(in: 12) { epoch += 1 }
        // Mostly just now, at times late (an outbox after a tunnel) or from a clock that runs ahead.
        // Rests more often, so that another device's come late.
        let isLate = random.chance(in: action.kind == .restStart || action.kind == .restSkip ? 3 : 8)
        let lag: Int64 = isLate ? Int64.random(in: -90_000...900_000, using: &random) : 40
        let op = WorkoutOp(id: newID(), at: now - .milliseconds(lag), action: action)
        var context = RuleContext(
            epoch: epoch, lastSeq: steps.last?.event.seq ?? 0, now: now, bodyWeightGrams: bodyWeightGrams,
            baseline: baseline)
        if case .addEntry(let details) = action {
            context.exercise = Self.library.first { $0.id == details.exerciseId }
        }
        if case .complete = action { context.isAutomatic = random.chance(in: 4) }
        guard let event = try? state.decide(op, context) else { return }  // refused: nothing changed, no event
        steps.append(Step(event: event, hash: state.stateHash))
        switch event.action {
        case .addEntry(let details): entryIds.append(details.id)
        case .logSet(let id, _, _): setIds.append(id)
        default: break
        }
    }

    private mutating func newID() -> UUIDv7 { UUIDv7.make(at: now, using: &random) }

    private mutating func randomAction() -> WorkoutAction {
        if entryIds.isEmpty { return newEntry() }
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<16: return newSet()
        case 16..<20: return newEntry()
        case 20..<24: return .startRest(milliseconds: Int64.random(in: 1000...240_000, using: &random))
        case 24: return .skipRest
        case 25, 26: return .pause
        case 27, 28: return .resume
        case 29: return .update(WorkoutDetails(name: "Leg day \"B\"", visibility: .private))
        case 30: return .abandon
        default: return lateAction()
        }
    }

    /// What is allowed after the end too.
    private mutating func lateAction() -> WorkoutAction {
        guard let entry = entryIds.randomElement(using: &random) else { return newEntry() }
        let set = setIds.randomElement(using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0, 1: return set.map { .updateSet($0, randomValues()) } ?? newSet()
        case 2: return set.map { .deleteSet($0) } ?? newSet()
        case 3:
            let target = random.chance(in: 2) ? entry : nil
            return .note(entry: target, text: "Schulter zwickt", isShared: random.chance(in: 2))
        case 4: return .updateEntry(EntryDetails(id: entry, supersetGroup: 1, restMilliseconds: 90_500))
        case 5: return .reorderEntries(Array(entryIds.shuffled(using: &random).prefix(2)))
        case 6 where random.chance(in: 2): return .removeEntry(entry)
        default: return newSet()
        }
    }

    private mutating func newEntry() -> WorkoutAction {
        let id = newID()
        guard random.chance(in: 5) else {
            let exercise = Self.library[Int.random(in: 0..<Self.library.count, using: &random)]
            return .addEntry(EntryDetails(id: id, exerciseId: exercise.id, restMilliseconds: 120_000))
        }
        return .addEntry(EntryDetails(id: id, name: "Farmer’s walk – schwer"))
    }

    private mutating func newSet() -> WorkoutAction {
        guard let entry = entryIds.randomElement(using: &random) else { return newEntry() }
        let id = newID()
        return .logSet(id, entry: entry, randomValues())
    }

    private mutating func randomValues() -> SetValues {
        let type = random.chance(in: 4) ? SetType.allCases[Int.random(in: 0..<11, using: &random)] : .normal
        if random.chance(in: 6) {
            return SetValues(
                type: type, durationMilliseconds: Int64.random(in: 0...90_000, using: &random),
                distanceMillimeters: random.chance(in: 2) ? Int64.random(in: 0...400_000, using: &random) : nil)
        }
        return SetValues(
            type: type, weightGrams: random.chance(in: 6) ? nil : Int64.random(in: 0...440, using: &random) * 625,
            reps: Int64.random(in: 0...20, using: &random),
            rpeTenths: random.chance(in: 3) ? Int64.random(in: 2...20, using: &random) * 5 : nil,
            rir: random.chance(in: 4) ? Int64.random(in: 0...10, using: &random) : nil,
            side: random.chance(in: 6) ? (random.chance(in: 2) ? .left : .right) : nil)
    }
}
