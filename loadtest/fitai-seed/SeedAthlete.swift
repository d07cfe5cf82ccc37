import Foundation
import Protocol

/// Somebody with a routine of a few days, who gets stronger, fast at first and slower later.
struct SeedAthlete: Sendable {
    /// One exercise of a routine, with what makes it this athlete's own.
    struct Movement: Sendable {
        let exercise: SeedExercise
        /// The 1RM at the beginning, in grams.
        let startGrams: Double
        let reps: Int
    }

    let id: UserID
    let index: Int
    let isMale: Bool
    /// At the beginning.
    let bodyWeightKg: Double
    let givesRPE: Bool
    /// Movements of each day of the routine, done in turn.
    let days: [[Movement]]
    /// How much stronger the athlete gets in the end, as a share.
    private let gain: Double
    private(set) var sessions = 0
    private(set) var baseline = RecordBaseline()
    /// When the latest workout was over.
    private(set) var lastSessionAt: Timestamp

    init(_ id: UserID, index: Int, since: Timestamp, library: SeedLibrary, seed: UInt64) {
        var random = SeedRandom(seed ^ 0xA7_17_E7E5, part: index)
        self.id = id
        self.index = index
        isMale = random.isTrue(0.6)
        bodyWeightKg = random.normal(isMale ? 83 : 67, 10)
        givesRPE = random.isTrue(0.5)
        gain = 0.25 + 0.5 * random.fraction()
        lastSessionAt = since
        let strength = max(0.5, random.normal(isMale ? 1.15 : 0.75, 0.2))
        var known: Set<Int> = []
        var days: [[Movement]] = []
        for _ in 0..<Int.random(in: 2...4, using: &random) {
            var day: [Movement] = []
            while day.count < 6 {
                let place = library.draw(&random)
                guard known.insert(place).inserted else {
                    // Most popular movements repeat; another draw finds others in the end.
                    if known.count >= library.exercises.count { break }
                    continue
                }
                var start = 0.0
                if case .load(let kg, _) = library.exercises[place].measure { start = kg * 1000 * strength }
                day.append(
                    Movement(
                        exercise: library.exercises[place], startGrams: start * (0.85 + 0.3 * random.fraction()),
                        reps: random.pick([5, 5, 8, 8, 10, 12])))
            }
            days.append(day)
        }
        self.days = days
    }

    /// The movements of the next session.
    var today: [Movement] { days[sessions % days.count] }

    /// What the athlete can lift once by now, in grams.
    func oneRepMax(_ movement: Movement) -> Double {
        movement.startGrams * (1 + gain * (1 - exp(-Double(sessions) / 90)))
    }

    /// Takes a finished workout into the records that the next has to beat.
    mutating func finish(_ state: WorkoutState) {
        sessions += 1
        lastSessionAt = state.lastAt
        for entry in state.entries {
            guard let exercise = entry.exerciseId else { continue }
            for set in entry.sets where set.values.type.isWorking {
                guard let grams = set.values.weightGrams, grams > 0, let reps = set.values.reps, reps > 0 else {
                    continue
                }
                let estimate = OneRepMax.makesRecord(reps: reps) ? set.values.estimatedOneRepMax ?? 0 : 0
                let best = baseline.bests[exercise] ?? .init(weightGrams: 0, estimatedOneRepMaxGrams: 0)
                baseline.bests[exercise] = .init(
                    weightGrams: max(best.weightGrams, grams),
                    estimatedOneRepMaxGrams: max(best.estimatedOneRepMaxGrams, estimate))
            }
        }
    }
}
