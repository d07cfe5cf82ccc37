/// Repetitions go up within a range first, then the weight: raised only when every working set reached the top.
public struct DoubleProgression: Sendable, Hashable {
    /// After so many sessions in a row without progress a deload is offered.
    public static let stallsBeforeDeload = 3
    /// What a deload leaves of the weight.
    public static let deloadShare = 0.9

    /// One past session of the exercise.
    public struct Session: Sendable, Hashable {
        public var weightGrams: Int64
        /// Of each working set.
        public var reps: [Int64]

        public init(weightGrams: Int64, reps: [Int64]) {
            self.weightGrams = weightGrams
            self.reps = reps
        }
    }

    /// Repetitions aimed at in every working set.
    public var reps: ClosedRange<Int64>
    /// How many working sets are planned; fewer done do not count as reached.
    public var sets: Int
    /// What is added when the range is full; at least one step of the plates.
    public var incrementGrams: Int64
    public var plates: PlateSet

    public init(
        reps: ClosedRange<Int64>, sets: Int, incrementGrams: Int64 = 2500, plates: PlateSet = .standard
    ) {
        self.reps = reps
        self.sets = sets
        self.incrementGrams = incrementGrams
        self.plates = plates
    }

    /// The weight for the next session.
    ///
    /// - Parameter history: past sessions, the latest last.
    public func proposal(after history: [Session]) -> WeightProposal {
        guard let last = history.last, !last.reps.isEmpty else {
            return WeightProposal(
                weightGrams: nil, reason: .firstTime,
                explanation: "There is no earlier session: find a weight for \(reps.lowerBound) good repetitions.")
        }
        if isFull(last) {
            let wanted = plates.nearest(to: last.weightGrams + max(1, incrementGrams)).totalGrams
            let raised = wanted > last.weightGrams ? wanted : plates.next(above: last.weightGrams)?.totalGrams
            let consequence =
                raised == nil
                ? "\(plates.wordsOfPlates) make nothing heavier, so the repetitions go up"
                : plates.isOwn ? "the weight goes up as far as your plates allow" : "the weight goes up"
            return WeightProposal(
                weightGrams: raised ?? last.weightGrams, reason: .allRepsReached,
                explanation: "All \(last.reps.count) sets reached \(reps.upperBound) repetitions at "
                    + "\(WeightProposal.kilograms(last.weightGrams)): \(consequence).")
        }
        let stalls = stalls(in: history)
        if stalls >= Self.stallsBeforeDeload {
            let lighter = plates.nearest(to: Int64((Double(last.weightGrams) * Self.deloadShare).rounded()))
            return WeightProposal(
                weightGrams: min(lighter.totalGrams, last.weightGrams), reason: .stalled,
                explanation: "\(stalls) sessions at \(WeightProposal.kilograms(last.weightGrams)) without progress: "
                    + (plates.isOwn ? "10 % less on your plates, then up again." : "10 % less, then up again."))
        }
        return WeightProposal(
            weightGrams: last.weightGrams, reason: .repsMissing,
            explanation: "Not all \(sets) sets reached \(reps.upperBound) repetitions: the weight stays at "
                + "\(WeightProposal.kilograms(last.weightGrams)).")
    }

    /// How many of the latest sessions brought no progress: same or less weight and no repetition more than the best
    /// one before at that weight.
    public func stalls(in history: [Session]) -> Int {
        guard let weight = history.last?.weightGrams else { return 0 }
        var run: [Session] = []
        for session in history.reversed() {
            guard session.weightGrams == weight, !isFull(session) else { break }
            run.append(session)
        }
        var best: Int64 = -1
        var stalls = 0
        for session in run.reversed() {
            let total = session.reps.reduce(0) { $0 + min($1, reps.upperBound) }
            // The first session at a weight is a try, not yet a stall unless it falls below the range.
            let isProgress = best < 0 ? session.reps.allSatisfy { $0 >= reps.lowerBound } : total > best
            stalls = isProgress ? 0 : stalls + 1
            best = max(best, total)
        }
        return stalls
    }

    private func isFull(_ session: Session) -> Bool {
        session.reps.count >= sets && session.reps.allSatisfy { $0 >= reps.upperBound }
    }
}
