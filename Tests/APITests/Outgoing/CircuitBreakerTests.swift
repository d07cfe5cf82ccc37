import Foundation
import Protocol
import Synchronization
import TestKit
import Testing

@testable import API

@Suite("Servers that don't answer")
struct CircuitBreakerTests {
    private struct Broken: Error {}

    private func fail(_ breaker: CircuitBreaker, _ times: Int) async {
        for _ in 0..<times {
            await #expect(throws: Broken.self) { try await breaker.run { throw Broken() } }
        }
    }

    @Test("after three failures in a row calls are refused at once, then one goes through at a time")
    func opens() async throws {
        let clock = TestClock()
        let breaker = CircuitBreaker(now: { clock.now })
        await fail(breaker, 2)
        #expect(try await breaker.run { 1 } == 1)
        await fail(breaker, 3)
        await #expect(throws: CircuitBreaker.Refused.self) { try await breaker.run { 1 } }
        clock.advance(by: .seconds(15))
        // While the probe is under way nobody else goes through.
        let value = try await breaker.run {
            await #expect(throws: CircuitBreaker.Refused.self) { try await breaker.run { 1 } }
            return 2
        }
        #expect(value == 2)
        #expect(try await breaker.run { 3 } == 3)
    }

    @Test("a probe that fails has the next one wait twice as long, at most five minutes; a success forgets it")
    func growing() async throws {
        let clock = TestClock()
        let breaker = CircuitBreaker(now: { clock.now })
        await fail(breaker, 3)
        for pause in [15, 30, 60, 120, 240, 300, 300] {
            clock.advance(by: .seconds(pause - 1))
            await #expect(throws: CircuitBreaker.Refused.self) { try await breaker.run { 1 } }
            clock.advance(by: .seconds(1))
            await fail(breaker, 1)
        }
        clock.advance(by: .seconds(300))
        #expect(try await breaker.run { 1 } == 1)
        await fail(breaker, 3)
        clock.advance(by: .seconds(15))
        #expect(try await breaker.run { 1 } == 1)
    }

    @Test("an answer that says the server is broken is a failure, and only so many calls are under way")
    func bounds() async throws {
        let clock = TestClock()
        let breaker = CircuitBreaker(policy: .init(mostAtOnce: 1), now: { clock.now })
        _ = try await breaker.run {
            await #expect(throws: CircuitBreaker.Refused.self) { try await breaker.run { 1 } }
            return 1
        }
        for _ in 0..<3 { #expect(try await breaker.run(isFailure: { $0 >= 500 }) { 503 } == 503) }
        await #expect(throws: CircuitBreaker.Refused.self) { try await breaker.run { 1 } }
    }

    @Test("a call that its caller gives up early is neither a success nor a failure, and frees the probe")
    func cancelled() async throws {
        let clock = TestClock()
        let breaker = CircuitBreaker(now: { clock.now })
        await fail(breaker, 3)
        clock.advance(by: .seconds(15))
        await #expect(throws: CancellationError.self) { try await breaker.run { throw CancellationError() } }
        #expect(try await breaker.run { 1 } == 1)
    }

    @Test(
        "a provider that fails is left alone: its sign-ins are 503 at once with the time to wait",
        arguments: ["google", "github"])
    func provider(name: String) async throws {
        try await ProviderBench.run { bench in
            let begun = name == "github" ? try await bench.browser(name).begin() : nil
            bench.provider.adjust { $0.isBroken = true }
            func ask() async throws -> RESTAnswer {
                guard let begun else { return try await bench.server.client.get("/v1/auth/google") }
                let back = try bench.provider.consent(to: try #require(begun[header: "location"]))
                return try await bench.browser(name).comeBack(back, with: begun)
            }
            for _ in 0..<3 { #expect(try await ask().status == 503) }
            let asked = bench.provider.requests
            let refused = try await ask()
            #expect(refused.status == 503)
            #expect(refused[header: "retry-after"] == "15")
            #expect(bench.provider.requests == asked)
            bench.provider.adjust { $0.isBroken = false }
            bench.server.clock.advance(by: .seconds(15))
            #expect(try await ask().status == 303)
        }
    }

    @Test(
        "a provider that takes requests and answers none is left alone just so: the next sign-in does not wait for it",
        arguments: ["google", "github"])
    func silentProvider(name: String) async throws {
        try await ProviderBench.run(adjust: { $0.providerTimeout = .milliseconds(100) }) { bench in
            let begun = name == "github" ? try await bench.browser(name).begin() : nil
            bench.provider.adjust { $0.isSilent = true }
            func ask() async throws -> RESTAnswer {
                guard let begun else { return try await bench.server.client.get("/v1/auth/google") }
                let back = try bench.provider.consent(to: try #require(begun[header: "location"]))
                return try await bench.browser(name).comeBack(back, with: begun)
            }
            for _ in 0..<3 { #expect(try await ask().status == 503) }
            let refused = try await ask()
            #expect(refused.status == 503)
            // The breaker's own answer: the provider was not asked.
            #expect(refused[header: "retry-after"] == "15")
            #expect(bench.provider.requests <= 3)
        }
    }
}
