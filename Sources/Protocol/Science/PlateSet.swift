/// A bar and the plates that an athlete owns; weights in grams.
public struct PlateSet: Sendable, Hashable {
    /// 0…100,000 g.
    public var barGrams: Int64
    /// Pairs of each weight: one plate of a pair goes on each side.
    public var pairs: [Int64: Int]
    /// Whether the athlete told what they own; only changes how proposals speak of it.
    public var isOwn: Bool

    /// Kilogram plates as most gyms have them.
    public static let standard = PlateSet(
        barGrams: 20_000,
        pairs: [25_000: 8, 20_000: 2, 15_000: 2, 10_000: 2, 5_000: 2, 2_500: 2, 1_250: 2])

    public init(barGrams: Int64, pairs: [Int64: Int], isOwn: Bool = false) {
        self.barGrams = barGrams
        self.pairs = pairs
        self.isOwn = isOwn
    }

    /// The plates on each side for a weight, the heaviest first.
    public struct Loading: Sendable, Hashable {
        public let totalGrams: Int64
        public let side: [Int64]
    }

    /// The loading that comes nearest to a weight; of two equally near ones the lighter. At least the bar.
    ///
    /// The weight is looked at up to 1,000 kg; of equal totals the one with the fewest plates, and of those the one
    /// with the heavier plates.
    public func nearest(to grams: Int64) -> Loading {
        let target = max(0, min(grams, 1_000_000) - barGrams)
        let sides = SideLoadings(pairs, upTo: target / 2)
        return loading(sides, sides.nearest(toTwice: target))
    }

    /// The lightest loading above a weight; nil when all plates are on.
    public func next(above grams: Int64) -> Loading? {
        guard grams >= barGrams else { return Loading(totalGrams: barGrams, side: []) }
        let sides = SideLoadings(pairs, upTo: (grams - barGrams) / 2)
        return sides.lightest(aboveTwice: grams - barGrams).map { loading(sides, $0) }
    }

    /// With every plate on.
    public var heaviestGrams: Int64 {
        barGrams + 2 * pairs.reduce(0) { $0 + max(0, $1.key) * Int64(max(0, $1.value)) }
    }

    private func loading(_ sides: SideLoadings, _ sum: Int64) -> Loading {
        Loading(totalGrams: barGrams + 2 * sum, side: sides.plates(for: sum))
    }

    /// How a weight became a loading, as the end of a sentence.
    func wordsOfRounding(_ grams: Int64) -> String {
        if grams < barGrams { return "less than the bar alone" }
        if grams > heaviestGrams { return "more than \(wordsOfPlates) make" }
        return "rounded to \(wordsOfPlates)"
    }

    var wordsOfPlates: String { isOwn ? "your plates" : "the plates" }
}
