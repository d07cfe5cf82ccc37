import API
import Foundation
import Protocol
import TestKit
import Testing

/// A server whose Google and GitHub are one provider on loopback.
struct ProviderBench: Sendable {
    let server: RESTServer
    let provider: SignInServer

    /// With `isLive` there are rooms and workout routes.
    static func run<Value: Sendable>(
        isLive: Bool = false, adjust: (inout APIConfiguration) -> Void = { _ in },
        _ body: (ProviderBench) async throws -> Value
    ) async throws -> Value {
        try await SignInServer.run { provider in
            let address = try #require(OutgoingAddress(provider.url))
            let account = ProviderAccount(clientId: SignInServer.clientId, clientSecret: SignInServer.clientSecret)
            return try await RESTServer.run(
                isLive: isLive,
                adjust: { configuration in
                    configuration.google = GoogleConfiguration(account: account, issuer: address)
                    configuration.github = GitHubConfiguration(account: account, site: address, api: address)
                    configuration.providerTimeout = Watchdog.patience
                    adjust(&configuration)
                }
            ) { server in
                try await body(ProviderBench(server: server, provider: provider))
            }
        }
    }

    func browser(_ name: String) -> Browser { Browser(bench: self, name: name) }

    /// The tokens that the pages get with the cookie of an answer.
    func tokens(from answer: RESTAnswer) async throws -> Tokens {
        let cookie = try #require(
            answer.headers.first { $0.0.lowercased() == "set-cookie" && $0.1.hasPrefix("fitai_refresh=") }?.1)
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
        let pair = String(cookie.prefix { $0 != ";" })
        return try await server.client.send(
            "POST", "/v1/auth/refresh", headers: [("Cookie", pair), ("Origin", "http://127.0.0.1")]
        ).decoded()
    }

    func token(in mail: String) throws -> String {
        let range = try #require(mail.firstRange(of: "token="))
        return String(mail[range.upperBound...].prefix { !$0.isWhitespace })
    }

    /// One browser on its way to a provider and back.
    struct Browser: Sendable {
        let bench: ProviderBench
        let name: String

        func begin(returnTo: String? = nil) async throws -> RESTAnswer {
            let query = returnTo.map { "?returnTo=\($0.replacing("?", with: "%3F"))" } ?? ""
            let answer = try await bench.server.client.get("/v1/auth/\(name)\(query)")
            #expect(answer.status == 303)
            return answer
        }

        /// Follows the provider's answer, with the cookies of what began it.
        func comeBack(_ address: String, with begun: RESTAnswer?) async throws -> RESTAnswer {
            let path = address.replacing("http://127.0.0.1/", with: "/")
            let cookie = begun?[header: "set-cookie"].map { [("Cookie", String($0.prefix { $0 != ";" }))] } ?? []
            return try await bench.server.client.get(path, headers: cookie)
        }

        func signIn(returnTo: String? = nil) async throws -> RESTAnswer {
            let begun = try await begin(returnTo: returnTo)
            let back = try bench.provider.consent(to: try #require(begun[header: "location"]))
            return try await comeBack(back, with: begun)
        }
    }
}
