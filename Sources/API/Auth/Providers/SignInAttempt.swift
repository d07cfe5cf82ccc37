import Crypto
import Foundation
import Protocol

/// One attempt to sign in by a provider, kept in a cookie of the browser that began it.
///
/// State, nonce and PKCE verifier are derived from the cookie's random secret and from all else it says, so an answer
/// counts only in the browser that asked, for the provider it asked, and for the path it wanted to come back to.
struct SignInAttempt: Sendable {
    static let lifetime = Duration.seconds(600)

    private let provider: ProviderProfile.Provider
    /// Where the browser goes afterwards: a path of ours.
    let returnTo: String
    /// What the cookie holds.
    let cookie: String

    /// A new attempt.
    init(by provider: ProviderProfile.Provider, returnTo: String, at time: Timestamp) {
        self.provider = provider
        self.returnTo = returnTo
        cookie = "\(OpaqueSecret().text).\(time.milliseconds).\(Data(returnTo.utf8).base64URL)"
    }

    /// The attempt in what the cookie of a request holds; nil when there is none, or it is too old.
    init?(by provider: ProviderProfile.Provider, _ cookie: String?, at time: Timestamp) {
        guard let cookie else { return nil }
        let parts = cookie.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, OpaqueSecret(String(parts[0])) != nil, let begun = Int64(parts[1]),
            SignInAttempt.isRunning(Timestamp(milliseconds: begun), at: time),
            let path = Data(base64URL: parts[2]), let returnTo = String(validating: path, as: UTF8.self),
            ReturnPath.isOurs(returnTo)
        else { return nil }
        self.provider = provider
        self.cookie = cookie
        self.returnTo = returnTo
    }

    /// Compares, for the cookie's time may be any number at all.
    private static func isRunning(_ begun: Timestamp, at time: Timestamp) -> Bool {
        (time - lifetime...time).contains(begun)
    }

    var state: String { derived("state") }
    var nonce: String { derived("nonce") }
    /// The secret of RFC 7636.
    var verifier: String { derived("verifier") }
    /// What the provider is told of the verifier at first.
    var challenge: String { Data(SHA256.hash(data: Data(verifier.utf8))).base64URL }

    /// Whether an answer's state is this attempt's; takes the same time whatever differs.
    func isAnswered(by state: String) -> Bool {
        let (given, own) = (Array(state.utf8), Array(self.state.utf8))
        return given.count == own.count && zip(given, own).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private func derived(_ purpose: String) -> String {
        Data(SHA256.hash(data: Data("\(provider.rawValue) \(purpose) \(cookie)".utf8))).base64URL
    }

    /// The cookie that keeps it. Lax, for the answer comes by a link from the provider's pages.
    static func cookie(_ provider: ProviderProfile.Provider, isSecure: Bool) -> SiteCookie {
        SiteCookie("fitai_sign_in_\(provider.rawValue)", isSecure: isSecure, sameSite: .lax)
    }
}

/// Paths that a sign-in may come back to.
enum ReturnPath {
    /// Whether a browser takes the text as a path on this very site.
    static func isOurs(_ path: String) -> Bool {
        path.utf8.count <= 500 && path.hasPrefix("/") && !path.hasPrefix("//")
            && path.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
    }
}

/// `?returnTo=` of a sign-in.
struct SignInQuery: RouteQuery {
    static let returnField = Field.optional(
        "returnTo",
        ValueRule<String>.text(1...500).map(.notAllowed, "Must be a path of this site, such as /workouts.") {
            ReturnPath.isOurs($0) ? $0 : nil
        }, "The path to go to afterwards; / unless told.")
    static var parameters: [MemberSchema] { [returnField.schema] }
    let returnTo: String

    init?(reading query: inout QueryReader) { returnTo = query.optional(Self.returnField) ?? "/" }
}

/// What a provider sends back with the browser.
struct SignInCallback: RouteQuery {
    static let codeField = Field.optional("code", .text(1...2000), "What the provider gives the account out for.")
    static let stateField = Field.optional("state", .text(1...200), "As it was sent.")
    static let errorField = Field.optional("error", .text(1...200), "Why there is no code.")
    static var parameters: [MemberSchema] { [codeField.schema, stateField.schema, errorField.schema] }
    let code: String?
    let state: String?
    let error: String?

    init?(reading query: inout QueryReader) {
        code = query.optional(Self.codeField)
        state = query.optional(Self.stateField)
        error = query.optional(Self.errorField)
    }
}
