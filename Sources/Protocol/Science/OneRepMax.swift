/// Estimates of the heaviest single repetition from a set of several.
public enum OneRepMax {
    /// Above so many repetitions an estimate is unsure.
    public static let sureReps: Int64 = 10
    /// Above so many repetitions an estimate makes no record.
    public static let recordReps: Int64 = 15

    /// Epley (1985): w·(1 + r/30), and w itself for a single repetition; in whole grams, rounded half up.
    ///
    /// - Parameters: weight 0…1,000,000 g; reps 1…1,000.
    public static func epley(weightGrams: Int64, reps: Int64) -> Int64 {
        reps == 1 ? weightGrams : (weightGrams * (30 + reps) + 15) / 30
    }
}
