/// A best of one exercise, and the set that holds it.
public struct PersonalRecord: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case heaviestWeight, bestEstimatedOneRepMax
    }

    public let kind: Kind
    public let exerciseId: ExerciseID
    public let setId: SetID
    public let grams: Int64
    /// The best before this workout; nil where the reader may not know it.
    public let previousGrams: Int64?

    public init(kind: Kind, exerciseId: ExerciseID, setId: SetID, grams: Int64, previousGrams: Int64?) {
        self.kind = kind
        self.exerciseId = exerciseId
        self.setId = setId
        self.grams = grams
        self.previousGrams = previousGrams
    }

    /// The record as watchers may see it: the best before may come from a workout that they may not see.
    public var forWatchers: PersonalRecord {
        PersonalRecord(kind: kind, exerciseId: exerciseId, setId: setId, grams: grams, previousGrams: nil)
    }
}

/// The athlete's bests outside one workout: what a record in it has to beat.
public struct RecordBaseline: Sendable, Hashable {
    public struct Bests: Sendable, Hashable {
        public var weightGrams: Int64
        public var estimatedOneRepMaxGrams: Int64

        public init(weightGrams: Int64, estimatedOneRepMaxGrams: Int64) {
            self.weightGrams = weightGrams
            self.estimatedOneRepMaxGrams = estimatedOneRepMaxGrams
        }
    }

    public var bests: [ExerciseID: Bests]

    public init(bests: [ExerciseID: Bests] = [:]) { self.bests = bests }

    /// The records that a workout's sets hold over the baseline for one exercise; none for a first time, which has nothing to beat.
    ///
    /// Of equal sets the one that was done first holds the record, wherever it stands in the workout.
    public func records(in state: WorkoutState, of exercise: ExerciseID) -> [PersonalRecord] {
        guard let bests = bests[exercise], state.status != .deleted else { return [] }
        typealias Best = (set: WorkoutState.LoggedSet, grams: Int64)
        var heaviest: Best?
        var strongest: Best?
        func better(_ best: Best?, _ set: WorkoutState.LoggedSet, _ grams: Int64, than known: Int64) -> Best? {
            guard let best else { return grams > known ? (set, grams) : nil }
            let isFirst = (set.loggedAt, set.id) < (best.set.loggedAt, best.set.id)
            return grams > best.grams || grams == best.grams && isFirst ? (set, grams) : best
        }
        for entry in state.entries where entry.exerciseId == exercise && !entry.isRemoved {
            for set in entry.sets where !set.isDeleted && set.values.type.isWorking {
                guard let grams = set.values.weightGrams, let reps = set.values.reps, reps > 0 else { continue }
                heaviest = better(heaviest, set, grams, than: bests.weightGrams)
                guard OneRepMax.makesRecord(reps: reps), let estimate = set.values.estimatedOneRepMax else { continue }
                strongest = better(strongest, set, estimate, than: bests.estimatedOneRepMaxGrams)
            }
        }
        func record(_ kind: PersonalRecord.Kind, _ best: Best?, _ previous: Int64) -> PersonalRecord? {
            best.map {
                PersonalRecord(
                    kind: kind, exerciseId: exercise, setId: $0.set.id, grams: $0.grams, previousGrams: previous)
            }
        }
        return [
            record(.heaviestWeight, heaviest, bests.weightGrams),
            record(.bestEstimatedOneRepMax, strongest, bests.estimatedOneRepMaxGrams),
        ].compactMap(\.self)
    }
}
