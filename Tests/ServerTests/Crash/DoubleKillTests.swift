import Foundation
import Glibc
import TestKit
import Testing

/// A process that is killed on its way up, again and again, leaves a private Postgres in every state there is.
@Suite("Double kills of a private Postgres", .serialized, .timeLimit(.minutes(30)))
struct DoubleKillTests {
    @Test("however often the process is killed while it starts, the next start serves")
    func doubleKills() async throws {
        let rounds = ProcessInfo.processInfo.environment["FITAI_CRASH_ROUNDS"].flatMap(Int.init) ?? 4
        let seed = UInt64.random(in: 1...1_000_000_000)
        print("double kills: seed \(seed), \(rounds) rounds")
        var random = SplitMix64(state: seed)
        try await ServerDirectory.with { directory in
            let data = directory + "/var"
            try await ServerProcess.serving(dataDirectory: data) { _, _ in }
            for round in 0..<rounds {
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let server = try ServerProcess(environment: ["PORT": "0", "OPS_PORT": "0", "DATA_DIR": data])
                    // Any moment is what this is about.
                    for _ in 0..<Int.random(in: 0...300_000, using: &random) { await Task.yield() }
                    await server.kill()
                }
                try await ServerProcess.serving(dataDirectory: data) { server, _ in
                    if round.isMultiple(of: 2) {
                        server.send(SIGTERM)
                        #expect(await server.exit() == .status(0), "seed \(seed), round \(round)")
                    }
                }
            }
        }
    }
}
