import Protocol
import Store
import TestKit
import Testing

/// Every op that was answered as durable, and every op that was not refused, is stored once, in its device's order.
@Suite("Crashes", .serialized, .timeLimit(.minutes(60)))
struct CrashTests {
    @Test("kill -9 of the server at random moments loses no op and doubles none")
    func serverKilled() async throws {
        try await TestPostgres.withDatabase { database in
            try await CrashDrill.run("server killed", database: database.configuration, pool: database.pool) { drill in
                for _ in 0..<CrashDrill.rounds {
                    try await drill.answers(5...150)
                    await drill.server.kill()
                    if drill.random.chance(in: 5) { try await drill.server.startAndKill() }
                    try await drill.server.start()
                }
            }
        }
    }

    @Test("a network that is cut, stalls, swallows or drips loses no op and doubles none")
    func networkBroken() async throws {
        try await TestPostgres.withDatabase { database in
            try await CrashDrill.run(
                "network", database: database.configuration, pool: database.pool, silence: .milliseconds(500)
            ) { drill in
                for _ in 0..<CrashDrill.rounds {
                    try await drill.answers(5...150)
                    try await drill.breakNetwork()
                    try await drill.network.set(.none)
                }
            }
        }
    }

    @Test("a COMMIT whose answer is lost, or that never arrives, loses no op and doubles none")
    func commitLost() async throws {
        try await TestPostgres.withDatabase { database in
            let proxy = try PostgresFaultProxy(to: database.configuration)
            defer { proxy.close() }
            try await CrashDrill.run("commit lost", database: proxy.configuration, pool: database.pool) { drill in
                for _ in 0..<CrashDrill.rounds {
                    try await drill.answers(5...50)
                    proxy.arm(drill.random.chance(in: 3) ? .loseCommit : .loseAnswer)
                    // More than may have been on its way: some of it was committed since.
                    try await drill.answers(600...650)
                    // Without a loss the round would show nothing.
                    while proxy.isArmed { try await drill.answers(1...50) }
                }
            }
        }
    }

    @Test("kill -9 of Postgres while the server goes on loses no op and doubles none")
    func postgresKilled() async throws {
        let cluster = try TestCluster()
        do {
            let configuration = try PostgresConfiguration(connection: try await cluster.start())
            let pool = PostgresPool(configuration: configuration, logger: .silent)
            try await CrashDrill.run("Postgres killed", database: configuration, pool: pool) { drill in
                for _ in 0..<CrashDrill.rounds {
                    try await drill.answers(5...150)
                    await cluster.kill()
                    try await cluster.start()
                }
            }
            await pool.close()
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }
}

extension CrashDrill {
    /// One fault of the network, until a device has felt it.
    fileprivate mutating func breakNetwork() async throws {
        let losses = course.tally.losses
        switch random.next() % 5 {
        case 0: try await network.set(.cutAfter(bytes: Int.random(in: 1...2000, using: &random)))
        case 1:
            // Bytes wait; what the server sends meanwhile is lost with the cut.
            try await network.set(.stall, random.chance(in: 2) ? .toClient : .toServer)
            try await network.cut()
            return
        case 2: try await network.set(.blackHole, random.chance(in: 2) ? .toClient : .toServer)
        case 3:
            try await network.set(.drip)
            return try await answers(1...20)
        default: try await network.cut()
        }
        try await course.wait { $0.losses > losses }
        if !random.chance(in: 2) { try await network.cut() }
    }
}
