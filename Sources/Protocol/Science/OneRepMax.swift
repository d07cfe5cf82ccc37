#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Estimates of the heaviest single repetition from a set of several.
public enum OneRepMax {
    /// Above so many repetitions an estimate is unsure.
    public static let sureReps: Int64 = 10
    /// Above so many repetitions an estimate makes no record.
    public static let recordReps: Int64 = 15
    /// Brzycki's formula ends before so many repetitions.
    public static let brzyckiLimit: Int64 = 37

    /// Epley (1985): w·(1 + r/30), and w itself for a single repetition; in whole grams, rounded half up.
    ///
    /// - Parameters: weight 0…1,000,000 g; reps 1…1,000.
    public static func epley(weightGrams: Int64, reps: Int64) -> Int64 {
        reps == 1 ? weightGrams : weightGrams.clampingMultiply(reps.clampingAdd(30)).clampingAdd(15) / 30
    }

    /// Brzycki (1993): 36·w/(37 − r), in whole grams, rounded half up; nil from 37 repetitions on.
    ///
    /// - Parameters: weight 0…1,000,000 g; reps 1…1,000.
    public static func brzycki(weightGrams: Int64, reps: Int64) -> Int64? {
        guard (1..<brzyckiLimit).contains(reps) else { return nil }
        let divisor = brzyckiLimit - reps
        return weightGrams.clampingMultiply(72).clampingAdd(divisor) / (2 * divisor)
    }

    /// Lombardi (1989): w·r^0.10, in whole grams, rounded to the nearest.
    ///
    /// - Parameters: weight 0…1,000,000 g; reps 1…1,000.
    public static func lombardi(weightGrams: Int64, reps: Int64) -> Int64 {
        reps == 1 ? weightGrams : Int64(clamping: Double(weightGrams) * pow(Double(reps), 0.1))
    }

    /// Whether an estimate from so many repetitions has to be marked unsure.
    public static func isUnsure(reps: Int64) -> Bool { reps > sureReps }

    /// Whether an estimate from so many repetitions may be a record.
    public static func makesRecord(reps: Int64) -> Bool { (1...recordReps).contains(reps) }
}
