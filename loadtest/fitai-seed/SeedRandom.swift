import Foundation

/// Repeatable random numbers: the same seed, the same sequence (SplitMix64, Steele, Lea and Flood 2014).
struct SeedRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    /// A sequence of its own for one of many things that come from one seed.
    init(_ seed: UInt64, part: Int) {
        var mixed = SeedRandom(seed &+ UInt64(truncatingIfNeeded: part) &* 0xD1B5_4A32_D192_ED03)
        state = mixed.next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    /// 0 ..< 1.
    mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

    mutating func isTrue(_ probability: Double) -> Bool { fraction() < probability }

    /// Normally distributed (Box and Muller).
    mutating func normal(_ mean: Double, _ deviation: Double) -> Double {
        let radius = (-2 * log(1 - fraction())).squareRoot()
        return mean + deviation * radius * cos(2 * .pi * fraction())
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }
}

/// Draws places 0 ..< count, the first ones most often: place n with a weight of 1 / (n + 1).
struct ZipfDraw: Sendable {
    private let cumulated: [Double]

    init(count: Int) {
        var sum = 0.0
        cumulated = (1...max(1, count)).map { place in
            sum += 1 / Double(place)
            return sum
        }
    }

    func callAsFunction(_ random: inout SeedRandom) -> Int {
        let wanted = random.fraction() * (cumulated.last ?? 1)
        var (low, high) = (0, cumulated.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulated[middle] > wanted { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
