import ArgumentParser
import Logging
import NIOPosix
import Protocol
import Realtime
import ServiceLifecycle
import Store
import TestKit

/// Sets from rooms to Postgres in one process, without sockets: the write path alone.
struct WritePath: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "write-path",
        abstract: "Log sets in rooms at a fixed rate until they are durable; then find the highest rate that holds.",
        discussion: """
            Open loop: sets are due at fixed times, and latency counts from then. A rate holds when every set was taken \
            and became durable and the queue did not grow. The reference writes the same rows with plain SQL over one \
            connection, as fast as it can. Postgres is a private one that waits for its disk at each commit.
            """)

    @Option(help: "Sets a second that have to hold.")
    var rate = 20_000

    @Option(help: "For so many seconds.")
    var seconds = 60

    @Option(help: "Workouts that are under way at once.")
    var athletes = 200

    @Option(help: "Seconds of each step of the search for the highest rate; 0 searches not.")
    var stepSeconds = 10

    func run() async throws {
        let cluster = try TestCluster(isDurable: true)
        let missed: Bool
        do {
            missed = try await measure(on: try await cluster.start())
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
        if missed { throw ExitCode.failure }
    }

    /// - Returns: whether the rate did not hold.
    private func measure(on connection: String) async throws -> Bool {
        let postgres = try PostgresConfiguration(connection: connection)
        try await Migrator(configuration: postgres, logger: .silent).migrate()
        let pool = PostgresPool(configuration: postgres, logger: .silent)
        let reference = PlainSQL(pool: pool)
        let most = try await reference.setsPerSecond(seconds: max(1, stepSeconds))
        print("plain SQL, one connection, batches of \(PlainSQL.batch): \(most) sets/s")
        let commits = try await reference.commitTimes(seconds: max(1, stepSeconds))
        print(
            "plain SQL, commits of one row at 200/s: p50 \(WriteReport.milliseconds(commits, 50)) ms, "
                + "p99 \(WriteReport.milliseconds(commits, 99)) ms")
        let members = try await makeUsers(pool)
        let foundation = LiveFoundation(
            pool: pool, pools: LivePools(postgres, logger: .silent), people: .strangers(members),
            catalog: ExerciseCatalog([]),
            group: MultiThreadedEventLoopGroup.singleton, logger: .silent)
        let node = LiveNode(
            configuration: LiveConfiguration(), foundation: foundation, isEnded: { _ in false },
            authenticate: { _ in nil })
        let missed = try await withThrowingTaskGroup(of: Void.self) { tasks in
            for service in node.services { tasks.addTask { try await service.run() } }
            defer { tasks.cancelAll() }
            return try await climb(Lifters(node: node, members: members))
        }
        await pool.close()
        return missed
    }

    private func climb(_ lifters: Lifters) async throws -> Bool {
        print(WriteReport.heading)
        let asked = try await lifters.lift(rate: rate, seconds: seconds)
        print(asked.line)
        var step = rate
        var holds = asked.holds
        while stepSeconds > 0, holds {
            step += rate / 4
            let report = try await lifters.lift(rate: step, seconds: stepSeconds)
            print(report.line)
            holds = report.holds
        }
        return !asked.holds
    }

    private func makeUsers(_ pool: PostgresPool) async throws -> [Member] {
        let members = (0..<athletes).map { Member(userId: .make(), name: "Athlete \($0)") }
        let names = members.indices.map { "athlete_\($0)" }
        try await pool.execute(
            """
            insert into users (id, username, email, display_name, created_at)
            select id, name, name || '@example.org', name, now()
            from unnest(\(members.map(\.userId))::uuid[], \(names)::text[]) u (id, name)
            """)
        return members
    }
}

extension People {
    /// Members without relations, bodies and notices.
    static func strangers(_ members: [Member]) -> People {
        let known = Dictionary(uniqueKeysWithValues: members.map { ($0.userId, $0) })
        return People(
            relation: { $0 == $1 ? .oneself : .stranger }, friends: { _ in [] }, member: { known[$0] },
            privacy: { _ in Privacy() }, preferences: { _ in [:] },
            speaker: { user in known[user].map { ($0, Privacy()) } }, bodyWeightGrams: { _ in nil },
            notices: Notices(unseen: { _, _ in [] }, markSeen: { _, _ in }))
    }
}
