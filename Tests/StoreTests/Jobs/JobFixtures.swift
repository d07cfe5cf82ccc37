import Protocol
import Store
import Synchronization
import TestKit

struct Lift: JobPayload {
    static let kind = "test.lift"
    var weight: Int
}

struct Run: JobPayload {
    static let kind = "test.run"
    var metres: Int
}

struct Missed: Error, CustomStringConvertible {
    var description: String { "missed the lift" }
}

/// Jobs on a database of a test's own, under a clock moved by hand.
struct JobBench: Sendable {
    let database: TestDatabase
    let clock: TestClock

    var pool: PostgresPool { database.pool }
    var jobs: Jobs { Jobs(now: { [clock] in clock.now }) }

    static func run<Value: Sendable>(_ body: (JobBench) async throws -> Value) async throws -> Value {
        try await TestPostgres.withDatabase { database in
            try await body(JobBench(database: database, clock: TestClock()))
        }
    }

    func workers(
        _ configuration: JobConfiguration = JobConfiguration(), _ register: (inout JobHandlers) -> Void
    ) -> JobWorkers {
        var handlers = JobHandlers()
        register(&handlers)
        return JobWorkers(
            pool: pool, handlers: handlers, configuration: configuration, logger: .silent, now: { [clock] in clock.now }
        )
    }

    @discardableResult
    func enqueue(_ payload: some JobPayload, _ options: JobOptions = JobOptions()) async throws -> UUIDv7? {
        try await pool.transaction { connection in try jobs.enqueue(payload, options, on: connection) }
    }

    func count(_ table: SQL) async throws -> Int {
        try await pool.first("select count(*) from \(table)", as: Int.self) ?? 0
    }
}

/// What handlers did, in order.
final class Journal<Entry: Sendable>: Sendable {
    private let list = Mutex<[Entry]>([])

    var entries: [Entry] { list.withLock { $0 } }

    @discardableResult
    func note(_ entry: Entry) -> Int {
        list.withLock { list in
            list.append(entry)
            return list.count
        }
    }
}
