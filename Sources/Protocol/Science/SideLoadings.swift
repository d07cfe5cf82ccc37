/// What one side of a bar can carry, each sum with the fewest plates; a bounded knapsack over the plates' common unit.
struct SideLoadings {
    private static let none = Int16.max

    private let unit: Int64
    /// In units, the heaviest first.
    private let plates: [(weight: Int, count: Int)]
    /// For the plates from each place on: the fewest that make a sum of units, `none` where they cannot.
    private var needed: [[Int16]]

    /// - Parameter grams: sums are known up to the first ones above it.
    init(_ pairs: [Int64: Int], upTo grams: Int64) {
        let owned = pairs.filter { $0.key > 0 && $0.value > 0 }.sorted { $0.key > $1.key }
        let unit = owned.reduce(0) { Self.commonDivisor($0, $1.key) }
        self.unit = max(1, unit)
        plates = owned.map { (weight: Int($0.key / max(1, unit)), count: min($0.value, 100)) }
        // Whoever puts plates on one by one steps over any weight by less than the heaviest of them.
        let all = plates.reduce(0) { $0 + $1.weight * $1.count }
        let limit = min(all, Int(max(0, grams) / self.unit) + (plates.first?.weight ?? 0))
        needed = [[0] + Array(repeating: Self.none, count: limit)]
        for plate in plates.reversed() { needed.append(Self.adding(plate, to: needed[needed.count - 1])) }
        needed.reverse()
    }

    private static func adding(_ plate: (weight: Int, count: Int), to known: [Int16]) -> [Int16] {
        known.indices.map { sum in
            var best = known[sum]
            for count in 0..<min(plate.count, sum / plate.weight) {
                let rest = known[sum - (count + 1) * plate.weight]
                if rest != none { best = min(best, rest + Int16(count + 1)) }
            }
            return best
        }
    }

    /// Every sum in grams, ascending.
    private var sums: some Sequence<Int64> {
        needed[0].indices.lazy.filter { needed[0][$0] != Self.none }.map { Int64($0) * unit }
    }

    /// The sum whose double comes nearest to a weight; of two equally near ones the lighter.
    func nearest(toTwice grams: Int64) -> Int64 {
        sums.min { (2 * $0 - grams).magnitude < (2 * $1 - grams).magnitude } ?? 0
    }

    /// The lightest sum whose double lies above a weight.
    func lightest(aboveTwice grams: Int64) -> Int64? { sums.first { 2 * $0 > grams } }

    /// The plates of a sum, the heaviest first.
    func plates(for grams: Int64) -> [Int64] {
        var rest = Int(grams / unit)
        var side: [Int64] = []
        for (place, plate) in plates.enumerated() {
            // As many of the heavier ones as still leave the fewest in all.
            var count = min(plate.count, rest / plate.weight)
            while count > 0 {
                let others = needed[place + 1][rest - count * plate.weight]
                if others != Self.none, others + Int16(count) == needed[place][rest] { break }
                count -= 1
            }
            side += Array(repeating: Int64(plate.weight) * unit, count: count)
            rest -= count * plate.weight
        }
        return side
    }

    private static func commonDivisor(_ first: Int64, _ second: Int64) -> Int64 {
        second == 0 ? first : commonDivisor(second, first % second)
    }
}
