import Protocol
import TestKit

/// What one athlete lifts, dealt out to all of the athlete's devices.
///
/// Each op names only what an earlier one has made, so that devices may wait for each other's ops but never in a circle.
actor LiftPlan {
    private static let opsOfWorkout = 120

    private var random: SplitMix64
    private var workout = WorkoutID.make()
    private var dealt = 0
    private var entries: [EntryID] = []
    private var sets: [SetID] = []

    init(seed: UInt64) { random = SplitMix64(state: seed) }

    /// The next action; one in forty resumes what was never paused, which the server alone can tell and must refuse.
    func next() -> (workout: WorkoutID, action: WorkoutAction) {
        dealt += 1
        if dealt == 1 { return (workout, .start(WorkoutDetails(name: "Drill"))) }
        guard dealt < Self.opsOfWorkout else {
            defer {
                (workout, dealt) = (.make(), 0)
                (entries, sets) = ([], [])
            }
            return (workout, .complete(rpeTenths: 80))
        }
        return (workout, content())
    }

    private func content() -> WorkoutAction {
        guard let entry = entries.randomElement(using: &random), !random.chance(in: 12) else {
            let entry = EntryID.make()
            entries.append(entry)
            return .addEntry(EntryDetails(id: entry, name: "Sled"))
        }
        if random.chance(in: 40) { return .resume }
        let set = sets.randomElement(using: &random)
        switch (random.next() % 10, set) {
        case (0, let set?), (1, let set?): return .updateSet(set, values())
        case (2, let set?): return .deleteSet(set)
        case (3, _): return .startRest(milliseconds: 60_000)
        case (4, _): return .note(entry: entry, text: "heavy", isShared: false)
        default:
            let set = SetID.make()
            sets.append(set)
            return .logSet(set, entry: entry, values())
        }
    }

    private func values() -> SetValues {
        SetValues(
            weightGrams: Int64.random(in: 0...200, using: &random) * 1250,
            reps: Int64.random(in: 1...15, using: &random))
    }
}
