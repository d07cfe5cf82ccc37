import HTTPTypes
import TestKit
import Testing

@testable import API

@Suite("Pages of other origins")
struct CrossOriginTests {
    private let app = "https://app.example"

    private func run(_ body: (RESTServer, RESTClient) async throws -> Void) async throws {
        try await RESTServer.run(isLive: true, adjust: { $0.allowedOrigins = [app] }) { server in
            // Preflights are no operations of the specification.
            try await body(server, RESTClient(port: server.port))
        }
    }

    private func preflight(_ method: String, from origin: String) -> [(String, String)] {
        [("Origin", origin), ("Access-Control-Request-Method", method)]
    }

    @Test("a preflight of any declared route tells an allowed origin the route's own methods, and nothing broader")
    func everyRoute() async throws {
        try await run { server, client in
            var methods: [String: Set<String>] = [:]
            for route in server.api.table.routes {
                methods[route.path, default: []].insert(route.method.rawValue)
                if route.method == .get { methods[route.path, default: []].insert("HEAD") }
            }
            for (path, declared) in methods {
                // What stands at the same place as a literal segment is reached by it alone.
                let target = path.split(separator: "/").map { $0.hasPrefix(":") ? "x-\($0.dropFirst())" : $0 }
                let method = declared.sorted()[0]
                let answer = try await client.send(
                    "OPTIONS", "/" + target.joined(separator: "/"), headers: preflight(method, from: app))
                #expect(answer.status == 204, "\(path)")
                #expect(answer[header: "access-control-allow-origin"] == app, "\(path)")
                #expect(answer[header: "access-control-allow-credentials"] == "true", "\(path)")
                let told = (answer[header: "access-control-allow-methods"] ?? "").split(separator: ", ").map(
                    String.init)
                #expect(Set(told) == declared, "\(path)")
                #expect(answer[header: "vary"]?.contains("Origin") == true, "\(path)")
            }
        }
    }

    @Test("a preflight tells which headers may be sent and how long it holds")
    func headers() async throws {
        try await run { _, client in
            let answer = try await client.send("OPTIONS", "/v1/goals", headers: preflight("POST", from: app))
            let allowed = answer[header: "access-control-allow-headers"] ?? ""
            for name in ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"] {
                #expect(allowed.contains(name))
            }
            #expect(answer[header: "access-control-max-age"] == "3600")
            #expect(answer.body.isEmpty && answer[header: "cache-control"] == "no-store")
        }
    }

    @Test("an allowed origin's script may read answers and refusals, with the headers that matter to it")
    func answers() async throws {
        try await run { _, client in
            for path in ["/v1/openapi.json", "/v1/goals", "/v1/nothing"] {
                let answer = try await client.get(path, headers: [("Origin", app)])
                #expect(answer[header: "access-control-allow-origin"] == app)
                #expect(answer[header: "access-control-allow-credentials"] == "true")
                let exposed = answer[header: "access-control-expose-headers"] ?? ""
                for name in ["ETag", "Location", "RateLimit", "Retry-After", "X-Request-Id"] {
                    #expect(exposed.contains(name))
                }
            }
        }
    }

    @Test(
        "an origin that is not allowed is told nothing, and neither is a request without one",
        arguments: [
            "https://evil.example", "null", "https://app.example.evil.example", "http://app.example",
            "https://app.example:8443", "HTTPS://APP.EXAMPLE", "*", nil,
        ] as [String?])
    func unknown(origin: String?) async throws {
        try await run { _, client in
            let sent = origin.map { [("Origin", $0)] } ?? []
            let answers = [
                try await client.get("/v1/openapi.json", headers: sent),
                try await client.send(
                    "OPTIONS", "/v1/goals", headers: sent + [("Access-Control-Request-Method", "POST")]),
            ]
            #expect(answers.map(\.status) == [200, 405])
            for answer in answers {
                #expect(!answer.headers.contains { $0.0.lowercased().hasPrefix("access-control-") })
                #expect(answer[header: "vary"]?.contains("Origin") == true)
            }
        }
    }

    @Test("OPTIONS that asks nothing is another method like any, and an unknown path has no preflight")
    func noPreflight() async throws {
        try await run { _, client in
            let plain = try await client.send("OPTIONS", "/v1/goals", headers: [("Origin", app)])
            #expect(plain.status == 405 && plain[header: "allow"] == "GET, HEAD, POST")
            let nowhere = try await client.send("OPTIONS", "/v1/nothing", headers: preflight("GET", from: app))
            #expect(nowhere.status == 404)
        }
    }
}
