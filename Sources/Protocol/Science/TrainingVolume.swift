/// How much was lifted, and how near to failure.
public enum TrainingVolume {
    /// What a working set counts for a muscle that it trains mainly.
    public static let primaryShare = 1.0
    /// What a working set counts for a muscle that helps.
    public static let secondaryShare = 0.5

    /// Weight × repetitions in gram-repetitions; 0 for warm-ups and without repetitions.
    ///
    /// Body-weight movements lift the body's share too: `bodyWeightGrams` × `bodyShare` (0…1) is added where both are
    /// known.
    public static func tonnage(
        of values: SetValues, bodyWeightGrams: Int64? = nil, bodyShare: Double? = nil
    ) -> Int64 {
        guard values.type.isWorking, let reps = values.reps else { return 0 }
        let body = bodyWeightGrams.flatMap { weight in
            bodyShare.map { Int64((Double(weight) * min(max($0, 0), 1)).rounded()) }
        }
        return ((values.weightGrams ?? 0) + (body ?? 0)) * reps
    }

    /// Repetitions in reserve: 10 − RPE (Zourdos et al. 2016), never below 0; RPE 1…10.
    public static func repsInReserve(rpe: Double) -> Double { max(0, 10 - rpe) }
}
