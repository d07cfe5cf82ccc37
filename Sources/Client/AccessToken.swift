import Protocol

/// A bearer token and the moment from which it is worth nothing.
public struct AccessToken: Sendable, Hashable {
    public let text: String
    /// Nil when it is not known; then it is replaced only when the server refuses it.
    public let expiresAt: Timestamp?

    public init(_ text: String, expiresAt: Timestamp? = nil) {
        self.text = text
        self.expiresAt = expiresAt
    }
}

/// Gives an access token; `refused` is one that must not come again: the server has refused it or it is about to expire.
///
/// It throws when there is none to be had: the client then waits and asks again, unless the error is `SignedOut`.
public typealias TokenProvider = @Sendable (_ refused: AccessToken?) async throws -> AccessToken

/// The athlete has to sign in again; ends `LiveClient.run`.
public struct SignedOut: Error, Sendable, Hashable {
    public init() {}
}
