import Foundation
import Glibc
import Protocol
import Store
import TestKit
import Testing

/// SIGTERM when the ground gives way: the process ends in time, and what was acknowledged is in Postgres or on disk.
@Suite("Drain drills", .serialized, .timeLimit(.minutes(5)))
struct DrainDrillTests {
    @Test(
        "with Postgres hanging the drain ends in its time, ops meanwhile get `draining`, and the next start stores all")
    func hanging() async throws {
        let environment = ["DRAIN_SECONDS": "4", "DATABASE_STATEMENT_TIMEOUT": "3600"]
        try await GroundDrill.run(environment) { drill in
            let proxy = drill.proxy
            try await drill.serving { server, lift in
                try await lift.sets(5)
                try await lift.durable()
                proxy.hang()
                try await lift.sets(20)
                server.send(SIGTERM)
                try await lift.goodbye()
                #expect(try await lift.refusedSet() == .draining)
                #expect(await server.exit() == .status(0))
                try GroundDrill.expectWithin(seconds: 4, server)
            }
            #expect(try drill.spilled() == 1)
            proxy.resume()
            try await drill.checkAfterRestart()
        }
    }

    @Test("a drain stops the statement that waits for another session's lock, and ends in its time with nothing lost")
    func waiting() async throws {
        // Nothing but the drain ends the wait: neither the statement's own deadline nor the other session.
        let environment = ["DRAIN_SECONDS": "2", "DATABASE_STATEMENT_TIMEOUT": "3600"]
        try await GroundDrill.run(environment) { drill in
            let pool = PostgresPool(configuration: try drill.direct, logger: .silent)
            try await drill.serving { server, lift in
                try await lift.sets(5)
                try await lift.durable()
                try await pool.whileHolding("lock table workout_events in access exclusive mode") {
                    try await lift.sets(20)
                    try await pool.untilWaiting { $0 > 0 }
                    server.send(SIGTERM)
                    try await lift.goodbye()
                    #expect(await server.exit() == .status(0))
                    #expect(drill.proxy.cancelRequests > 0)
                }
                try GroundDrill.expectWithin(seconds: 2, server)
            }
            await pool.close()
            #expect(try drill.spilled() == 1)
            try await drill.checkAfterRestart()
        }
    }

    @Test("with Postgres away a second signal ends the drain at once, with nothing lost")
    func secondSignal() async throws {
        try await GroundDrill.run(["DRAIN_SECONDS": "3600"]) { drill in
            try await drill.serving { server, lift in
                try await lift.sets(5)
                await drill.cluster.kill()
                try await lift.sets(20)
                server.send(SIGTERM)
                try await lift.goodbye()
                server.send(SIGINT)
                #expect(await server.exit() == .status(0))
            }
            #expect(try drill.spilled() == 1)
            try await drill.cluster.start()
            try await drill.checkAfterRestart()
        }
    }

    @Test("on a full disk the ops go into the space that was set aside", .enabled(if: Tmpfs.works, Tmpfs.reason))
    func fullDisk() async throws {
        try await GroundDrill.run(["DRAIN_SECONDS": "3", "QUEUE_BYTES": "4194304"], tmpfsMegabytes: 16) { drill in
            try await drill.serving { server, lift in
                try await lift.sets(5)
                await drill.cluster.kill()
                try drill.fillDisk()
                try await lift.sets(200)
                server.send(SIGTERM)
                #expect(await server.exit() == .status(0))
            }
            try drill.emptyDisk()
            #expect(try drill.spilled() == 1)
            try await drill.cluster.start()
            try await drill.checkAfterRestart()
        }
    }

    @Test(
        "on a full disk without that space the drain tries on, and takes space that comes later",
        .enabled(if: Tmpfs.works, Tmpfs.reason))
    func spaceComesLater() async throws {
        try await GroundDrill.run(["DRAIN_SECONDS": "12", "QUEUE_BYTES": "4194304"], tmpfsMegabytes: 16) { drill in
            try await drill.serving { server, lift in
                try await lift.sets(5)
                await drill.cluster.kill()
                try drill.removeReserve()
                try drill.fillDisk()
                try await lift.sets(200)
                server.send(SIGTERM)
                _ = try await server.line { $0.contains("cannot be kept yet") }
                try drill.emptyDisk()
                #expect(await server.exit() == .status(0))
            }
            #expect(try drill.spilled() == 1)
            try await drill.cluster.start()
            try await drill.checkAfterRestart()
        }
    }

    @Test(
        "with neither Postgres nor a disk the process ends all the same, and its status says that ops are lost",
        .enabled(if: Tmpfs.works, Tmpfs.reason))
    func nowhere() async throws {
        try await GroundDrill.run(["DRAIN_SECONDS": "3", "QUEUE_BYTES": "4194304"], tmpfsMegabytes: 16) { drill in
            try await drill.serving { server, lift in
                try await lift.sets(5)
                try await lift.durable()
                await drill.cluster.kill()
                try drill.removeReserve()
                try drill.fillDisk()
                try await lift.sets(200)
                server.send(SIGTERM)
                #expect(await server.exit() == .status(1))
                #expect(server.lines.contains { $0.contains("are lost") || $0.contains("kept nowhere") })
            }
            try drill.emptyDisk()
            try await drill.cluster.start()
            try await drill.checkAfterRestart(onlyDurable: true)
        }
    }
}

/// Health tells of a Postgres that answers and stores nothing.
@Suite("Undurable ops", .timeLimit(.minutes(5)))
struct UndurableTests {
    @Test("a locked table degrades health until ops become durable again; a metric says for how long they wait")
    func lockedTable() async throws {
        try await GroundDrill.run([:]) { drill in
            try await drill.serving { server, lift in
                try await lift.durable()
                var configuration = try drill.direct
                configuration.statementDeadline = .seconds(900)
                let pool = PostgresPool(configuration: configuration, logger: .silent)
                let isLocked = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
                let locking = Task {
                    try await pool.transaction { connection in
                        try connection.execute("lock table workout_events in access exclusive mode")
                        isLocked.continuation.yield()
                        try connection.execute("select pg_sleep(900)")
                    }
                }
                for await _ in isLocked.stream { break }
                try await lift.sets(3)
                _ = try await server.line { $0.contains("ops do not become durable") }
                #expect(try await drill.health() == #"{"status":"degraded"}"#)
                #expect(try await drill.metric("fitai_oldest_undurable_seconds") > 4)
                locking.cancel()
                await #expect(throws: StoreError.cancelled) { try await locking.value }
                _ = try await server.line { $0.contains("ops become durable again") }
                #expect(try await drill.health() == #"{"status":"ok"}"#)
                try await lift.durable()
                await pool.close()
            }
            try await drill.checkAfterRestart()
        }
    }
}
