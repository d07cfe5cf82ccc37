import Foundation
import Protocol

/// How large a database shall be; counts are met exactly.
struct SeedSize: Sendable {
    var users = 100_000
    var workouts = 200_000
    var sets = 3_000_000
    /// Workouts of the user who has the most.
    var heaviest = 1500

    /// What cannot be met, for the person who asked.
    var fault: String? {
        if !(2...1_000_000).contains(users) { return "users must be 2…1000000" }
        if !(1...1600).contains(heaviest) { return "the heaviest must have 1…1600 workouts: 6 a week, 5 years" }
        if workouts < heaviest { return "there must be at least as many workouts as the heaviest user has" }
        if workouts > users * heaviest / 4 { return "so many workouts need more users" }
        if !(workouts * 6...workouts * 24).contains(sets) { return "a workout has 6…24 sets in the mean" }
        return nil
    }
}

/// Which user trains when, with how many sets: settled before anything is written, so that all counts come out.
struct SeedPlan: Sendable {
    /// One workout to come.
    struct Slot: Sendable {
        let user: Int
        let startsAt: Timestamp
        var sets: Int
    }

    static let weeks = 260

    /// Workouts of each user; the first has the most.
    let workouts: [Int]
    /// In the order of their start.
    private(set) var slots: [Slot]
    /// When the five years begin.
    let beginsAt: Timestamp

    /// - Parameter now: no workout lies later.
    init(_ size: SeedSize, seed: UInt64, now: Timestamp) {
        workouts = Self.workouts(size)
        let today = now.milliseconds / 86_400_000
        // A Monday, so that weeks are weeks.
        let monday = (today - 7 * Int64(Self.weeks) - 4) / 7 * 7 + 4
        beginsAt = Timestamp(milliseconds: monday * 86_400_000)
        slots = []
        slots.reserveCapacity(size.workouts)
        for (user, count) in workouts.enumerated() where count > 0 {
            var random = SeedRandom(seed, part: user)
            for startsAt in Self.calendar(count, from: beginsAt, &random) {
                slots.append(Slot(user: user, startsAt: startsAt, sets: 0))
            }
        }
        slots.sort { ($0.startsAt, $0.user) < ($1.startsAt, $1.user) }
        spread(size.sets, seed)
    }

    /// A long tail: the user of rank r has heaviest / r^s workouts, with the s that makes the sum right.
    private static func workouts(_ size: SeedSize) -> [Int] {
        func counts(_ exponent: Double) -> [Int] {
            (1...size.users).map { Int((Double(size.heaviest) / pow(Double($0), exponent)).rounded()) }
        }
        var (low, high) = (0.0, 8.0)
        for _ in 0..<40 {
            let middle = (low + high) / 2
            if counts(middle).reduce(0, +) > size.workouts { low = middle } else { high = middle }
        }
        var found = counts(high)
        // What is missing through rounding goes to those behind the first, one each in turn.
        var missing = size.workouts - found.reduce(0, +)
        var rank = 1
        while missing > 0 {
            if found[rank] < size.heaviest {
                found[rank] += 1
                missing -= 1
            }
            rank = rank + 1 < found.count ? rank + 1 : 1
        }
        return found
    }

    /// The starts of a user's workouts: so many a week on the same days, at about the same hour, from some week on.
    private static func calendar(_ count: Int, from begin: Timestamp, _ random: inout SeedRandom) -> [Timestamp] {
        let least = (count + weeks - 11) / (weeks - 10)
        let perWeek = max(least, Int.random(in: 1...4, using: &random))
        let needed = (count + perWeek - 1) / perWeek
        let slack = weeks - needed
        // More people join later; breaks stretch what remains.
        let start = Int(Double(slack) * random.fraction().squareRoot())
        let stretch = 1 + random.fraction() * 0.4 * Double(slack - start) / Double(max(1, needed))
        // Mondays are the fullest, weekends the emptiest.
        var days: [Int] = []
        let liking = [0, 2, 4, 1, 3, 5, 6]
        for day in liking where days.count < perWeek && random.isTrue(0.75) {
            days.append(day)
        }
        for day in liking where days.count < perWeek && !days.contains(day) { days.append(day) }
        days.sort()
        let hour = random.pick([6, 7, 11, 12, 16, 17, 17, 18, 18, 18, 19, 20])
        return (0..<count).map { number in
            let week = start + Int(Double(number / perWeek) * stretch)
            let minutes =
                (week * 7 + days[number % perWeek]) * 1440 + hour * 60 + Int.random(in: -50...50, using: &random)
            return begin + .seconds(minutes * 60 + Int.random(in: 0...59, using: &random))
        }
    }

    /// Gives every workout its number of sets, about normally distributed, until the sum is right.
    private mutating func spread(_ sets: Int, _ seed: UInt64) {
        var random = SeedRandom(seed, part: -1)
        let mean = Double(sets) / Double(slots.count)
        var sum = 0
        for index in slots.indices {
            slots[index].sets = min(40, max(4, Int(random.normal(mean, mean / 3.5).rounded())))
            sum += slots[index].sets
        }
        while sum != sets {
            let index = Int.random(in: 0..<slots.count, using: &random)
            let step = sum < sets ? 1 : -1
            guard (4...40).contains(slots[index].sets + step) else { continue }
            slots[index].sets += step
            sum += step
        }
    }
}
