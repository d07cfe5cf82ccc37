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
    /// As it counts in this session.
    package let role: Role
    /// The role that the account has and this session must not use, for it has passed no second factor.
    package let withheldRole: Role?

    package init(
        userId: UserID, sid: SessionID, expiresAt: Timestamp, isVerified: Bool, role: Role, withheldRole: Role? = nil
    ) {
        self.userId = userId
        self.sid = sid
        self.expiresAt = expiresAt
        self.isVerified = isVerified
        self.role = role
        self.withheldRole = withheldRole
    }
}

package enum Role: String, Sendable, CaseIterable, SQLBindable, ColumnDecodable {
    case user, moderator, admin

    /// What counts of the role in a session: a privileged one only after a second factor.
    func counting(afterFactor hasPassed: Bool) -> (role: Role, withheld: Role?) {
        self == .user || hasPassed ? (self, nil) : (.user, self)
    }
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
