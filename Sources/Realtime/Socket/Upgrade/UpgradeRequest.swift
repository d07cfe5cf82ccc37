import NIOCore
import NIOHTTP1

/// What a session may know of the request that became its connection.
package struct UpgradeRequest: Sendable {
    /// Path and query as sent.
    package let uri: String
    package let headers: HTTPHeaders
    /// The address the connection came from, without port; `nil` for sockets that have none.
    package let remoteAddress: String?
    /// The subprotocol agreed to, if the client offered any.
    package let subprotocol: String?
    /// Whom the token of the request named; `nil` for a request without token, which says hello with one later.
    package let identity: (any Sendable)?

    package var userAgent: String? { headers.first(name: "user-agent") }
}

/// The answer to the bearer token of an upgrade.
package enum UpgradeVerdict: Sendable {
    /// The token names somebody; the session gets `identity`.
    case accepted(identity: any Sendable)
    /// 401.
    case refused
    /// The token cannot be checked now: 503.
    case unavailable
}
