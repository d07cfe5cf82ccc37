import API
import Foundation
import HTTPTypes
import Protocol
import Store
import TestKit
import Testing

/// Routes that exist only here, to try the mechanisms on.
private enum Probe {
    struct Body: BodyInput, RouteBody {
        static let count = Field("count", .integer(1...10), "A number.")
        static let tags = Field.optional("tags", .list(of: .text(1...5), count: 0...3, distinct: true), "Words.")
        static let weight = Field.optional("weightKg", .number(0...1000, step: 0.5), "Kilograms.")
        static var members: [MemberSchema] { [count.schema, tags.schema, weight.schema] }
        let number: Int

        init?(reading body: inout BodyReader) {
            let number = body.required(Self.count)
            _ = body.optional(Self.tags)
            _ = body.optional(Self.weight)
            guard let number else { return nil }
            self.number = number
        }
    }

    struct Echo: Codable, Sendable {
        var number: Int
        var text: String
    }

    struct Unexpected: Error { let secret = "the cause" }

    static func declare(_ routes: inout RouteTable) {
        routes.post("/v1/probe/things", "Creates", status: .created, RouteOptions(limit: .write, isKeyed: true)) {
            (call: Call<SignedInUser, NoQuery, Body>) in
            Answer(Echo(number: call.body.number, text: UUIDv7.make().description))
        }
        routes.get("/v1/probe/things/mine", "A literal") { (call: Call<Anyone, NoQuery, NoBody>) in
            Answer(Echo(number: 0, text: "literal"))
        }
        routes.get("/v1/probe/things/:id", "A parameter", RouteOptions(hasFields: true, caching: .tagged)) {
            (call: Call<Anyone, NoQuery, NoBody>) in
            Answer(Echo(number: 1, text: call.text("id")))
        }
        routes.put("/v1/probe/things/:id", "Checks If-Match") { (call: Call<Anyone, NoQuery, Body>) in
            try call.checkMatch(EntityTag("v1"))
            return Answer(Echo(number: call.body.number, text: "put"))
        }
        routes.get("/v1/probe/broken", "Fails") { (call: Call<Anyone, NoQuery, NoBody>) -> Answer<Echo> in
            throw Unexpected()
        }
        routes.get("/v1/probe/away", "Store away") { (call: Call<Anyone, NoQuery, NoBody>) -> Answer<Echo> in
            throw StoreError.unavailable("gone")
        }
        routes.get("/v1/probe/large", "Large") { (call: Call<Anyone, NoQuery, NoBody>) in
            Answer(Echo(number: 1, text: String(repeating: "lift ", count: 1000)))
        }
        routes.get("/v1/probe/address", "The caller's address") { (call: Call<Anyone, NoQuery, NoBody>) in
            Answer(Echo(number: 1, text: call.facts.address))
        }
        routes.get("/v1/probe/admin", "For administrators") { (call: Call<Administrator, NoQuery, NoBody>) in
            Answer(Echo(number: 1, text: "admin"))
        }
        routes.get("/v1/probe/verified", "For verified users") { (call: Call<VerifiedUser, NoQuery, NoBody>) in
            Answer(Echo(number: 1, text: "verified"))
        }
    }

    static func run(
        adjust: (inout APIConfiguration) -> Void = { _ in }, _ body: (RESTServer) async throws -> Void
    ) async throws {
        try await RESTServer.run(adjust: adjust, extra: { declare(&$0) }, body)
    }
}

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
            #expect(answer[header: "allow"] == "GET, PUT")
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

    @Test("fields cuts the answer and refuses names it does not have")
    func fields() async throws {
        try await Probe.run { server in
            #expect(try await server.client.get("/v1/probe/things/7?fields=text").text == #"{"text":"7"}"#)
            let unknown = try await server.client.get("/v1/probe/things/7?fields=text,secret")
            #expect(unknown.status == 422)
        }
    }

    @Test(
        "large answers are compressed as the client accepts",
        arguments: [("gzip", "gzip"), ("deflate;q=0.5", "deflate"), ("br", nil), ("gzip;q=0", nil)])
    func compression(accepted: String, coding: String?) async throws {
        try await Probe.run { server in
            let answer = try await server.client.get("/v1/probe/large", headers: [("Accept-Encoding", accepted)])
            #expect(answer[header: "content-encoding"] == coding)
            #expect(answer[header: "vary"] == "Accept-Encoding")
            #expect((answer.body.count < 1000) == (coding != nil))
            if coding == "gzip" { #expect(answer.body.starts(with: [0x1F, 0x8B])) }
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
            #expect(try await ada.client.get("/v1/probe/verified").status == 200)
            let renewed: Tokens = try await server.client.post(
                "/v1/auth/refresh", RefreshRequest(refreshToken: ada.tokens.refreshToken)
            ).decoded()
            let admin = RESTClient(port: server.port, token: renewed.accessToken)
            #expect(try await admin.get("/v1/probe/admin").status == 200)
        }
    }

    @Test("every answer carries the security headers")
    func securityHeaders() async throws {
        try await Probe.run { server in
            for path in ["/v1/probe/things/mine", "/v1/nothing"] {
                let answer = try await server.client.get(path)
                #expect(answer[header: "x-content-type-options"] == "nosniff")
                #expect(answer[header: "content-security-policy"]?.contains("default-src 'none'") == true)
            }
        }
    }
}

@Suite("Idempotency keys")
struct IdempotencyKeyTests {
    private func create(_ user: TestUser, _ key: String, count: Int = 1) async throws -> RESTAnswer {
        try await user.client.send(
            "POST", "/v1/probe/things", text: #"{"count": \#(count)}"#, headers: [("Idempotency-Key", key)])
    }

    @Test("the same key and body give the first answer again for 24 hours")
    func replay() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            let first = try await create(ada, "k1")
            let second = try await create(ada, "k1")
            #expect(first.status == 201)
            #expect(second.status == 201)
            #expect(first.text == second.text)
            #expect(second[header: "idempotency-replayed"] == "true")
            #expect(try await create(ada, "k2").text != first.text)
            server.clock.advance(by: .seconds(24 * 3600 + 1))
            try await server.pool.execute("update sessions set expires_at = expires_at + interval '3 days'")
            let renewed: Tokens = try await server.client.post(
                "/v1/auth/refresh", RefreshRequest(refreshToken: ada.tokens.refreshToken)
            ).decoded()
            let later = TestUser(
                account: ada.account, tokens: renewed,
                client: RESTClient(port: server.port, token: renewed.accessToken))
            #expect(try await create(later, "k1").text != first.text)
        }
    }

    @Test("another body under a key is refused, another user's key is another key")
    func reuse() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            let bob = try await server.user("bob")
            let first = try await create(ada, "k1")
            let other = try await create(ada, "k1", count: 2)
            #expect(other.status == 422)
            #expect(other.code == "idempotencyKeyReused")
            #expect(try await create(bob, "k1").text != first.text)
        }
    }

    @Test("a refused request leaves its key free")
    func refusedFirst() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            #expect(try await create(ada, "k1", count: 99).status == 422)
            #expect(try await create(ada, "k1").status == 201)
            #expect(try await create(ada, String(repeating: "k", count: 201)).status == 400)
        }
    }

    @Test("while the first runs a repeat is a conflict, and an abandoned one gives its key free")
    func running() async throws {
        try await Probe.run { server in
            let ada = try await server.user("ada")
            let first = try await create(ada, "k1")
            try await server.pool.execute("update idempotency_keys set status = null, body = null")
            let busy = try await create(ada, "k1")
            #expect(busy.status == 409)
            #expect(busy[header: "retry-after"] == "1")
            server.clock.advance(by: .seconds(121))
            #expect(try await create(ada, "k1").text != first.text)
        }
    }
}

@Suite("Rate limits")
struct RateLimitTests {
    @Test("an address that spends its bucket waits for the next token, and is told")
    func address() async throws {
        let adjust: (inout APIConfiguration) -> Void = { configuration in
            configuration.limits = RateLimitConfiguration(
                perAddress: [.read: Allowance(calls: 2, period: .seconds(60))], perUser: [:])
        }
        try await Probe.run(adjust: adjust) { server in
            let first = try await server.client.get("/v1/probe/things/mine")
            #expect(first[header: "ratelimit-policy"] == "\"read-address\";q=2;w=60")
            #expect(first[header: "ratelimit"] == "\"read-address\";r=1;t=30")
            #expect(try await server.client.get("/v1/probe/things/mine").status == 200)
            let refused = try await server.client.get("/v1/probe/things/mine")
            #expect(refused.status == 429)
            #expect(refused.code == "tooManyRequests")
            #expect(refused[header: "retry-after"] == "30")
            server.clock.advance(by: .seconds(30))
            #expect(try await server.client.get("/v1/probe/things/mine").status == 200)
        }
    }

    @Test("each user has a bucket of their own")
    func user() async throws {
        let adjust: (inout APIConfiguration) -> Void = { configuration in
            configuration.limits = RateLimitConfiguration(
                perAddress: [:], perUser: [.write: Allowance(calls: 1, period: .seconds(60))])
        }
        try await Probe.run(adjust: adjust) { server in
            let ada = try await server.user("ada")
            let bob = try await server.user("bob")
            let body = #"{"count": 1}"#
            #expect(try await ada.client.send("POST", "/v1/probe/things", text: body).status == 201)
            #expect(try await ada.client.send("POST", "/v1/probe/things", text: body).status == 429)
            #expect(try await bob.client.send("POST", "/v1/probe/things", text: body).status == 201)
        }
    }

    @Test("the memory for buckets is bounded, and the most recent ones are kept")
    func bounded() {
        let clock = TestClock()
        let limits = RateLimits(
            configuration: RateLimitConfiguration(
                perAddress: [.read: Allowance(calls: 1)], perUser: [:], mostBuckets: 100),
            now: { clock.now })
        for number in 0..<1000 {
            #expect(limits.spend(.read, address: "10.0.\(number / 250).\(number % 250)")?.isAllowed == true)
        }
        #expect(limits.spend(.read, address: "10.0.3.249")?.isAllowed == false)
        #expect(limits.spend(.read, address: "10.0.0.0")?.isAllowed == true)
    }

    @Test("addresses of one IPv6 network share a bucket")
    func network() {
        let clock = TestClock()
        let limits = RateLimits(
            configuration: RateLimitConfiguration(perAddress: [.read: Allowance(calls: 1)], perUser: [:]),
            now: { clock.now })
        #expect(limits.spend(.read, address: "2001:db8::1")?.isAllowed == true)
        #expect(limits.spend(.read, address: "2001:db8::2")?.isAllowed == false)
        #expect(limits.spend(.read, address: "2001:db8:0:1::2")?.isAllowed == true)
    }
}
