/// How much was lifted, and how near to failure.
public enum TrainingVolume {
    /// What a working set counts for a muscle that it trains mainly.
    public static let primaryShare = 1.0
    /// What a working set counts for a muscle that helps.
    public static let secondaryShare = 0.5

    /// (Weight + body load) × repetitions in gram-repetitions; 0 for warm-ups and without repetitions.
    ///
    /// `bodyLoadGrams` is what one repetition lifts of the body (`bodyLoad`); nil for other movements and where it is
    /// not known.
    public static func tonnage(of values: SetValues, bodyLoadGrams: Int64?) -> Int64 {
        guard values.type.isWorking, let reps = values.reps else { return 0 }
        return (values.weightGrams ?? 0).clampingAdd(bodyLoadGrams ?? 0).clampingMultiply(reps)
    }

    /// What one repetition lifts of the body in whole grams: its weight × the exercise's share, which counts within 0…1.
    public static func bodyLoad(bodyWeightGrams: Int64, share: Double) -> Int64 {
        Int64(clamping: Double(bodyWeightGrams) * min(max(share, 0), 1))
    }

    /// Repetitions in reserve: 10 − RPE (Zourdos et al. 2016), never below 0; RPE 1…10.
    public static func repsInReserve(rpe: Double) -> Double { max(0, 10 - rpe) }
}
