import Protocol
import Testing

@Suite("Volume, load and trends")
struct LoadTests {
    @Test("tonnage leaves out warm-ups and adds the body's share where it is known")
    func tonnage() {
        let set = SetValues(weightGrams: 20_000, reps: 8)
        #expect(TrainingVolume.tonnage(of: set, bodyLoadGrams: nil) == 160_000)
        #expect(TrainingVolume.tonnage(of: set, bodyLoadGrams: 80_000) == 800_000)
        let warmup = SetValues(type: .warmup, weightGrams: 20_000, reps: 8)
        #expect(TrainingVolume.tonnage(of: warmup, bodyLoadGrams: 80_000) == 0)
        let timed = SetValues(weightGrams: 20_000, durationMilliseconds: 1000)
        #expect(TrainingVolume.tonnage(of: timed, bodyLoadGrams: 80_000) == 0)
        #expect(TrainingVolume.tonnage(of: SetValues(reps: 10), bodyLoadGrams: 51_200) == 512_000)
        #expect(TrainingVolume.tonnage(of: SetValues(weightGrams: 1_000_000, reps: 1000), bodyLoadGrams: nil) > 0)
        #expect(TrainingVolume.bodyLoad(bodyWeightGrams: 80_000, share: 0.64) == 51_200)
        #expect(TrainingVolume.bodyLoad(bodyWeightGrams: 80_001, share: 0.95) == 76_001)
        #expect(TrainingVolume.bodyLoad(bodyWeightGrams: 80_000, share: 7) == 80_000)
        #expect(TrainingVolume.bodyLoad(bodyWeightGrams: 80_000, share: -1) == 0)
        #expect(TrainingVolume.repsInReserve(rpe: 8.5) == 1.5)
        #expect(TrainingVolume.repsInReserve(rpe: 10) == 0)
    }

    @Test("a week's monotony is its mean over its deviation, and there is none for equal days")
    func monotony() throws {
        #expect(SessionLoad.session(rpe: 7.5, minutes: 60) == 450)
        let week = try #require(SessionLoad(days: [300, 0, 300, 0, 300, 0, 0]))
        #expect(week.week == 900)
        let monotony = try #require(week.monotony)
        #expect(abs(monotony - 0.866_025) < 0.000_001)
        #expect(abs(try #require(week.strain) - 900 * monotony) < 1e-9)
        let even = try #require(SessionLoad(days: Array(repeating: 0.1, count: 7)))
        #expect(even.monotony == nil)
        #expect(even.strain == nil)
        #expect(SessionLoad(days: Array(repeating: 0, count: 7))?.monotony == nil)
        #expect(SessionLoad(days: [1, 2, 3]) == nil)
    }

    @Test("acute to chronic compares 7 days with 28 and needs all of them")
    func acuteToChronic() {
        let even = Array(repeating: 100.0, count: 28)
        #expect(SessionLoad.acuteToChronic(days: even) == 1)
        #expect(SessionLoad.acuteToChronic(days: Array(repeating: 0, count: 21) + Array(repeating: 50, count: 7)) == 4)
        #expect(SessionLoad.acuteToChronic(days: Array(repeating: 0, count: 28)) == nil)
        #expect(SessionLoad.acuteToChronic(days: Array(even.dropLast())) == nil)
    }

    @Test("an exponentially weighted mean starts at the first value and moves half way in a half life")
    func smoothing() {
        let points = [TrendPoint(day: 0, value: 80), TrendPoint(day: 7, value: 90), TrendPoint(day: 14, value: 90)]
        let smoothed = Smoothing.exponential(points, halfLifeDays: 7)
        #expect(smoothed.map(\.value) == [80, 85, 87.5])
        #expect(Smoothing.exponential([]).isEmpty)
        let flat = (0..<20).map { TrendPoint(day: Double($0), value: 75) }
        let values = Smoothing.exponential(flat).map(\.value)
        #expect(values.allSatisfy { abs($0 - 75) < 1e-12 })
    }

    @Test("a line through exact points is found, with an interval of no width")
    func exactLine() throws {
        let line = try #require(LinearTrend((0..<6).map { TrendPoint(day: Double($0), value: 100 - 0.5 * Double($0)) }))
        #expect(abs(line.slope.value + 0.5) < 1e-12)
        let forecast = line.forecast(day: 10)
        #expect(abs(forecast.value - 95) < 1e-9)
        #expect(abs(forecast.high - forecast.low) < 1e-6)
        #expect(abs(try #require(line.day(reaching: 90, after: 5)) - 20) < 1e-9)
        #expect(line.day(reaching: 101, after: 5) == nil)
    }

    @Test("a scattered line has the slope and prediction interval of the textbook")
    func scattered() throws {
        // Anscombe's first quartet set: slope 0.50009, intercept 3.00009, s = 1.23660.
        let x = [10.0, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
        let line = try #require(LinearTrend(zip(x, y).map { TrendPoint(day: $0, value: $1) }))
        #expect(abs(line.slope.value - 0.500_09) < 0.000_01)
        #expect(abs(line.residual - 1.236_60) < 0.000_01)
        #expect(abs(line.slope.low - 0.233_37) < 0.000_01)
        #expect(abs(line.slope.high - 0.766_81) < 0.000_01)
        let forecast = line.forecast(day: 15)
        #expect(forecast.low < forecast.value && forecast.value < forecast.high)
        let further = line.forecast(day: 40)
        #expect(further.high - further.low > forecast.high - forecast.low)
    }

    @Test("fewer than five points, or five of one day, give no line")
    func tooFew() {
        #expect(LinearTrend((0..<4).map { TrendPoint(day: Double($0), value: 1) }) == nil)
        #expect(LinearTrend((0..<5).map { TrendPoint(day: 3, value: Double($0)) }) == nil)
    }

    @Test("Student's quantile falls towards the normal one without a jump")
    func student() {
        #expect(abs(StudentT.quantile975(degrees: 40) - 2.021_075) < 0.000_1)
        #expect(abs(StudentT.quantile975(degrees: 120) - 1.979_930) < 0.000_01)
        for degrees in 1..<300 {
            #expect(StudentT.quantile975(degrees: degrees) > StudentT.quantile975(degrees: degrees + 1))
        }
    }

    @Test("correlation is 1 for what goes together, −1 for what goes apart, none for too few or constant values")
    func correlation() throws {
        let pairs = (0..<6).map { (Double($0), 3 * Double($0) + 1) }
        #expect(abs(try #require(Correlation.pearson(pairs)) - 1) < 1e-12)
        #expect(abs(try #require(Correlation.pearson(pairs.map { ($0.0, -$0.1) })) + 1) < 1e-12)
        #expect(Correlation.pearson(pairs.map { ($0.0, 2) }) == nil)
        #expect(Correlation.pearson(Array(pairs.prefix(4))) == nil)
    }
}
