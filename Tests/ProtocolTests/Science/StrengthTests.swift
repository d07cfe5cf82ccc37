import Protocol
import Testing

@Suite("Strength formulas")
struct StrengthTests {
    @Test("one repetition is the weight in every formula")
    func single() {
        for grams in [0, 500, 100_000, 1_000_000] as [Int64] {
            #expect(OneRepMax.epley(weightGrams: grams, reps: 1) == grams)
            #expect(OneRepMax.brzycki(weightGrams: grams, reps: 1) == grams)
            #expect(OneRepMax.lombardi(weightGrams: grams, reps: 1) == grams)
        }
    }

    @Test("estimates of 100 kg are those of the published formulas")
    func known() {
        #expect(OneRepMax.epley(weightGrams: 100_000, reps: 5) == 116_667)
        #expect(OneRepMax.epley(weightGrams: 100_000, reps: 10) == 133_333)
        #expect(OneRepMax.brzycki(weightGrams: 100_000, reps: 5) == 112_500)
        #expect(OneRepMax.brzycki(weightGrams: 100_000, reps: 10) == 133_333)
        #expect(OneRepMax.brzycki(weightGrams: 100_000, reps: 36) == 3_600_000)
        #expect(OneRepMax.brzycki(weightGrams: 100_000, reps: 37) == nil)
        #expect(OneRepMax.brzycki(weightGrams: 100_000, reps: 1000) == nil)
        #expect(OneRepMax.lombardi(weightGrams: 100_000, reps: 5) == 117_462)
        #expect(OneRepMax.lombardi(weightGrams: 100_000, reps: 10) == 125_893)
    }

    @Test("estimates never fall with repetitions or weight")
    func monotone() {
        for reps in 1..<36 as Range<Int64> {
            for grams in stride(from: 2500, through: 300_000, by: 12_750) as StrideThrough<Int64> {
                let formulas: [(Int64, Int64) -> Int64] = [
                    { OneRepMax.epley(weightGrams: $0, reps: $1) },
                    { OneRepMax.brzycki(weightGrams: $0, reps: $1) ?? 0 },
                    { OneRepMax.lombardi(weightGrams: $0, reps: $1) },
                ]
                for formula in formulas {
                    #expect(formula(grams, reps + 1) >= formula(grams, reps))
                    #expect(formula(grams + 2500, reps) > formula(grams, reps))
                    #expect(formula(grams, reps) >= grams)
                }
            }
        }
    }

    @Test("above 10 repetitions an estimate is unsure, above 15 it makes no record")
    func certainty() {
        #expect(!OneRepMax.isUnsure(reps: 10))
        #expect(OneRepMax.isUnsure(reps: 11))
        #expect(OneRepMax.makesRecord(reps: 15))
        #expect(!OneRepMax.makesRecord(reps: 16))
        #expect(!OneRepMax.makesRecord(reps: 0))
    }

    private func isNear(_ value: Double, _ expected: Double, _ tolerance: Double) -> Bool {
        abs(value - expected) <= tolerance
    }

    @Test(
        "DOTS gives its known answers",
        arguments: [
            (Sex.male, 93.0, 700.0, 445.3758), (.male, 74, 800, 578.9216), (.male, 165, 1152.5, 604.4039),
            (.female, 63, 400, 430.2060), (.female, 84, 645, 593.4991),
        ])
    func dots(sex: Sex, body: Double, total: Double, expected: Double) {
        #expect(isNear(StrengthScore.dots(totalKg: total, bodyWeightKg: body, sex: sex), expected, 0.00005))
    }

    @Test("Wilks gives its known answers")
    func wilks() {
        #expect(isNear(StrengthScore.wilks(totalKg: 1000, bodyWeightKg: 100, sex: .male), 608.58907, 0.000005))
        #expect(isNear(StrengthScore.wilks(totalKg: 500, bodyWeightKg: 60, sex: .female), 557.4434, 0.00005))
    }

    @Test("IPF GL gives its known answer, and nothing below 35 kg")
    func ipfGL() {
        let score = StrengthScore.ipfGL(totalKg: 1035, bodyWeightKg: 92.04, sex: .male, meet: .equipped)
        #expect(isNear(score, 112.85, 0.005))
        for sex in Sex.allCases {
            for meet in StrengthScore.Meet.allCases {
                #expect(StrengthScore.ipfGL(totalKg: 500, bodyWeightKg: 34.99, sex: sex, meet: meet) == 0)
                #expect(StrengthScore.ipfGL(totalKg: 500, bodyWeightKg: 35, sex: sex, meet: meet) > 0)
            }
        }
    }

    @Test("scores grow with the total, fall with body weight in the usual range, and stand still beyond the clamps")
    func scoreProperties() {
        for sex in Sex.allCases {
            let formulas: [(Double, Double) -> Double] = [
                { StrengthScore.dots(totalKg: $0, bodyWeightKg: $1, sex: sex) },
                { StrengthScore.wilks(totalKg: $0, bodyWeightKg: $1, sex: sex) },
                { StrengthScore.ipfGL(totalKg: $0, bodyWeightKg: $1, sex: sex) },
            ]
            for formula in formulas {
                for body in stride(from: 50.0, through: 120, by: 5) {
                    #expect(formula(510, body) > formula(500, body))
                    #expect(formula(500, body) > formula(500, body + 5))
                    #expect(isNear(formula(1000, body), 2 * formula(500, body), 1e-9))
                }
            }
            #expect(formulas[0](500, 39) == formulas[0](500, 40))
            #expect(formulas[0](500, 500) == formulas[0](500, sex == .male ? 210 : 150))
            #expect(formulas[1](500, 500) == formulas[1](500, sex == .male ? 201.9 : 154.53))
            #expect(formulas[1](500, 10) == formulas[1](500, sex == .male ? 40 : 26.51))
        }
    }
}
