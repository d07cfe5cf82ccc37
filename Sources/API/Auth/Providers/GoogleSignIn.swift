import Protocol
import Synchronization

/// OpenID Connect with the authorization code flow and PKCE, by the provider's discovery document.
final class GoogleSignIn: SignInProvider {
    /// What discovery says.
    struct Endpoints: Sendable {
        let authorization: OutgoingAddress
        let token: OutgoingAddress
        let keys: OutgoingAddress

        /// Reads a discovery document (OpenID Connect Discovery, section 3); nil for another issuer's, or one that lacks
        /// an address.
        init?(_ document: JSONValue, issuer: OutgoingAddress) {
            func endpoint(_ name: String) -> OutgoingAddress? { document[name]?.string.flatMap { OutgoingAddress($0) } }
            guard let named = document["issuer"]?.string, OutgoingAddress(named) == issuer,
                let authorization = endpoint("authorization_endpoint"), let token = endpoint("token_endpoint"),
                let keys = endpoint("jwks_uri")
            else { return nil }
            self.authorization = authorization
            self.token = token
            self.keys = keys
        }
    }

    private struct Kept {
        var endpoints: (value: Endpoints, at: Timestamp)?
        var keys: (value: ProviderKeys, at: Timestamp)?
    }

    private static let kept = Duration.seconds(3600)
    /// Keys are not asked for more often, whatever ids are sent here.
    private static let keysAtMostEvery = Duration.seconds(60)

    private let configuration: GoogleConfiguration
    private let client: ProviderClient
    private let now: @Sendable () -> Timestamp
    private let kept = Mutex(Kept())

    init(configuration: GoogleConfiguration, timeout: Duration, now: @escaping @Sendable () -> Timestamp) {
        self.configuration = configuration
        client = ProviderClient(timeout: timeout, now: now)
        self.now = now
    }

    func consentPage(for attempt: SignInAttempt, redirect: String) async throws -> String {
        try await endpoints().authorization.adding([
            ("response_type", "code"), ("client_id", configuration.account.clientId), ("redirect_uri", redirect),
            ("scope", "openid email profile"), ("state", attempt.state), ("nonce", attempt.nonce),
            ("code_challenge", attempt.challenge), ("code_challenge_method", "S256"),
        ])
    }

    func profile(for code: String, _ attempt: SignInAttempt, redirect: String) async throws -> ProviderProfile {
        let answer: JSONValue
        do {
            answer = try await client.post(
                try await endpoints().token,
                form: [
                    ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect),
                    ("client_id", configuration.account.clientId),
                    ("client_secret", configuration.account.clientSecret), ("code_verifier", attempt.verifier),
                ])
        } catch ProviderFailure.answered(let status) where (400...499).contains(status) {
            throw SignInRefused("the code was refused with status \(status)")
        }
        guard let text = answer["id_token"]?.string else { throw SignInRefused("no id_token") }
        let token = try IDToken(text)
        let claims = try token.claims(
            signedBy: try await key(token.keyId),
            IDToken.Expectation(
                issuer: configuration.issuer.description, audience: configuration.account.clientId,
                nonce: attempt.nonce, at: now()))
        // Of ASCII, says OpenID Connect.
        guard let subject = claims["sub"]?.string,
            (1...ProviderIdentity.mostSubjectBytes).contains(subject.utf8.count),
            subject.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            throw SignInRefused("the id_token names nobody")
        }
        let isVerified = claims["email_verified"]?.bool ?? (claims["email_verified"]?.string == "true")
        return ProviderProfile(
            provider: .google, subject: subject, email: claims["email"]?.string, isEmailVerified: isVerified,
            name: claims["name"]?.string, login: nil)
    }

    private func endpoints() async throws -> Endpoints {
        let known = kept.withLock(\.endpoints)
        if let known, now() - known.at < Self.kept { return known.value }
        guard let address = configuration.issuer.appending("/.well-known/openid-configuration") else {
            throw ProviderFailure.unreachable("its address is too long")
        }
        let document = try await client.get(address)
        guard let endpoints = Endpoints(document, issuer: configuration.issuer) else {
            throw ProviderFailure.unreachable("its discovery document is not acceptable")
        }
        let time = now()
        kept.withLock { $0.endpoints = (endpoints, time) }
        return endpoints
    }

    /// The provider's key of this id; fetched again, not too often, for one that is not known.
    private func key(_ id: String?) async throws -> ProviderKeys.Key {
        let known = kept.withLock(\.keys)
        if let known, let key = known.value[id], now() - known.at < Self.kept { return key }
        if let known, now() - known.at < Self.keysAtMostEvery { throw SignInRefused("the id_token's key is not known") }
        let keys = ProviderKeys(try await client.get(try await endpoints().keys))
        let time = now()
        kept.withLock { $0.keys = (keys, time) }
        guard let key = keys[id] else { throw SignInRefused("the id_token's key is not known") }
        return key
    }
}
