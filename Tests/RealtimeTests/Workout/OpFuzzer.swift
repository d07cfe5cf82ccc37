import Protocol
import TestKit

/// Random ops of an athlete with two devices: valid ones, invalid ones, repeats, and some that come out of order.
struct OpFuzzer {
    private var random: SplitMix64
    private var time: Timestamp
    private var entries: [EntryID] = []
    private var sets: [SetID] = []

    init(seed: UInt64, now: Timestamp) {
        random = SplitMix64(state: seed)
        time = now - .seconds(7200)
    }

    /// The ops in the order in which the room meets them.
    mutating func ops() -> [WorkoutOp] {
        var ops = [op(.start(WorkoutDetails(name: "Fuzz")))]
        for _ in 0..<Int.random(in: 4...16, using: &random) { ops.append(op(action())) }
        if random.chance(in: 3) { ops.append(op(.complete(rpeTenths: 80))) }
        for _ in 0..<2 { ops.append(op(action())) }
        if random.chance(in: 12) { ops.append(op(.delete)) }
        // Two devices: some ops arrive later than those made after them.
        for _ in 0..<2 where random.chance(in: 2) {
            let from = Int.random(in: 1..<ops.count, using: &random)
            let to = Int.random(in: 1..<ops.count, using: &random)
            ops.insert(ops.remove(at: from), at: to)
        }
        // Repeats of what was sent before, as after a lost answer.
        for _ in 0..<3 { ops.append(ops[Int.random(in: 0..<ops.count, using: &random)]) }
        return ops
    }

    private mutating func op(_ action: WorkoutAction) -> WorkoutOp {
        time = time + .milliseconds(Int64.random(in: 0...90_000, using: &random))
        let skew = random.chance(in: 10) ? Int64.random(in: -600_000...600_000, using: &random) : 0
        return WorkoutOp(id: id(), at: time + .milliseconds(skew), action: action)
    }

    private mutating func id() -> UUIDv7 { UUIDv7.make(at: time, using: &random) }

    private mutating func action() -> WorkoutAction {
        switch Int.random(in: 0..<30, using: &random) {
        case 0..<12: return newSet()
        case 12..<16: return newEntry()
        case 16: return .startRest(milliseconds: Int64.random(in: 0...200_000, using: &random))
        case 17: return .skipRest
        case 18: return .pause
        case 19: return .resume
        case 20, 21: return known(sets).map { .updateSet($0, values()) } ?? newEntry()
        case 22: return known(sets).map { .deleteSet($0) } ?? newEntry()
        case 23: return known(entries).map { .removeEntry($0) } ?? newEntry()
        case 24: return .reorderEntries(entries.shuffled(using: &random).prefix(3).map(\.self))
        case 25: return .note(entry: known(entries), text: "note", isShared: random.chance(in: 2))
        case 26: return .update(WorkoutDetails(name: random.chance(in: 3) ? "" : "Renamed", visibility: .friends))
        case 27: return known(entries).map { .updateEntry(EntryDetails(id: $0, supersetGroup: 3)) } ?? newEntry()
        case 28: return .logSet(id(), entry: id(), values())
        default: return .updateSet(id(), values())
        }
    }

    private mutating func known(_ ids: [UUIDv7]) -> UUIDv7? { ids.randomElement(using: &random) }

    private mutating func newEntry() -> WorkoutAction {
        let entry = id()
        entries.append(entry)
        let exercise = random.chance(in: 2) ? LiveTestServer.bench.id : LiveTestServer.squat.id
        return .addEntry(
            random.chance(in: 4)
                ? EntryDetails(id: entry, name: "Sled") : EntryDetails(id: entry, exerciseId: exercise))
    }

    private mutating func newSet() -> WorkoutAction {
        guard let entry = known(entries) else { return newEntry() }
        let set = id()
        sets.append(set)
        return .logSet(set, entry: entry, values())
    }

    /// One set in eight is out of bounds.
    private mutating func values() -> SetValues {
        SetValues(
            type: SetType.allCases[Int.random(in: 0..<SetType.allCases.count, using: &random)],
            weightGrams: random.chance(in: 5) ? nil : Int64.random(in: 0...1_140_000, using: &random),
            reps: Int64.random(in: 0...15, using: &random),
            rpeTenths: random.chance(in: 3) ? Int64.random(in: 2...20, using: &random) * 5 : nil)
    }
}
