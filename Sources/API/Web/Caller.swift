import Protocol

/// Who may call a route.
package enum Access: String, Sendable, CaseIterable {
    case anyone, user, verified, admin
}

/// What admission may ask beyond the token: a token outlives a verification by up to 15 minutes.
package struct AccessGate: Sendable {
    package let isVerified: @Sendable (UserID) async throws -> Bool
    /// Hears of callers who asked for what they may not do.
    package let refused: @Sendable (Identity, RequestFacts) -> Void

    package init(
        isVerified: @escaping @Sendable (UserID) async throws -> Bool,
        refused: @escaping @Sendable (Identity, RequestFacts) -> Void = { _, _ in }
    ) {
        self.isVerified = isVerified
        self.refused = refused
    }
}

/// The caller of a route; the kind a handler takes decides who gets in.
package protocol Caller: Sendable {
    static var access: Access { get }
    /// Lets the bearer of an identity in, or throws the problem that keeps it out.
    static func admit(_ identity: Identity?, by gate: AccessGate) async throws -> Self
}

/// A caller who need not be known.
package struct Anyone: Caller {
    package static let access = Access.anyone

    package static func admit(_ identity: Identity?, by gate: AccessGate) -> Anyone { Anyone() }
}

/// A caller with a valid access token.
package struct SignedInUser: Caller {
    package static let access = Access.user
    package let identity: Identity
    package var id: UserID { identity.userId }

    package static func admit(_ identity: Identity?, by gate: AccessGate) throws -> SignedInUser {
        guard let identity else { throw Problem(.unauthenticated) }
        return SignedInUser(identity: identity)
    }
}

/// A signed-in caller whose email address is verified.
package struct VerifiedUser: Caller {
    package static let access = Access.verified
    package let identity: Identity
    package var id: UserID { identity.userId }

    package static func admit(_ identity: Identity?, by gate: AccessGate) async throws -> VerifiedUser {
        guard let identity else { throw Problem(.unauthenticated) }
        if !identity.isVerified {
            guard try await gate.isVerified(identity.userId) else { throw Problem(.emailUnverified) }
        }
        return VerifiedUser(identity: identity)
    }
}

/// A signed-in administrator.
package struct Administrator: Caller {
    package static let access = Access.admin
    package let identity: Identity
    package var id: UserID { identity.userId }

    package static func admit(_ identity: Identity?, by gate: AccessGate) throws -> Administrator {
        guard let identity else { throw Problem(.unauthenticated) }
        guard identity.role == .admin else { throw Problem(.forbidden) }
        return Administrator(identity: identity)
    }
}
