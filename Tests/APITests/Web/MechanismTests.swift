import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Web mechanisms")
struct MechanismTests {
    @Test("a literal segment wins over a parameter")
    func literalFirst() async throws {
        try await Probe.run { server in
            let literal = try await server.client.get("/v1/probe/things/mine")
            #expect(literal.string("text") == "literal")
            let parameter = try await server.client.get("/v1/probe/things/a%20b")
            #expect(parameter.string("text") == "a b")
        }
    }

    @Test(
        "unknown paths are not found, as a problem with the request's id",
        arguments: ["/v1/nothing", "/v1/probe/things/", "/v1", "/", "/v1//probe/broken", "/v1/probe/things/%FF"])
    func notFound(path: String) async throws {
        try await Probe.run { server in
            let answer = try await server.client.get(path, headers: [("X-Request-Id", "abc-1")])
            #expect(answer.status == 404)
            #expect(answer[header: "x-request-id"] == "abc-1")
            let problem = try answer.problem
            #expect(problem.code == "notFound")
            #expect(problem.requestId == "abc-1")
        }
    }

    @Test("another method is refused and told which are allowed")
    func wrongMethod() async throws {
        try await Probe.run { server in
            let answer = try await server.client.send("DELETE", "/v1/probe/things/1")
            #expect(answer.status == 405)
            #expect(answer[header: "allow"] == "GET, HEAD, PUT")
            #expect(answer.code == "methodNotAllowed")
        }
    }

    @Test(
        "a request id that is long or strange is replaced", arguments: [String(repeating: "x", count: 65), "a b", "<>"])
    func requestId(id: String) async throws {
        try await Probe.run { server in
            let answer = try await server.client.get("/v1/probe/things/mine", headers: [("X-Request-Id", id)])
            #expect(UUIDv7(answer[header: "x-request-id"] ?? "") != nil)
        }
    }

    @Test("query parameters a route does not have are refused by name")
    func unknownQuery() async throws {
        try await Probe.run { server in
            let answer = try await server.client.get("/v1/probe/things/mine?sort=x&colour=red")
            #expect(answer.status == 422)
            #expect(try answer.problem.errors.map(\.pointer) == ["?sort", "?colour"])
            #expect(try answer.problem.errors.map(\.code) == [.unknownParameter, .unknownParameter])
        }
    }

    @Test("all faults of nested values are told")
    func nestedFaults() async throws {
        try await Probe.run { server in
            let user = try await server.user("ada")
            let body = #"{"count": 11, "tags": ["ok", "toolong", 3], "weightKg": 2.25, "unknown": true}"#
            let answer = try await user.client.send("POST", "/v1/probe/things", text: body)
            #expect(answer.status == 422)
            #expect(try answer.problem.errors.map(\.pointer) == ["/count", "/tags/1", "/tags/2", "/weightKg"])
        }
    }

    @Test(
        "a body that is no JSON is a bad request that says where",
        arguments: ["", "{", "{\"count\": 1,}", "[1] x", "{\"a\": \"\\ud800\"}", String(repeating: "[", count: 5000)])
    func malformed(text: String) async throws {
        try await Probe.run { server in
            let answer = try await server.client.send("PUT", "/v1/probe/things/1", text: text)
            #expect(answer.status == 400)
            #expect(answer.code == "malformedBody")
        }
    }

    @Test("bytes that are no UTF-8 are a bad request")
    func notUTF8() async throws {
        try await Probe.run { server in
            let answer = try await server.client.send(
                "PUT", "/v1/probe/things/1", json: Data([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]))
            #expect(answer.code == "malformedBody")
        }
    }

    @Test("a body that is JSON but no object is told its root")
    func notAnObject() async throws {
        try await Probe.run { server in
            let answer = try await server.client.send("PUT", "/v1/probe/things/1", text: "[]")
            #expect(try answer.problem.errors.first?.pointer == "")
            #expect(try answer.problem.errors.first?.code == .wrongType)
        }
    }

    @Test("another content type and a body beyond 1 MiB are refused")
    func typeAndSize() async throws {
        try await Probe.run { server in
            let type = [("Content-Type", "text/plain")]
            let plain = try await server.client.send("PUT", "/v1/probe/things/1", text: "{}", headers: type)
            #expect(plain.status == 415)
            let large = #"{"count": 1, "x": ""# + String(repeating: "a", count: 1 << 20) + "\"}"
            #expect(try await server.client.send("PUT", "/v1/probe/things/1", text: large).status == 413)
        }
    }

    @Test("an unexpected error tells nothing of its inside")
    func unexpected() async throws {
        try await Probe.run { server in
            let answer = try await server.client.get("/v1/probe/broken")
            #expect(answer.status == 500)
            #expect(!answer.text.contains("cause"))
            #expect(try answer.problem.requestId != nil)
        }
    }

    @Test("a store that is away is answered 503 with Retry-After")
    func storeAway() async throws {
        try await Probe.run { server in
            let answer = try await server.client.get("/v1/probe/away")
            #expect(answer.status == 503)
            #expect(answer[header: "retry-after"] == "1")
        }
    }

    @Test("a request that its handler does not answer in time is ended, with 503 and Retry-After")
    func slow() async throws {
        try await Probe.run { server in
            let answer = try await server.client.get("/v1/probe/endless")
            #expect(answer.status == 503 && answer.code == "unavailable")
            #expect(answer[header: "retry-after"] == "1")
        }
    }

    @Test("If-None-Match spares the body, If-Match refuses another version")
    func entityTags() async throws {
        try await Probe.run { server in
            let first = try await server.client.get("/v1/probe/things/7")
            let tag = try #require(first[header: "etag"])
            let second = try await server.client.get(
                "/v1/probe/things/7", headers: [("If-None-Match", "\"x\", \(tag)")])
            #expect(second.status == 304)
            #expect(second.body.isEmpty)
            let stale = [("If-Match", "\"v0\"")]
            let refused = try await server.client.send(
                "PUT", "/v1/probe/things/7", text: #"{"count":1}"#, headers: stale)
            #expect(refused.status == 412)
            let right = [("If-Match", "\"v1\"")]
            let taken = try await server.client.send("PUT", "/v1/probe/things/7", text: #"{"count":1}"#, headers: right)
            #expect(taken.status == 200)
        }
    }

    @Test("If-Match compares strongly: a weak tag is like no other; If-None-Match compares weakly")
    func weakTags() async throws {
        try await Probe.run { server in
            let path = "/v1/probe/things/7"
            let tag = try #require(try await server.client.get(path)[header: "etag"])
            #expect(try await server.client.get(path, headers: [("If-None-Match", "W/\(tag)")]).status == 304)
            for match in ["W/\"v1\"", "\"v0\", W/\"v1\""] {
                let headers = [("If-Match", match)]
                let answer = try await server.client.send("PUT", path, text: #"{"count":1}"#, headers: headers)
                #expect(answer.status == 412, "\(match)")
            }
            for match in ["*", "W/\"v1\", \"v1\""] {
                let headers = [("If-Match", match)]
                let answer = try await server.client.send("PUT", path, text: #"{"count":1}"#, headers: headers)
                #expect(answer.status == 200, "\(match)")
            }
        }
    }

    @Test("of many faults a hundred are told, and what was sent is not sent back at length")
    func manyFaults() async throws {
        try await Probe.run { server in
            let query = (0..<500).map { "x\($0)=1" }.joined(separator: "&")
            let answer = try await server.client.get("/v1/probe/things/7?\(query)")
            #expect(answer.status == 422)
            #expect(try answer.problem.errors.count == Problem.mostErrors)
            #expect(try answer.problem.detail?.contains("500") == true)
            #expect(answer.body.count < 16 * 1024)
            let marks = String(repeating: "%CC%81", count: 500)
            let long = try await server.client.get("/v1/probe/things/7?e\(marks)=1")
            #expect(long.status == 422 && long.body.count < 1024)
        }
    }

    @Test("fields cuts the answer and refuses names it does not have")
    func fields() async throws {
        try await Probe.run { server in
            #expect(try await server.client.get("/v1/probe/things/7?fields=text").text == #"{"text":"7"}"#)
            let unknown = try await server.client.get("/v1/probe/things/7?fields=text,secret")
            #expect(unknown.status == 422)
        }
    }

    @Test("HEAD answers like GET without the body")
    func head() async throws {
        try await Probe.run { server in
            let answer = try await server.client.send("HEAD", "/v1/probe/things/7")
            #expect(answer.status == 200)
            #expect(answer.body.isEmpty)
            #expect(answer[header: "etag"] != nil)
        }
    }

    @Test("forwarded addresses count only from trusted proxies")
    func forwarded() async throws {
        let forwarded = [("X-Forwarded-For", "203.0.113.9, 198.51.100.7, 10.1.1.1")]
        try await Probe.run { server in
            let answer = try await server.client.get("/v1/probe/address", headers: forwarded)
            #expect(answer.string("text") == "127.0.0.1")
        }
        let proxies = ["127.0.0.1", "10.0.0.0/8"].compactMap { AddressRange($0) }
        try await Probe.run(adjust: { $0.trustedProxies = proxies }) { server in
            let answer = try await server.client.get("/v1/probe/address", headers: forwarded)
            #expect(answer.string("text") == "198.51.100.7")
        }
    }

    @Test("who is not verified or no administrator is kept out, also with a token from before the verification")
    func access() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada", isVerified: false)
            #expect(try await server.client.get("/v1/probe/verified").status == 401)
            #expect(try await ada.client.get("/v1/probe/verified").code == "emailUnverified")
            #expect(try await ada.client.get("/v1/probe/admin").code == "forbidden")
            try await server.pool.execute("update users set verified_at = created_at, role = 'admin'")
            try await server.pool.execute("update sessions set factor_at = created_at")
            #expect(try await ada.client.get("/v1/probe/verified").status == 200)
            let renewed: Tokens = try await server.client.post(
                "/v1/auth/refresh", RefreshRequest(refreshToken: ada.tokens.refreshToken)
            ).decoded()
            let admin = RESTClient(port: server.port, token: renewed.accessToken)
            #expect(try await admin.get("/v1/probe/admin").status == 200)
        }
    }

    @Test(
        "every answer carries the security headers, refusals too, and what is private is not stored",
        arguments: [
            ("GET", "/v1/probe/things/mine", 200), ("GET", "/v1/nothing", 404), ("DELETE", "/v1/probe/things/1", 405),
            ("GET", "/v1/probe/verified", 401), ("GET", "/v1/probe/broken", 500), ("GET", "/v1/probe/large", 200),
            ("PUT", "/v1/probe/things/1", 415), ("HEAD", "/v1/probe/things/mine", 200),
        ])
    func securityHeaders(method: String, path: String, status: Int) async throws {
        try await Probe.run { server in
            let answer = try await server.client.send(method, path, json: nil)
            #expect(answer.status == status)
            #expect(answer[header: "x-content-type-options"] == "nosniff")
            #expect(
                answer[header: "content-security-policy"] == "default-src 'none'; frame-ancestors 'none'")
            #expect(answer[header: "x-frame-options"] == "DENY")
            #expect(answer[header: "referrer-policy"] == "no-referrer")
            #expect(answer[header: "cache-control"]?.contains("no-store") == true)
            #expect(answer[header: "vary"]?.hasPrefix("Origin") == true)
            #expect(answer[header: "strict-transport-security"] == nil)
        }
    }

    @Test("behind an https address browsers are told to stay with it")
    func strictTransport() async throws {
        try await Probe.run(adjust: { $0.publicURL = "https://fitai.example" }) { server in
            let answer = try await server.client.get("/v1/nothing")
            #expect(answer[header: "strict-transport-security"] == "max-age=31536000")
        }
    }
}
