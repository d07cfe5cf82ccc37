import Protocol
import Store
import Synchronization

/// The time of the Postgres server, carried on by this machine's steady clock between measurements.
///
/// A step of this machine's wall clock therefore changes nothing. When Postgres's own clock steps forward, this one
/// follows at the next measurement; when it steps back by up to an hour, this one runs at half its pace until the two
/// agree again, since times that were given out never go back and never stand still.
package final class ServerClock: Sendable {
    /// Where times come from; tests give their own.
    package struct Sources: Sendable {
        package var wall: @Sendable () -> Timestamp
        /// Milliseconds since some moment, which no step of the wall clock touches.
        package var steady: @Sendable () -> Int64
        /// What Postgres says; nil when it says nothing.
        package var server: @Sendable (PostgresPool) async throws(StoreError) -> Timestamp?

        package init(
            wall: @escaping @Sendable () -> Timestamp, steady: @escaping @Sendable () -> Int64,
            server: @escaping @Sendable (PostgresPool) async throws(StoreError) -> Timestamp?
        ) {
            self.wall = wall
            self.steady = steady
            self.server = server
        }

        package static let system = Sources(
            wall: { Timestamp.now },
            steady: { start.duration(to: .now).wholeMilliseconds },
            server: { pool throws(StoreError) in
                try await pool.first("select clock_timestamp()", as: (Timestamp).self)
            })

        private static let start = ContinuousClock.now
    }

    private struct State {
        /// When and what was measured last.
        var steady: Int64
        var server: Int64
        /// How far this clock was ahead of Postgres then.
        var ahead: Int64 = 0
        /// The difference of the wall clock and the steady one then.
        var wallOffset: Int64
        var isMeasured = false
        /// Steps forward of Postgres's clock, and when they were seen.
        var steps: [(steady: Int64, milliseconds: Int64)] = []

        func now(at steady: Int64) -> Int64 {
            let elapsed = steady - self.steady
            return server + ahead + elapsed - min(ahead, elapsed / 2)
        }
    }

    /// Differences below this are drift and the network's, not a step.
    private static let stepMilliseconds: Int64 = 2000
    /// A measurement that took longer tells too little, unless it is the first.
    private static let slowestMilliseconds: Int64 = 1000
    /// Beyond this a clock was plainly wrong, and is followed back at once.
    private static let longestCatchUp: Int64 = 3_600_000
    private static let keptSteps = 100

    private let sources: Sources
    private let state: Mutex<State>

    package init(_ sources: Sources = .system) {
        self.sources = sources
        let (wall, steady) = (sources.wall().milliseconds, sources.steady())
        state = Mutex(State(steady: steady, server: wall, wallOffset: wall - steady))
    }

    package var now: Timestamp {
        Timestamp(milliseconds: state.withLock { $0.now(at: sources.steady()) })
    }

    /// Whether the wall clock has gone another way than the steady one since the last measurement: somebody set it, and on
    /// this machine perhaps Postgres's as well.
    package var wallHasStepped: Bool {
        let offset = sources.wall().milliseconds - sources.steady()
        return abs(offset - state.withLock { $0.wallOffset }) > Self.stepMilliseconds
    }

    /// By how much Postgres's clock was put forward within the last `period`: what seems older by so much may not be.
    package func steppedForward(within period: Duration) -> Duration {
        let since = sources.steady() - period.wholeMilliseconds
        return .milliseconds(
            state.withLock { $0.steps.filter { $0.steady > since }.reduce(0) { $0 + $1.milliseconds } })
    }

    /// Compares with Postgres; the answer is taken to stem from the middle of the round trip.
    package func measure(_ pool: PostgresPool) async throws(StoreError) {
        let before = sources.steady()
        guard let server = try await sources.server(pool) else { return }
        let after = sources.steady()
        let wallOffset = sources.wall().milliseconds - after
        state.withLock { state in
            guard !state.isMeasured || after - before <= Self.slowestMilliseconds else { return }
            let middle = before + (after - before) / 2
            let given = state.now(at: middle)
            let step = server.milliseconds - (state.server + middle - state.steady)
            if state.isMeasured, step > Self.stepMilliseconds {
                state.steps = state.steps.suffix(Self.keptSteps - 1) + [(middle, step)]
            }
            let ahead = max(0, given - server.milliseconds)
            state.ahead = state.isMeasured && ahead <= Self.longestCatchUp ? ahead : 0
            state.steady = middle
            state.server = server.milliseconds
            state.wallOffset = wallOffset
            state.isMeasured = true
        }
    }
}

extension ServerClock {
    /// A clock that follows a given one in everything, Postgres's time included.
    package convenience init(wall: @escaping @Sendable () -> Timestamp) {
        self.init(Sources(wall: wall, steady: { wall().milliseconds }, server: { _ in wall() }))
    }
}
