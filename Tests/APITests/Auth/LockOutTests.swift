import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

/// Guessing is slowed down without keeping owners out and without telling what exists.
@Suite("Lock-out")
struct LockOutTests {
    private func run(
        adjust: (inout APIConfiguration) -> Void = { _ in }, _ body: (RESTServer) async throws -> Void
    ) async throws {
        try await RESTServer.run(adjust: { configuration in
            configuration.trustedProxies = [AddressRange("127.0.0.1")].compactMap { $0 }
            adjust(&configuration)
        }) { server in try await body(server) }
    }

    private func attempt(
        _ login: String, _ password: String = "wrong", from address: String, _ server: RESTServer,
        refreshToken: String? = nil, headers: [(String, String)] = []
    ) async throws -> RESTAnswer {
        let inCookie = headers.contains { $0.0 == "Origin" }
        return try await server.client.post(
            "/v1/auth/login",
            LoginRequest(
                login: login, password: password, cookie: inCookie ? true : nil, refreshToken: refreshToken),
            headers: headers + [("X-Forwarded-For", address)])
    }

    /// The cookie of a device that signs in to an account.
    private func device(_ login: String, _ server: RESTServer) async throws -> (String, String) {
        let answer = try await attempt(
            login, RESTServer.password, from: "192.0.2.1", server, headers: [("Origin", "http://127.0.0.1")])
        return try server.cookie("fitai_device", of: answer)
    }

    @Test("a device is known from when its session was opened, not from when the answer was made")
    func knownSince() async throws {
        try await run(adjust: { configuration in
            // Every look at this clock takes a millisecond.
            let clock = TestClock()
            configuration.now = {
                clock.advance(by: .milliseconds(1))
                return clock.now
            }
        }) { server in
            _ = try await server.user("ada")
            let text = try await device("ada", server).1.drop { $0 != "=" }.dropFirst()
            let known = try #require(DeviceCookie(String(text), Seal(server.keys, purpose: "device")))
            let opened = try await server.pool.query("select max(created_at) from sessions", as: Timestamp.self)
            #expect(known.accounts.map(\.at) == opened)
        }
    }

    @Test("a stranger's guesses keep nobody out who comes from another address")
    func otherAddress() async throws {
        try await run { server in
            _ = try await server.user("ada")
            for _ in 0..<5 { #expect(try await attempt("ada", from: "192.0.2.1", server).status == 401) }
            #expect(try await attempt("ada", RESTServer.password, from: "192.0.2.1", server).status == 429)
            #expect(try await attempt("ada", RESTServer.password, from: "192.0.2.2", server).status == 200)
        }
    }

    @Test("nothing that is typed as a name counts against an owner's second factor")
    func typedNames() async throws {
        try await run { server in
            let bench = try await SecondFactorBench.on("ada", server)
            for host in 1...5 {
                for _ in 0..<4 {
                    let guess = try await attempt("code \(bench.user.id)", from: "192.0.2.\(host)", server)
                    #expect(guess.status == 401)
                }
            }
            #expect(try await bench.send(bench.code(), try await bench.challenge()).status == 200)
        }
    }

    @Test("a whole /64 of IPv6 counts as one address")
    func prefix() async throws {
        try await run { server in
            _ = try await server.user("ada")
            for host in 1...5 {
                #expect(try await attempt("ada", from: "2001:db8:1:2::\(host)", server).status == 401)
            }
            #expect(try await attempt("ada", from: "2001:db8:1:2:ffff::1", server).status == 429)
            #expect(try await attempt("ada", from: "2001:db8:1:3::1", server).status == 401)
        }
    }

    @Test(
        "over all addresses an account has a ceiling, which a known device and a good refresh token pass",
        arguments: ["ada", "nobody"])
    func ceiling(name: String) async throws {
        try await run(adjust: { $0.loginDelays.ceiling = 20 }) { server in
            let ada = try await server.user("ada")
            let ours = [("Origin", "http://127.0.0.1")]
            let known = try await attempt("ada", RESTServer.password, from: "192.0.2.9", server, headers: ours)
            let device = try server.cookie("fitai_device", of: known)
            for number in 1...20 {
                #expect(try await attempt(name, from: "198.51.100.\(number)", server).status == 401)
            }
            // The same for who exists and who doesn't, with any password.
            let stranger = try await attempt(name, RESTServer.password, from: "203.0.113.1", server)
            #expect(stranger.status == 429)
            #expect(stranger[header: "retry-after"] == "1")
            let browser = try await attempt(
                "ada", RESTServer.password, from: "203.0.113.2", server, headers: ours + [device])
            #expect(browser.status == 200)
            let app = try await attempt(
                "ada", RESTServer.password, from: "203.0.113.3", server, refreshToken: ada.tokens.refreshToken)
            #expect(app.status == 200)
        }
    }

    @Test("a pause at the username says nothing about an address: the two count apart")
    func ties() async throws {
        try await run { server in
            _ = try await server.user("ada")
            for _ in 0..<5 { #expect(try await attempt("ada", from: "192.0.2.1", server).status == 401) }
            #expect(try await attempt("ada", from: "192.0.2.1", server).status == 429)
            for login in ["ada@example.com", "nobody@example.com", "nobody"] {
                #expect(try await attempt(login, from: "192.0.2.1", server).status == 401)
            }
        }
    }

    @Test("a known device that guesses waits by itself, and a foreign or forged device is a stranger")
    func devices() async throws {
        try await run { server in
            for name in ["ada", "bob"] { _ = try await server.user(name) }
            let (device, foreign) = (try await device("ada", server), try await device("bob", server))
            for _ in 0..<5 {
                #expect(try await attempt("ada", from: "192.0.2.2", server, headers: [device]).status == 401)
            }
            #expect(try await attempt("ada", from: "192.0.2.3", server, headers: [device]).status == 429)
            for _ in 0..<5 { #expect(try await attempt("ada", from: "192.0.2.4", server).status == 401) }
            let forged = ("Cookie", String(device.1.dropLast(4)) + "AAAA")
            for cookie in [foreign, forged] {
                #expect(try await attempt("ada", from: "192.0.2.4", server, headers: [cookie]).status == 429)
            }
        }
    }

    @Test("after a reset the devices that were known are strangers")
    func forgotten() async throws {
        try await run { server in
            _ = try await server.user("ada")
            let device = try await device("ada", server)
            server.clock.advance(by: .seconds(1))
            _ = try await server.client.post(
                "/v1/auth/forgot-password", ForgotPasswordRequest(email: "ada@example.com"))
            let reset = ResetPasswordRequest(
                token: try await server.secret("/reset-password/#"), password: "an-entirely-new-9-secret")
            let answer = try await server.client.post("/v1/auth/reset-password", reset)
            let fresh = try server.cookie("fitai_device", of: answer)
            for _ in 0..<5 { #expect(try await attempt("ada", from: "192.0.2.1", server).status == 401) }
            #expect(try await attempt("ada", from: "192.0.2.1", server, headers: [device]).status == 429)
            #expect(try await attempt("ada", from: "192.0.2.1", server, headers: [fresh]).status == 401)
        }
    }

    @Test("after a change of the password the devices that were known are strangers, but the one it was made on")
    func forgottenByChange() async throws {
        try await run { server in
            let ada = try await server.user("ada")
            let device = try await device("ada", server)
            server.clock.advance(by: .seconds(1))
            let change = PasswordChangeRequest(
                currentPassword: RESTServer.password, newPassword: "an-entirely-new-9-secret")
            let fresh = try server.cookie("fitai_device", of: try await ada.client.put("/v1/auth/password", change))
            for _ in 0..<5 { #expect(try await attempt("ada", from: "192.0.2.1", server).status == 401) }
            #expect(try await attempt("ada", from: "192.0.2.1", server, headers: [device]).status == 429)
            #expect(try await attempt("ada", from: "192.0.2.1", server, headers: [fresh]).status == 401)
        }
    }

    @Test("a device knows its last four accounts")
    func accounts() {
        let seal = Seal(SigningKeys(), purpose: "device")
        var device = DeviceCookie()
        let users = (0..<6).map { _ in UserID.make() }
        for (number, user) in users.enumerated() { device.add(user, at: Timestamp(milliseconds: Int64(number))) }
        device.add(users[3], at: Timestamp(milliseconds: 9))
        #expect(device.accounts.map(\.user) == [users[3], users[5], users[4], users[2]])
        #expect(DeviceCookie(device.text(seal), seal) == device)
        #expect(DeviceCookie(device.text(seal), Seal(SigningKeys(), purpose: "device")) == nil)
        #expect(DeviceCookie(device.text(seal), Seal(SigningKeys(), purpose: "cursor")) == nil)
    }

    @Test("texts that are no device are none, whatever they hold")
    func hostile() {
        let seal = Seal(SigningKeys(), purpose: "device")
        let seed = UInt64.random(in: .min ... .max)
        var random = SplitMix64(state: seed)
        let good = Array(DeviceCookie().text(seal).utf8)
        for round in 0..<100_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: bytes.indices, using: &random)
                switch round % 3 {
                case 0: bytes[place] = UInt8.random(in: 33...126, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 33...126, using: &random), at: place)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard bytes != good, let read = DeviceCookie(text, seal) else { continue }
            // Base64 leaves a few bits of the last letter open: such a text says the same.
            #expect(read.text(seal).utf8.elementsEqual(good), "seed \(seed)")
        }
    }
}
