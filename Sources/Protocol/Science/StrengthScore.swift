#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Totals made comparable between body weights; kilograms in, points out.
public enum StrengthScore {
    /// Which meet an IPF GL score is for.
    public enum Meet: String, Sendable, CaseIterable { case classic, equipped, classicBench }

    /// DOTS (Konertz 2019): 500·total / (A·b⁴ + B·b³ + C·b² + D·b + E), body weight clamped to 40…210 kg (men) and
    /// 40…150 kg (women).
    public static func dots(totalKg: Double, bodyWeightKg: Double, sex: Sex) -> Double {
        let weight: Double
        let coefficients: [Double]
        switch sex {
        case .male:
            weight = min(max(bodyWeightKg, 40), 210)
            coefficients = [-307.75076, 24.0900756, -0.1918759221, 0.0007391293, -1.093e-6]
        case .female:
            weight = min(max(bodyWeightKg, 40), 150)
            coefficients = [-57.96288, 13.6175032, -0.1126655495, 0.0005158568, -1.0706e-6]
        }
        return 500 * totalKg / polynomial(coefficients, at: weight)
    }

    /// Wilks (1994, the old coefficients): 500·total / (a + b·x + c·x² + d·x³ + e·x⁴ + f·x⁵), x clamped to 40…201.9 kg
    /// (men) and 26.51…154.53 kg (women).
    public static func wilks(totalKg: Double, bodyWeightKg: Double, sex: Sex) -> Double {
        let weight: Double
        let coefficients: [Double]
        switch sex {
        case .male:
            weight = min(max(bodyWeightKg, 40), 201.9)
            coefficients = [-216.0475144, 16.2606339, -0.002388645, -0.00113732, 7.01863e-6, -1.291e-8]
        case .female:
            weight = min(max(bodyWeightKg, 26.51), 154.53)
            coefficients = [
                594.31747775582, -27.23842536447, 0.82112226871, -0.00930733913, 4.731582e-5, -9.054e-8,
            ]
        }
        return 500 * totalKg / polynomial(coefficients, at: weight)
    }

    /// IPF GL (2020): 100·total / (A − B·e^(−C·b)); 0 below 35 kg of body weight.
    ///
    /// - Parameter totalKg: of three lifts, or the bench press alone for `classicBench`.
    public static func ipfGL(totalKg: Double, bodyWeightKg: Double, sex: Sex, meet: Meet = .classic) -> Double {
        guard bodyWeightKg >= 35 else { return 0 }
        let (a, b, c): (Double, Double, Double) =
            switch (meet, sex) {
            case (.classic, .male): (1199.72839, 1025.18162, 0.00921)
            case (.classic, .female): (610.32796, 1045.59282, 0.03048)
            case (.equipped, .male): (1236.25115, 1449.21864, 0.01644)
            case (.equipped, .female): (758.63878, 949.31382, 0.02435)
            case (.classicBench, .male): (320.98041, 281.40258, 0.01008)
            case (.classicBench, .female): (142.40398, 442.52671, 0.04724)
            }
        return 100 * totalKg / (a - b * exp(-c * bodyWeightKg))
    }

    /// Horner's scheme, the constant term first.
    private static func polynomial(_ coefficients: [Double], at x: Double) -> Double {
        coefficients.reversed().reduce(0) { $0 * x + $1 }
    }
}
