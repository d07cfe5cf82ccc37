/// A prescribed intensity that becomes a weight by the athlete's current estimated 1RM.
public enum IntensityTarget: Sendable, Hashable {
    /// A share of the estimated 1RM, in percent: 1…120.
    case percent(Double)
    /// So many repetitions (1…36) that end at this RPE (1…10).
    case rpe(Double, reps: Int64)

    /// The weight in grams before it is rounded to plates; nil for values out of range.
    ///
    /// An RPE target leaves 10 − RPE repetitions in reserve, so it is the weight that Epley's formula gives for
    /// reps + reserve repetitions to failure: e1RM / (1 + (reps + reserve)/30), and e1RM itself for one to failure.
    public func grams(oneRepMaxGrams: Int64) -> Int64? {
        switch self {
        case .percent(let percent):
            guard (1...120).contains(percent) else { return nil }
            return Int64((Double(oneRepMaxGrams) * percent / 100).rounded())
        case .rpe(let rpe, let reps):
            guard (1...10).contains(rpe), (1...36).contains(reps) else { return nil }
            let toFailure = Double(reps) + TrainingVolume.repsInReserve(rpe: rpe)
            return toFailure <= 1
                ? oneRepMaxGrams : Int64((Double(oneRepMaxGrams) / (1 + toFailure / 30)).rounded())
        }
    }

    /// The weight to load, and why.
    public func proposal(oneRepMaxGrams: Int64, plates: PlateSet = .standard) -> WeightProposal? {
        guard let exact = grams(oneRepMaxGrams: oneRepMaxGrams) else { return nil }
        let loaded = plates.nearest(to: exact).totalGrams
        let target =
            switch self {
            case .percent(let percent): "\(WeightProposal.number(percent)) %"
            case .rpe(let rpe, let reps): "\(reps) at RPE \(WeightProposal.number(rpe))"
            }
        return WeightProposal(
            weightGrams: loaded, reason: .intensity,
            explanation: "\(target) of an estimated 1RM of \(WeightProposal.kilograms(oneRepMaxGrams)) is "
                + "\(WeightProposal.kilograms(exact)), \(plates.wordsOfRounding(exact)).")
    }
}

/// A weight for the next time, and why it is proposed.
public struct WeightProposal: Sendable, Hashable {
    public enum Reason: String, Sendable, Codable, CaseIterable {
        /// No history: the athlete finds a weight.
        case firstTime
        /// Every working set reached the top of its range.
        case allRepsReached
        /// Some set fell short of the top.
        case repsMissing
        /// Three sessions in a row without progress: 10 % less.
        case stalled
        /// From the estimated 1RM.
        case intensity
    }

    /// nil when there is nothing to go by.
    public let weightGrams: Int64?
    public let reason: Reason
    /// For the athlete, one sentence.
    public let explanation: String

    public init(weightGrams: Int64?, reason: Reason, explanation: String) {
        self.weightGrams = weightGrams
        self.reason = reason
        self.explanation = explanation
    }

    /// Up to three decimals without trailing zeros.
    static func number(_ value: Double) -> String {
        let thousandths = Int64((value * 1000).rounded())
        let (whole, rest) = (thousandths / 1000, (thousandths % 1000).magnitude)
        guard rest > 0 else { return "\(whole)" }
        let digits = String(String(1000 + rest).dropFirst())
        let end = digits.lastIndex { $0 != "0" } ?? digits.startIndex
        return "\(whole).\(digits[...end])"
    }

    static func kilograms(_ grams: Int64) -> String { "\(number(Double(grams) / 1000)) kg" }
}
