/// A bar and the plates that an athlete owns; weights in grams.
public struct PlateSet: Sendable, Hashable {
    /// 0…100,000 g.
    public var barGrams: Int64
    /// Pairs of each weight: one plate of a pair goes on each side.
    public var pairs: [Int64: Int]

    /// Kilogram plates as most gyms have them.
    public static let standard = PlateSet(
        barGrams: 20_000,
        pairs: [25_000: 8, 20_000: 2, 15_000: 2, 10_000: 2, 5_000: 2, 2_500: 2, 1_250: 2])

    public init(barGrams: Int64, pairs: [Int64: Int]) {
        self.barGrams = barGrams
        self.pairs = pairs
    }

    /// The plates on each side for a weight, the heaviest first.
    public struct Loading: Sendable, Hashable {
        public let totalGrams: Int64
        public let side: [Int64]
    }

    /// The loading that comes nearest to a weight; of two equally near ones the lighter. At least the bar.
    ///
    /// The weight is looked at up to 1,000 kg; of equal totals the one with the fewest plates.
    public func nearest(to grams: Int64) -> Loading {
        let target = max(0, min(grams, 1_000_000) - barGrams)
        // Sums of one side up to the first one at or above the target, each with its fewest plates.
        let heaviest = pairs.keys.max() ?? 0
        let bound = target / 2 + heaviest
        var sums: [Int64: [Int64]] = [0: []]
        for plate in pairs.keys.sorted(by: >) where plate > 0 {
            var widened = sums
            for (sum, side) in sums {
                var (weight, plates) = (sum, side)
                for _ in 0..<min(max(0, pairs[plate] ?? 0), 100) {
                    weight += plate
                    guard weight <= bound else { break }
                    plates.append(plate)
                    if let known = widened[weight], !Self.isHandier(plates, than: known) { continue }
                    widened[weight] = plates
                }
            }
            sums = widened
        }
        let best = sums.min { left, right in
            let (l, r) = ((2 * left.key - target).magnitude, (2 * right.key - target).magnitude)
            return (l, left.key) < (r, right.key)
        }
        return Loading(totalGrams: barGrams + 2 * (best?.key ?? 0), side: best?.value ?? [])
    }

    /// Fewer plates first, then the heavier plates.
    private static func isHandier(_ plates: [Int64], than known: [Int64]) -> Bool {
        plates.count == known.count ? known.lexicographicallyPrecedes(plates) : plates.count < known.count
    }

    /// The lightest loading above a weight; nil when all plates are on.
    public func next(above grams: Int64) -> Loading? {
        let step = 2 * (pairs.filter { $0.key > 0 && $0.value > 0 }.keys.min() ?? 0)
        guard step > 0 else { return nil }
        var probe = max(grams, barGrams - 1) + 1
        for _ in 0..<64 {
            let loading = nearest(to: probe)
            if loading.totalGrams > grams { return loading }
            probe += step / 2
        }
        return nil
    }
}
