import Foundation
import Glibc
import Protocol
import TestKit
import Testing

@Suite("Logs that are lifted live")
struct ReplayTests {
    private static let log = """
        title,start_time,end_time,description,exercise_title,superset_id,exercise_notes,set_index,set_type,weight_kg,reps,distance_km,duration_seconds,rpe
        Legs,"2 Oct 2026, 18:00","2 Oct 2026, 18:40",,Squat (Barbell),,,0,warmup,60,5,,,
        Legs,"2 Oct 2026, 18:00","2 Oct 2026, 18:40",,Squat (Barbell),,,1,normal,100,5,,,8
        Push,"1 Oct 2026, 18:00","1 Oct 2026, 18:40",,Bench Press (Barbell),,,0,normal,80,8,,,9

        """

    /// A directory with the log and a certificate, and the environment of a server that shows it.
    private func withFiles(_ body: (String, [String: String]) async throws -> Void) async throws {
        try await ServerDirectory.with { directory in
            let files = [
                "log.csv": Self.log, "server.pem": TestCertificate.certificate, "key.pem": TestCertificate.key,
            ]
            for (name, text) in files {
                try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
            }
            try await body(
                directory, ["TLS_CERTIFICATE": directory + "/server.pem", "TLS_KEY": directory + "/key.pem"])
        }
    }

    @Test("a replay goes through the encrypted socket of a server it may trust, and of no other; its sets are stored")
    func replay() async throws {
        try await withFiles { directory, environment in
            try await ServerProcess.serving(
                dataDirectory: directory + "/var", environment: environment
            ) { server, ready in
                var rest = RESTClient(port: try #require(URL(string: ready.url)?.port))
                rest.tls = try TestCertificate.client()
                let registered = try await rest.post(
                    "/v1/auth/register",
                    RegisterRequest(
                        email: "ann@example.com", username: "ann", password: "weights-9-barbells", displayName: "Ann"))
                let signedIn: SignedIn = try registered.decoded()
                rest.token = signedIn.tokens.accessToken
                func replay(_ more: String...) async throws -> (ServerProcess.Exit, [String]) {
                    let process = try ServerProcess(
                        [
                            "replay", "--log", directory + "/log.csv", "--as", "ann", "--server", ready.url,
                            "--speed", "10000",
                        ] + more, environment: ["FITAI_PASSWORD": "weights-9-barbells"])
                    return (await process.exit(), process.lines)
                }
                let (stranger, complaint) = try await replay()
                #expect(stranger == .status(1))
                #expect(complaint.contains { $0.contains("no answer from \(ready.url)") })
                let (exit, lines) = try await replay("--trust", directory + "/server.pem")
                #expect(exit == .status(0), "\(lines)")
                #expect(lines.contains { $0.hasSuffix("all workouts are lifted") })
                let page: Page<WorkoutItem> = try await rest.get("/v1/workouts").decoded()
                #expect(page.items.map(\.name) == ["Legs", "Push"])
                #expect(page.items.map(\.workingSets) == [1, 1])
                #expect(page.items.map(\.tonnageKg) == [500, 640])
            }
        }
    }

    @Test("a replay that finds no server waits for it, as it does when it loses one")
    func noServerYet() async throws {
        try await withFiles { directory, _ in
            try await ServerProcess.serving(dataDirectory: directory + "/var") { server, ready in
                let port = try #require(URL(string: ready.url)?.port)
                let registered = try await RESTClient(port: port).post(
                    "/v1/auth/register",
                    RegisterRequest(
                        email: "ann@example.com", username: "ann", password: "weights-9-barbells", displayName: "Ann"))
                #expect(registered.status == 201)
                let proxy = try await FaultProxy.start(toPort: port)
                try await proxy.accept(false)
                let process = try ServerProcess(
                    [
                        "replay", "--log", directory + "/log.csv", "--as", "ann", "--server",
                        "http://127.0.0.1:\(proxy.port)", "--speed", "10000",
                    ], environment: ["FITAI_PASSWORD": "weights-9-barbells"])
                _ = try await process.line { $0.contains("not connected (") }
                try await proxy.accept(true)
                #expect(await process.exit() == .status(0), "\(process.lines)")
                #expect(process.lines.contains { $0.hasSuffix("all workouts are lifted") })
                try await proxy.stop()
            }
        }
    }

    @Test("the demo lifts its log at once, behind TLS too, and stops when it is told to")
    func demo() async throws {
        try await withFiles { directory, environment in
            var environment = environment
            environment.merge(["PORT": "0", "OPS_PORT": "0", "DATA_DIR": directory + "/var"]) { $1 }
            let demo = try ServerProcess(
                ["demo", "--log", directory + "/log.csv", "--speed", "10000"], environment: environment)
            _ = try await demo.line { $0.hasSuffix("all workouts are lifted") }
            demo.send(SIGTERM)
            #expect(await demo.exit() == .status(0))
        }
    }
}
