import Protocol
import Testing

@Suite("Progression")
struct ProgressionTests {
    private typealias Session = DoubleProgression.Session
    private let rule = DoubleProgression(reps: 8...12, sets: 3)

    @Test("weights are rounded to what the plates can make, the lighter one in between")
    func plates() {
        #expect(PlateSet.standard.nearest(to: 100_000).side == [25_000, 15_000])
        #expect(PlateSet.standard.nearest(to: 101_000).totalGrams == 100_000)
        #expect(PlateSet.standard.nearest(to: 101_250).totalGrams == 100_000)
        #expect(PlateSet.standard.nearest(to: 101_300).totalGrams == 102_500)
        #expect(PlateSet.standard.nearest(to: 3_000).totalGrams == 20_000)
        let home = PlateSet(barGrams: 10_000, pairs: [10_000: 1, 4_000: 1])
        #expect(home.nearest(to: 24_000).totalGrams == 18_000)
        #expect(home.nearest(to: 500_000).totalGrams == 38_000)
        #expect(home.next(above: 18_000)?.totalGrams == 30_000)
        #expect(home.next(above: 38_000) == nil)
        #expect(PlateSet(barGrams: 20_000, pairs: [:]).nearest(to: 60_000).totalGrams == 20_000)
    }

    @Test("no loading lies nearer than the one that is chosen, and none uses plates that are not there")
    func nearestIsNearest() {
        let set = PlateSet(barGrams: 15_000, pairs: [20_000: 1, 10_000: 2, 5_000: 1, 1_250: 1])
        var totals: Set<Int64> = []
        for a in 0...1 as ClosedRange<Int64> {
            for b in 0...2 as ClosedRange<Int64> {
                for c in 0...1 as ClosedRange<Int64> {
                    for d in 0...1 as ClosedRange<Int64> {
                        totals.insert(15_000 + 2 * (a * 20_000 + b * 10_000 + c * 5_000 + d * 1_250))
                    }
                }
            }
        }
        for grams in stride(from: 0, through: 130_000, by: 700) as StrideThrough<Int64> {
            let loading = set.nearest(to: grams)
            #expect(totals.contains(loading.totalGrams))
            let least = totals.map { ($0 - grams).magnitude }.min()
            #expect((loading.totalGrams - grams).magnitude == least)
            #expect(loading.totalGrams == 15_000 + 2 * loading.side.reduce(0, +))
        }
    }

    @Test("odd plates make what they can, with as few as possible, and a heap of them is still quick")
    func oddPlates() {
        // Pounds: 45, 25, 10, 5 and 2.5.
        let pounds = PlateSet(barGrams: 20_410, pairs: [20_410: 3, 11_340: 1, 4_540: 2, 2_270: 1, 1_130: 1])
        #expect(pounds.nearest(to: 61_230).side == [20_410])
        // 31.795 kg a side: 31.76 lies nearer than 45 and 25 pounds.
        #expect(pounds.nearest(to: 84_000).side == [20_410, 4_540, 4_540, 2_270])
        #expect(pounds.next(above: 61_230)?.side == [11_340, 4_540, 4_540])
        // Two of 10 rather than 15 and 5; 15 and 10 rather than 20 and 5 never, as 20 is the heavier.
        let mixed = PlateSet(barGrams: 0, pairs: [20_000: 1, 15_000: 1, 10_000: 2, 5_000: 1])
        #expect(mixed.nearest(to: 50_000).side == [20_000, 5_000])
        #expect(mixed.nearest(to: 70_000).side == [20_000, 15_000])
        #expect(mixed.heaviestGrams == 120_000)
        let barOnly = PlateSet(barGrams: 20_000, pairs: [:])
        #expect(barOnly.next(above: 20_000) == nil)
        #expect(barOnly.next(above: 10_000)?.totalGrams == 20_000)
        #expect(PlateSet(barGrams: 0, pairs: [:]).nearest(to: 50_000).totalGrams == 0)
        #expect(PlateSet(barGrams: 0, pairs: [0: 3, -5: 2, 1000: 0]).nearest(to: 50_000).side == [])
        // The worst that the bounds of one's own plates allow.
        let many = (0..<16).map { (Int64(49_990 - 10 * $0 * $0), 10) }
        let heap = PlateSet(barGrams: 20_000, pairs: Dictionary(uniqueKeysWithValues: many))
        let loading = heap.nearest(to: 777_770)
        // Seven of the heaviest are 349.93 kg, eight of the lightest 381.92 kg, and 378.885 kg were wanted.
        #expect(loading.side == Array(repeating: 47_740, count: 8))
        #expect(loading.totalGrams == 20_000 + 2 * loading.side.reduce(0, +))
    }

    @Test("a proposal says that it stands on one's own plates, and when they end")
    func ownPlates() {
        let home = PlateSet(barGrams: 15_000, pairs: [10_000: 1, 5_000: 1], isOwn: true)
        func words(_ percent: Double) -> String? {
            IntensityTarget.percent(percent).proposal(oneRepMaxGrams: 100_000, plates: home)?.explanation
        }
        #expect(words(30) == "30 % of an estimated 1RM of 100 kg is 30 kg, rounded to your plates.")
        #expect(words(90) == "90 % of an estimated 1RM of 100 kg is 90 kg, more than your plates make.")
        #expect(words(10) == "10 % of an estimated 1RM of 100 kg is 10 kg, less than the bar alone.")
        let rule = DoubleProgression(reps: 5...5, sets: 1, plates: home)
        let raised = rule.proposal(after: [Session(weightGrams: 25_000, reps: [5])])
        #expect(raised.weightGrams == 35_000)
        #expect(raised.explanation.hasSuffix("the weight goes up as far as your plates allow."))
        let ended = rule.proposal(after: [Session(weightGrams: 45_000, reps: [5])])
        #expect(ended.weightGrams == 45_000)
        #expect(ended.explanation.hasSuffix("your plates make nothing heavier, so the repetitions go up."))
    }

    @Test("the weight goes up only when every working set reached the top of the range")
    func raise() {
        let full = rule.proposal(after: [Session(weightGrams: 60_000, reps: [12, 12, 12])])
        #expect(full.weightGrams == 62_500)
        #expect(full.reason == .allRepsReached)
        #expect(full.explanation == "All 3 sets reached 12 repetitions at 60 kg: the weight goes up.")
        for reps in [[12, 12, 11], [12, 12], [8, 8, 8]] as [[Int64]] {
            let same = rule.proposal(after: [Session(weightGrams: 60_000, reps: reps)])
            #expect(same.weightGrams == 60_000)
            #expect(same.reason == .repsMissing)
        }
    }

    @Test("without a history nothing is made up")
    func firstTime() {
        #expect(rule.proposal(after: []).weightGrams == nil)
        #expect(rule.proposal(after: []).reason == .firstTime)
        #expect(rule.proposal(after: [Session(weightGrams: 60_000, reps: [])]).reason == .firstTime)
    }

    @Test("three stalls in a row offer 10 % less; progress in between starts the count again")
    func deload() {
        let stuck = Session(weightGrams: 100_000, reps: [10, 9, 8])
        #expect(rule.proposal(after: [stuck, stuck, stuck]).reason == .repsMissing)
        let proposal = rule.proposal(after: [stuck, stuck, stuck, stuck])
        #expect(proposal.reason == .stalled)
        #expect(proposal.weightGrams == 90_000)
        let better = Session(weightGrams: 100_000, reps: [10, 10, 8])
        #expect(rule.proposal(after: [stuck, stuck, stuck, better]).reason == .repsMissing)
        let tooHeavy = Session(weightGrams: 110_000, reps: [6, 5, 5])
        #expect(rule.stalls(in: [stuck, tooHeavy, tooHeavy, tooHeavy]) == 3)
    }

    @Test("percentages and RPE targets resolve against the estimated 1RM and say so")
    func intensity() throws {
        #expect(IntensityTarget.percent(80).grams(oneRepMaxGrams: 150_000) == 120_000)
        #expect(IntensityTarget.percent(121).grams(oneRepMaxGrams: 150_000) == nil)
        #expect(IntensityTarget.rpe(10, reps: 1).grams(oneRepMaxGrams: 150_000) == 150_000)
        // Five at RPE 8 are seven to failure: 150 / (1 + 7/30).
        #expect(IntensityTarget.rpe(8, reps: 5).grams(oneRepMaxGrams: 150_000) == 121_622)
        #expect(IntensityTarget.rpe(0.5, reps: 5).grams(oneRepMaxGrams: 150_000) == nil)
        let proposal = try #require(IntensityTarget.rpe(8, reps: 5).proposal(oneRepMaxGrams: 150_000))
        #expect(proposal.weightGrams == 122_500)
        #expect(
            proposal.explanation == "5 at RPE 8 of an estimated 1RM of 150 kg is 121.622 kg, rounded to the plates.")
    }

    @Test("more repetitions or more in reserve never make a target heavier")
    func intensityIsMonotone() throws {
        for reps in 1..<20 as Range<Int64> {
            for half in 2..<20 {
                let rpe = Double(half) / 2
                let weight = try #require(IntensityTarget.rpe(rpe, reps: reps).grams(oneRepMaxGrams: 200_000))
                let longer = try #require(IntensityTarget.rpe(rpe, reps: reps + 1).grams(oneRepMaxGrams: 200_000))
                let harder = try #require(IntensityTarget.rpe(rpe + 0.5, reps: reps).grams(oneRepMaxGrams: 200_000))
                #expect(longer <= weight)
                #expect(harder >= weight)
            }
        }
    }
}
