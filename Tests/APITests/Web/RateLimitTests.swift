import API
import Protocol
import TestKit
import Testing

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

    @Test("a role that is exempt has no bucket of its own, and its address has")
    func exemptRole() async throws {
        let adjust: (inout APIConfiguration) -> Void = { configuration in
            configuration.limits = RateLimitConfiguration(
                perAddress: [.write: Allowance(calls: 3, period: .seconds(60))],
                perUser: [.write: Allowance(calls: 1, period: .seconds(60))], exemptRoles: [.admin])
        }
        try await Probe.run(adjust: adjust) { server in
            let ada = try await server.admin("ada")
            for status in [201, 201, 201, 429] {
                let answer = try await ada.client.send("POST", "/v1/probe/things", text: #"{"count": 1}"#)
                #expect(answer.status == status)
            }
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
