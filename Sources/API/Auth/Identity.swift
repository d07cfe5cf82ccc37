import Protocol
import Store

/// What an access token says about its bearer.
package struct Identity: Hashable, Sendable {
    package let userId: UserID
    /// The session the token belongs to; when it is revoked the token is worth nothing.
    package let sid: SessionID
    package let expiresAt: Timestamp
    /// As of when the token was issued.
    package let isVerified: Bool
    package let role: Role

    package init(userId: UserID, sid: SessionID, expiresAt: Timestamp, isVerified: Bool, role: Role) {
        self.userId = userId
        self.sid = sid
        self.expiresAt = expiresAt
        self.isVerified = isVerified
        self.role = role
    }
}

package enum Role: String, Sendable, CaseIterable, SQLBindable, ColumnDecodable {
    case user, moderator, admin
}

/// Why a token is not accepted.
package enum TokenFault: Error, Sendable, Hashable {
    /// Not a token of ours: malformed, another algorithm, an unknown key, a bad signature.
    case invalid
    case expired
    /// Its session was ended.
    case revoked

    package var problem: ProblemCode {
        switch self {
        case .invalid: .unauthenticated
        case .expired: .tokenExpired
        case .revoked: .sessionEnded
        }
    }
}
