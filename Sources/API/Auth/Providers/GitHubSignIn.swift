import Protocol

/// GitHub's OAuth with PKCE; who somebody is comes from its API.
struct GitHubSignIn: SignInProvider {
    let configuration: GitHubConfiguration
    private let client: ProviderClient

    init(configuration: GitHubConfiguration, timeout: Duration, now: @escaping @Sendable () -> Timestamp) {
        self.configuration = configuration
        client = ProviderClient(timeout: timeout, now: now)
    }

    func consentPage(for attempt: SignInAttempt, redirect: String) async throws -> String {
        try address(configuration.site, "/login/oauth/authorize").adding([
            ("client_id", configuration.account.clientId), ("redirect_uri", redirect),
            ("scope", "read:user user:email"), ("state", attempt.state), ("code_challenge", attempt.challenge),
            ("code_challenge_method", "S256"),
        ])
    }

    func profile(for code: String, _ attempt: SignInAttempt, redirect: String) async throws -> ProviderProfile {
        let token = try await token(for: code, attempt, redirect)
        let user = try await client.get(address(configuration.api, "/user"), bearer: token)
        let emails = try await client.get(address(configuration.api, "/user/emails"), bearer: token)
        guard let id = user["id"]?.integer else { throw SignInRefused("the account has no id") }
        let primary = emails.array?.first { $0["primary"]?.bool == true }
        return ProviderProfile(
            provider: .github, subject: String(id), email: primary?["email"]?.string,
            isEmailVerified: primary?["verified"]?.bool == true, name: user["name"]?.string,
            login: user["login"]?.string)
    }

    private func token(for code: String, _ attempt: SignInAttempt, _ redirect: String) async throws -> String {
        let answer: JSONValue
        do {
            answer = try await client.post(
                address(configuration.site, "/login/oauth/access_token"),
                form: [
                    ("client_id", configuration.account.clientId),
                    ("client_secret", configuration.account.clientSecret), ("code", code),
                    ("redirect_uri", redirect), ("code_verifier", attempt.verifier),
                ])
        } catch ProviderFailure.answered(let status) where (400...499).contains(status) {
            throw SignInRefused("the code was refused with status \(status)")
        }
        // GitHub answers refusals with status 200.
        guard let token = answer["access_token"]?.string else { throw SignInRefused("the code was refused") }
        return token
    }

    private func address(_ base: OutgoingAddress, _ path: String) throws -> OutgoingAddress {
        guard let address = base.appending(path) else { throw ProviderFailure.unreachable("its address is too long") }
        return address
    }
}
