import Store

/// Who somebody is at a provider.
struct ProviderProfile: Sendable {
    enum Provider: String, Sendable, CaseIterable, ColumnDecodable {
        /// Challenges name them by their places: a new one goes to the end.
        case google, github
    }

    let provider: Provider
    /// Never changes there.
    let subject: String
    let email: String?
    let isEmailVerified: Bool
    let name: String?
    /// The name they log in with, if they have one there.
    let login: String?

    var identity: ProviderIdentity { ProviderIdentity(provider: provider, subject: subject) }
}

/// What a route does to sign somebody in by one provider.
protocol SignInProvider: Sendable {
    /// Where the browser goes to ask for consent.
    func consentPage(for attempt: SignInAttempt, redirect: String) async throws -> String

    /// Who the code was given out for. Throws `SignInRefused` for a code or an identity that is not accepted,
    /// `ProviderFailure` when the provider cannot be asked.
    func profile(for code: String, _ attempt: SignInAttempt, redirect: String) async throws -> ProviderProfile
}

/// Why a provider's answer is not accepted; for the log, not for the answer.
struct SignInRefused: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
