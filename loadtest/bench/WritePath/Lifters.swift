import Histogram
import Protocol
import Realtime
import Store

/// Athletes that log sets straight into their rooms on a fixed schedule.
struct Lifters: Sendable {
    /// What became of the sets.
    struct Tally: Sendable {
        var taken = 0
        var refused = 0
        var notDurable = 0
        /// Microseconds from the due time, of one set in `sample`.
        var durable = Histogram<UInt64>(highestTrackableValue: 20_000_000, numberOfSignificantValueDigits: .three)
    }

    private static let sample = 16
    private static let tick = Duration.milliseconds(1)

    let node: LiveNode
    let members: [Member]

    /// - Parameters:
    ///   - rate: sets a second, over all athletes.
    func lift(rate: Int, seconds: Int) async throws -> WriteReport {
        var lifters: [Lifter] = []
        for member in members { lifters.append(try await Lifter(rooms: node.rooms, member: member)) }
        let begin = ContinuousClock.now
        let end = begin + .seconds(seconds)
        async let levels = watch(until: end)
        let tally = try await withThrowingTaskGroup(of: Lifter.Wait.self, returning: Tally.self) { tasks in
            var tally = Tally()
            var number = 0
            while number < rate * seconds {
                let due = begin + .seconds(1) * number / rate
                if due > .now { try await Task.sleep(until: max(due, .now + Self.tick)) }
                let lifter = lifters[number % lifters.count]
                if lifter.wantsNext { tasks.addTask { try await lifter.prepare() } }
                if number % Self.sample == 0 {
                    tasks.addTask { [number] in await lifter.logAndWait(number, due: due) }
                } else {
                    lifter.log(number)
                }
                number += 1
            }
            for try await wait in tasks {
                switch wait {
                case .durable(let time): tally.durable.record(UInt64(max(1, time / .microseconds(1))))
                case .lost: tally.notDurable += 1
                case .nothing: break
                }
            }
            return tally
        }
        var report = WriteReport(rate: rate, seconds: seconds, tally: tally)
        report.levels = await levels
        for lifter in lifters {
            report.tally.taken += lifter.taken
            report.tally.refused += lifter.refused
        }
        return report
    }

    /// The items that wait for Postgres, ten times a second.
    private func watch(until end: ContinuousClock.Instant) async -> [Int] {
        var levels: [Int] = []
        while ContinuousClock.now < end {
            // Nobody cancels this.
            try? await Task.sleep(for: .milliseconds(100))
            levels.append(node.writeBehind.pendingCount)
        }
        return levels
    }
}
