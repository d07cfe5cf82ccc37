import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Attacks on the sign-in by a provider")
struct ProviderAttackTests {
    @Test("an answer counts only in the browser that asked, with its state, for its provider, in time")
    func state() async throws {
        try await ProviderBench.run { bench in
            let victim = bench.browser("google")
            let attacker = bench.browser("google")
            let asked = try await victim.begin()
            let other = try await attacker.begin()
            let stolen = try bench.provider.consent(to: try #require(other[header: "location"]))
            // The attacker's answer in the victim's browser, and in one without any attempt.
            #expect(try await victim.comeBack(stolen, with: asked).code == "signInFailed")
            #expect(try await victim.comeBack(stolen, with: nil).code == "signInFailed")
            let own = try bench.provider.consent(to: try #require(asked[header: "location"]))
            let withoutState = own.split(separator: "&state=")[0]
            #expect(try await victim.comeBack(String(withoutState), with: asked).code == "signInFailed")
            let elsewhere = own.replacing("/google/callback", with: "/github/callback")
            #expect(try await victim.comeBack(elsewhere, with: asked).code == "signInFailed")
            bench.server.clock.advance(by: .seconds(601))
            #expect(try await victim.comeBack(own, with: asked).code == "signInFailed")
            #expect(try await bench.server.pool.query("select count(*) from users", as: Int.self) == [0])
        }
    }

    @Test("a code that was given out for another attempt fails at the verifier", arguments: ["google", "github"])
    func verifier(provider: String) async throws {
        try await ProviderBench.run { bench in
            let browser = bench.browser(provider)
            let (first, second) = (try await browser.begin(), try await browser.begin())
            let stolen = try bench.provider.consent(to: try #require(first[header: "location"]))
            let own = try bench.provider.consent(to: try #require(second[header: "location"]))
            let code = try #require(URLComponents(string: stolen)?.queryItems?.first { $0.name == "code" }?.value)
            let ownCode = try #require(URLComponents(string: own)?.queryItems?.first { $0.name == "code" }?.value)
            let injected = own.replacing(ownCode, with: code)
            #expect(try await browser.comeBack(injected, with: second).code == "signInFailed")
            // The right one still works, once.
            #expect(try await browser.comeBack(own, with: second).status == 303)
            #expect(try await browser.comeBack(own, with: second).code == "signInFailed")
        }
    }

    @Test(
        "an id_token is believed only if everything in it is right",
        arguments: [
            "nonce", "issuer", "audience", "second audience", "expired", "future", "unknown key", "foreign key",
            "none", "HS256", "no subject", "a subject with NUL",
        ])
    func idToken(fault: String) async throws {
        try await ProviderBench.run { bench in
            let seconds = bench.server.clock.now.milliseconds / 1000
            bench.provider.adjust { behaviour in
                switch fault {
                case "nonce": behaviour.claims["nonce"] = .string("another")
                case "issuer": behaviour.claims["iss"] = .string("https://evil.example")
                case "audience": behaviour.claims["aud"] = .string("another-client")
                case "second audience":
                    behaviour.claims["aud"] = .array([.string(SignInServer.clientId), .string("another-client")])
                case "expired": behaviour.claims["exp"] = .number(JSONNumber(digits: seconds - 61))
                case "future": behaviour.claims["iat"] = .number(JSONNumber(digits: seconds + 120))
                case "unknown key": behaviour.keyId = "key-2"
                case "foreign key": behaviour.signsWithForeignKey = true
                case "no subject": behaviour.claims["sub"] = .string("")
                case "a subject with NUL": behaviour.claims["sub"] = .string("1\u{0}2")
                default: behaviour.algorithm = fault
                }
            }
            let answer = try await bench.browser("google").signIn()
            #expect(answer.status == 400)
            #expect(answer.code == "signInFailed")
            #expect(answer[header: "set-cookie"] == nil)
            #expect(try await bench.server.pool.query("select count(*) from users", as: Int.self) == [0])
        }
    }

    @Test(
        "a cookie whose time is any number at all is no attempt, and ends nothing",
        arguments: ["-9223372036854775808", "9223372036854775807", "9223372036854775808", "-1", "0", "1e18", ""])
    func extremeCookie(time: String) async throws {
        try await ProviderBench.run { bench in
            let secret = Data(repeating: 7, count: 32).base64URL
            let answer = try await bench.server.client.get(
                "/v1/auth/google/callback?code=x&state=y",
                headers: [("Cookie", "fitai_sign_in_google=\(secret).\(time).Lw")])
            #expect(answer.status == 400)
            #expect(answer.code == "signInFailed")
        }
    }

    @Test("the times of an id_token may be any number at all", arguments: ["exp", "iat"])
    func extremeTimes(claim: String) async throws {
        let digits: [Int64] = [.min, .min + 1, .max, .max - 1, .max / 1000 + 1]
        try await ProviderBench.run { bench in
            for number in digits.map({ JSONNumber(digits: $0) }) + [JSONNumber(digits: 1, exponent: 400)] {
                bench.provider.adjust { $0.claims[claim] = .number(number) }
                let answer = try await bench.browser("google").signIn()
                // Only an end that lies far ahead, and a beginning that lies far back, are in order.
                let isRight = (number.digits > 0) == (claim == "exp") && number.exponent == 0
                #expect(answer.status == (isRight ? 303 : 400), "\(claim) \(number)")
            }
        }
    }

    @Test("unknown keys have the provider asked again, but not for each of them")
    func keyFetches() async throws {
        try await ProviderBench.run { bench async throws in
            #expect(try await bench.browser("google").signIn().status == 303)
            #expect(bench.provider.keyFetches == 1)
            bench.provider.adjust { $0.keyId = "key-2" }
            for _ in 0..<3 { #expect(try await bench.browser("google").signIn().code == "signInFailed") }
            #expect(bench.provider.keyFetches == 1)
            bench.server.clock.advance(by: .seconds(61))
            for _ in 0..<3 { #expect(try await bench.browser("google").signIn().code == "signInFailed") }
            #expect(bench.provider.keyFetches == 2)
        }
    }

    @Test(
        "a sign-in comes back to paths of this site only",
        arguments: ["https://evil.example", "//evil.example", "/%5Cevil.example", "evil", "/a%0d%0ab", "javascript:1"])
    func returnPaths(path: String) async throws {
        try await ProviderBench.run { bench in
            let answer = try await bench.server.client.get("/v1/auth/google?returnTo=\(path)")
            #expect(answer.status == 422)
        }
    }

    @Test("a discovery document of another issuer, or with addresses in the clear, is not followed")
    func discovery() async throws {
        try await ProviderBench.run { bench in
            bench.provider.adjust { $0.issuer = "https://evil.example" }
            let answer = try await bench.server.client.get("/v1/auth/google")
            #expect(answer.status == 503)
            #expect(answer[header: "retry-after"] == "30")
        }
        #expect(OutgoingAddress("http://accounts.example.com") == nil)
        #expect(OutgoingAddress("https://user:pass@accounts.example.com") == nil)
        #expect(OutgoingAddress("http://127.0.0.1:9000") != nil)
        #expect(OutgoingAddress("https://[2001:db8::1]:65535/a%20b?c=%C3%A9") != nil)
        for port in ["0", "65536", "99999", "18446744073709551617"] {
            #expect(OutgoingAddress("https://accounts.example.com:\(port)/") == nil, "port \(port)")
        }
        for host in ["a%0D%0AX-Forwarded-For:1", "a%00", "a%20b", "%C3%A9", "a%2Fb"] {
            #expect(OutgoingAddress("https://\(host)/") == nil, "host \(host)")
        }
        #expect(OutgoingAddress("https://accounts.example.com/\u{E9}") == nil)
        #expect(OutgoingAddress("file:///etc/passwd") == nil)
    }

    @Test("no consent is told as such, and a provider that is not configured is not there")
    func refused() async throws {
        try await ProviderBench.run { bench in
            let browser = bench.browser("google")
            let asked = try await browser.begin()
            let location = try #require(asked[header: "location"])
            let page = try #require(URLComponents(string: location))
            let state = try #require(page.queryItems?.first { $0.name == "state" }?.value)
            let answer = try await browser.comeBack(
                "http://127.0.0.1/v1/auth/google/callback?error=access_denied&state=\(state)", with: asked)
            #expect(answer.code == "signInFailed")
        }
        try await RESTServer.run { server async throws in
            for path in ["google", "github", "google/callback", "github/callback"] {
                #expect(try await server.client.get("/v1/auth/\(path)").code == "notFound")
            }
        }
    }
}
