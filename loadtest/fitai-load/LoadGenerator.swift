import Client
import NIOCore
import NIOPosix
import Protocol

/// Sets athletes and watchers up on the loops, runs the schedule, waits for what is under way.
struct LoadGenerator: Sendable {
    struct Outcome: Sendable {
        var tally = LoadTally()
        var connectSeconds = 0.0
        var runSeconds = 0.0
        /// Ops that were not answered or not durable in time, and events that did not reach a watcher by then.
        var unfinishedAthletes = 0
        var missingAtEnd = 0
        var openWatchers = 0
    }

    private static let drainTime = Duration.seconds(15)
    private static let setUpBatch = 50
    private let homes: [NIOLoopBound<LoadLoop>]

    /// One home a loop of the group.
    static func make(group: MultiThreadedEventLoopGroup, server: ServerAddress) async throws -> LoadGenerator {
        var homes: [NIOLoopBound<LoadLoop>] = []
        for loop in group.makeIterator() {
            homes.append(
                try await loop.submit { NIOLoopBound(LoadLoop(loop, server: server), eventLoop: loop) }.get())
        }
        return LoadGenerator(homes: homes)
    }

    func run(
        athletes: [LoadAccount], watchers: [LoadAccount], rate: Double, seconds: Int
    ) async throws -> Outcome {
        var outcome = Outcome()
        let begun = ContinuousClock.now
        let loops = homes.count
        let count = athletes.count
        try await setUp(athletes, on: { $0 % loops }) { home, account, _ in home.addAthlete(account) }
        // A watcher lives on its athlete's loop, so that it can be moved along without a hop.
        try await setUp(watchers, on: { $0 % count % loops }) { home, account, place in
            home.addWatcher(account, ofAthlete: place % count / loops)
        }
        outcome.connectSeconds = begun.duration(to: .now) / .seconds(1)
        let started = ContinuousClock.now
        start(rate: rate, seconds: seconds)
        try await Task.sleep(for: .seconds(seconds))
        try await drain(&outcome)
        outcome.runSeconds = started.duration(to: .now) / .seconds(1)
        for home in homes {
            let (tally, missing, open) = try await onLoop(home) { home in
                (home.tally, home.missing, home.watchers.count { $0.isOpen })
            }
            outcome.tally.add(tally)
            outcome.missingAtEnd += missing
            outcome.openWatchers += open
            try await onLoop(home) { $0.closeAll() }
        }
        return outcome
    }

    /// Opens connections, some at a time.
    private func setUp(
        _ accounts: [LoadAccount], on place: (Int) -> Int,
        _ open: @escaping @Sendable (LoadLoop, LoadAccount, Int) -> EventLoopFuture<Void>
    ) async throws {
        for start in stride(from: 0, to: accounts.count, by: Self.setUpBatch) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in start..<min(start + Self.setUpBatch, accounts.count) {
                    let home = homes[place(number)]
                    group.addTask {
                        try await home.eventLoop.flatSubmit { open(home.value, accounts[number], number) }.get()
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    private func start(rate: Double, seconds: Int) {
        let begin = LoadLoop.now + 50_000
        let count = Int(rate * Double(seconds))
        for (place, home) in homes.enumerated() {
            let share = count / homes.count + (place < count % homes.count ? 1 : 0)
            let schedule = LoadSchedule(
                begin: begin, count: share, interval: Double(homes.count) * 1_000_000 / rate,
                shift: Double(place) * 1_000_000 / rate)
            home.eventLoop.execute { home.value.start(schedule) }
        }
    }

    private func drain(_ outcome: inout Outcome) async throws {
        let deadline = ContinuousClock.now + Self.drainTime
        while ContinuousClock.now < deadline {
            var isDrained = true
            for home in homes { isDrained = try await onLoop(home) { $0.isDrained && $0.missing == 0 } && isDrained }
            if isDrained { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        for home in homes {
            outcome.unfinishedAthletes += try await onLoop(home) { $0.athletes.count { !$0.isDrained } }
        }
    }

    @discardableResult
    private func onLoop<Result: Sendable>(
        _ home: NIOLoopBound<LoadLoop>, _ body: @escaping @Sendable (LoadLoop) -> Result
    ) async throws -> Result {
        try await home.eventLoop.submit { body(home.value) }.get()
    }
}
