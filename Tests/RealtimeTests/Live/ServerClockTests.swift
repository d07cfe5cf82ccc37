import Protocol
import Store
import Synchronization
import TestKit
import Testing

@testable import Realtime

/// A step of a clock, here or at Postgres, reaches no data.
struct ServerClockTests {
    /// Three clocks that a test sets.
    private final class Clocks: Sendable {
        private let state = Mutex((wall: Int64(1_750_000_000_000), steady: Int64(0), server: Int64(1_750_000_000_000)))

        var sources: ServerClock.Sources {
            ServerClock.Sources(
                wall: { Timestamp(milliseconds: self.state.withLock { $0.wall }) },
                steady: { self.state.withLock { $0.steady } },
                server: { _ in Timestamp(milliseconds: self.state.withLock { $0.server }) })
        }

        func pass(_ duration: Duration) { step(wall: duration, steady: duration, server: duration) }

        func step(wall: Duration = .zero, steady: Duration = .zero, server: Duration = .zero) {
            state.withLock { state in
                state.wall += wall.wholeMilliseconds
                state.steady += steady.wholeMilliseconds
                state.server += server.wholeMilliseconds
            }
        }

        var server: Timestamp { Timestamp(milliseconds: state.withLock { $0.server }) }
    }

    private let pool: PostgresPool

    init() throws {
        // Never used: the clocks answer for it.
        pool = PostgresPool(configuration: try PostgresConfiguration(connection: "host=/nowhere"), logger: .silent)
    }

    @Test("a step of this machine's wall clock is seen at once and changes no time", arguments: [13 * 3600, -600])
    func wallSteps(seconds: Int) async throws {
        let clocks = Clocks()
        let clock = ServerClock(clocks.sources)
        try await clock.measure(pool)
        clocks.pass(.seconds(5))
        #expect(!clock.wallHasStepped)
        clocks.step(wall: .seconds(seconds))
        #expect(clock.wallHasStepped)
        #expect(clock.now == clocks.server)
        clocks.pass(.seconds(30))
        #expect(clock.now == clocks.server)
        try await clock.measure(pool)
        #expect(!clock.wallHasStepped && clock.now == clocks.server)
        #expect(clock.steppedForward(within: .seconds(100_000)) == .zero)
    }

    @Test("who watches the clocks asks Postgres as soon as this machine's clock was set, and else every so many looks")
    func watched() async throws {
        let clocks = Clocks()
        let clock = ServerClock(clocks.sources)
        try await clock.measure(pool)
        for looks in [Int.max, 2] {
            let watch = ClockWatch(clock: clock, pool: pool, logger: .silent, pause: .milliseconds(1), looks: looks)
            clocks.step(wall: looks == .max ? .seconds(13 * 3600) : .zero, server: .seconds(13 * 3600))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await watch.run() }
                try await eventually { clock.now == clocks.server }
                group.cancelAll()
            }
        }
    }

    @Test("when Postgres's clock goes back ten minutes, times go on, none stands still, and the two meet again")
    func serverGoesBack() async throws {
        let clocks = Clocks()
        let clock = ServerClock(clocks.sources)
        try await clock.measure(pool)
        clocks.step(wall: .seconds(-600), server: .seconds(-600))
        var last = clock.now
        for round in 0..<1300 {
            if round % 60 == 0 { try await clock.measure(pool) }
            clocks.pass(.seconds(1))
            #expect(clock.now >= last + .milliseconds(500))
            last = clock.now
        }
        #expect(clock.now == clocks.server)
    }

    @Test("a clock that was days ahead is left at once")
    func daysAhead() async throws {
        let clocks = Clocks()
        let clock = ServerClock(clocks.sources)
        try await clock.measure(pool)
        clocks.step(server: .seconds(-200_000))
        try await clock.measure(pool)
        #expect(clock.now == clocks.server)
    }

    @Test("a step of 13 hours completes no running workout; 12 idle hours do, counted without the step")
    func runningWorkout() async throws {
        let clocks = Clocks()
        try await LiveTestServer.run(clock: ServerClock(clocks.sources)) { server in
            let rooms = server.node.rooms
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            // Postgres itself notes when a row was changed.
            let age: SQL = "update workouts set updated_at = '2025-01-01', last_at = \(clocks.server)"
            try await server.database.pool.execute(age)
            try await server.node.clock.measure(server.database.pool)
            clocks.step(wall: .seconds(13 * 3600), server: .seconds(13 * 3600))
            await rooms.sweep()
            #expect(try await status(lift, server) == "active")
            clocks.pass(.seconds(11 * 3600))
            await rooms.sweep()
            #expect(try await status(lift, server) == "active")
            clocks.pass(.seconds(2 * 3600))
            await rooms.sweep()
            try await lift.durable(3)
            #expect(try await status(lift, server) == "completed")
        }
    }

    private func status(_ lift: Lift, _ server: LiveTestServer) async throws -> String? {
        try await server.database.pool.first("select status from workouts where id = \(lift.workout)", as: String.self)
    }
}
