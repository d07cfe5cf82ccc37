import Glibc
import Protocol
import Store
import TestKit
import Testing

/// Sessions at Postgres whose client is gone, and which Postgres does not know to be dead.
@Suite("Ghost sessions", .timeLimit(.minutes(5)))
struct GhostTests {
    @Test("a server whose connections were cut without Postgres noticing takes its lock again and stores everything")
    func cut() async throws {
        try await GroundDrill.run(["LOCK_SECONDS": "5"]) { drill in
            try await drill.serving { server, lift in
                for round in 1...3 {
                    try await lift.sets(5)
                    drill.proxy.loseClients()
                    try await lift.sets(5)
                    try await lift.durable()
                    while server.lines.count(where: { $0.contains("The advisory lock is held again") }) < round {
                        await Task.yield()
                    }
                }
                // The process dies and its sessions stay: the next start must not be refused over them.
                server.send(SIGSTOP)
                drill.proxy.loseClients()
                server.send(SIGKILL)
                await server.exit()
            }
            try await drill.checkAfterRestart()
        }
    }
}
