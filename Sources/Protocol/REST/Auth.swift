/// `POST /v1/auth/register`
public struct RegisterRequest: Codable, Sendable {
    public var email: String
    public var username: String
    public var password: String
    public var displayName: String
    /// Keep the refresh token in an HttpOnly cookie instead of the answer (for pages).
    public var cookie: Bool?

    public init(email: String, username: String, password: String, displayName: String, cookie: Bool? = nil) {
        self.email = email
        self.username = username
        self.password = password
        self.displayName = displayName
        self.cookie = cookie
    }
}

/// `POST /v1/auth/login`
public struct LoginRequest: Codable, Sendable {
    /// Email address or username.
    public var login: String
    public var password: String
    public var cookie: Bool?
    /// One of the account that is still good: the device then counts as known, whatever strangers try.
    public var refreshToken: String?

    public init(login: String, password: String, cookie: Bool? = nil, refreshToken: String? = nil) {
        self.login = login
        self.password = password
        self.cookie = cookie
        self.refreshToken = refreshToken
    }
}

/// `POST /v1/auth/refresh`; without a token the cookie is used.
public struct RefreshRequest: Codable, Sendable {
    public var refreshToken: String?

    public init(refreshToken: String? = nil) { self.refreshToken = refreshToken }
}

/// `POST /v1/auth/logout`
public struct LogoutRequest: Codable, Sendable {
    public var everywhere: Bool

    public init(everywhere: Bool = false) { self.everywhere = everywhere }
}

/// A pair of tokens for one session.
public struct Tokens: Codable, Sendable {
    /// A JWT for `Authorization: Bearer`.
    public var accessToken: String
    public var expiresAt: Timestamp
    /// Opaque; nil when it went into the cookie.
    public var refreshToken: String?
    public var refreshExpiresAt: Timestamp

    public init(accessToken: String, expiresAt: Timestamp, refreshToken: String?, refreshExpiresAt: Timestamp) {
        self.accessToken = accessToken
        self.expiresAt = expiresAt
        self.refreshToken = refreshToken
        self.refreshExpiresAt = refreshExpiresAt
    }
}

/// The account as its owner sees it at sign-in.
public struct Account: Codable, Sendable {
    public var id: UserID
    public var username: String
    public var displayName: String
    public var email: String
    public var isVerified: Bool
    public var createdAt: Timestamp

    public init(
        id: UserID, username: String, displayName: String, email: String, isVerified: Bool, createdAt: Timestamp
    ) {
        self.id = id
        self.username = username
        self.displayName = displayName
        self.email = email
        self.isVerified = isVerified
        self.createdAt = createdAt
    }
}

/// What register and login answer.
public struct SignedIn: Codable, Sendable {
    public var user: Account
    public var tokens: Tokens
    /// True when the account was to be erased, and stays because of this sign-in; nil otherwise.
    public var isKept: Bool?

    public init(user: Account, tokens: Tokens, isKept: Bool? = nil) {
        self.user = user
        self.tokens = tokens
        self.isKept = isKept
    }
}

/// What `GET` and `POST /v1/auth/verify-email` answer.
public struct EmailVerified: Codable, Sendable {
    public var isVerified: Bool

    public init(isVerified: Bool) { self.isVerified = isVerified }
}

/// `POST /v1/auth/forgot-password`
public struct ForgotPasswordRequest: Codable, Sendable {
    public var email: String

    public init(email: String) { self.email = email }
}

/// `POST /v1/auth/reset-password`
public struct ResetPasswordRequest: Codable, Sendable {
    /// From the mail.
    public var token: String
    public var password: String

    public init(token: String, password: String) {
        self.token = token
        self.password = password
    }
}

/// `PUT /v1/auth/password`
public struct PasswordChangeRequest: Codable, Sendable {
    public var currentPassword: String
    public var newPassword: String

    public init(currentPassword: String, newPassword: String) {
        self.currentPassword = currentPassword
        self.newPassword = newPassword
    }
}

/// `PUT /v1/auth/email`
public struct EmailChangeRequest: Codable, Sendable {
    public var email: String
    public var password: String

    public init(email: String, password: String) {
        self.email = email
        self.password = password
    }
}

/// `GET /v1/auth/confirm-email`: the change of the email address that a mail's link confirms.
public struct EmailConfirmation: Codable, Sendable {
    /// The new address.
    public var email: String
    /// Whether the address that this link was sent to has confirmed.
    public var isConfirmed: Bool
    /// Whether both have, and the account has the new address.
    public var isChanged: Bool

    public init(email: String, isConfirmed: Bool, isChanged: Bool) {
        self.email = email
        self.isConfirmed = isConfirmed
        self.isChanged = isChanged
    }
}

/// `POST /v1/auth/confirm-email` and `POST /v1/auth/verify-email`
public struct ConfirmEmailRequest: Codable, Sendable {
    /// From the mail.
    public var token: String

    public init(token: String) { self.token = token }
}

/// What `POST /v1/auth/confirm-email` answers.
public struct EmailConfirmed: Codable, Sendable {
    /// False while the other address has not confirmed.
    public var isChanged: Bool

    public init(isChanged: Bool) { self.isChanged = isChanged }
}

/// An open session of one's account.
public struct AccountSession: Codable, Sendable {
    public var id: SessionID
    /// The user agent that used it last.
    public var device: String?
    /// The address that used it last.
    public var address: String
    public var createdAt: Timestamp
    public var lastUsedAt: Timestamp
    public var expiresAt: Timestamp
    /// Whether it is the session of this request.
    public var isCurrent: Bool

    public init(
        id: SessionID, device: String?, address: String, createdAt: Timestamp, lastUsedAt: Timestamp,
        expiresAt: Timestamp, isCurrent: Bool
    ) {
        self.id = id
        self.device = device
        self.address = address
        self.createdAt = createdAt
        self.lastUsedAt = lastUsedAt
        self.expiresAt = expiresAt
        self.isCurrent = isCurrent
    }
}

/// An account elsewhere that signs in to this one.
public struct SignInIdentity: Codable, Hashable, Sendable {
    public var id: UUIDv7
    /// `google`, `github`, or one that a newer server knows.
    public var provider: String
    public var createdAt: Timestamp

    public init(id: UUIDv7, provider: String, createdAt: Timestamp) {
        self.id = id
        self.provider = provider
        self.createdAt = createdAt
    }
}

/// `DELETE /v1/auth/identities/:id`
public struct IdentityRemoval: Codable, Sendable {
    /// Left out only for an account without one.
    public var password: String?

    public init(password: String? = nil) { self.password = password }
}

/// Something that concerns the security of one's account.
public struct SecurityEvent: Codable, Sendable {
    public var id: UUIDv7
    /// One of `SecurityEventKind`, or one that a newer server knows.
    public var kind: String
    /// The session that did it or that it is about.
    public var sessionId: SessionID?
    public var address: String?
    public var at: Timestamp

    public init(id: UUIDv7, kind: String, sessionId: SessionID?, address: String?, at: Timestamp) {
        self.id = id
        self.kind = kind
        self.sessionId = sessionId
        self.address = address
        self.at = at
    }
}

/// The kinds of security events that this version knows.
public enum SecurityEventKind: String, Codable, Sendable, CaseIterable {
    case registered, signedIn, sessionEnded, allSessionsEnded, refreshTokenReused
    case passwordChanged, passwordReset, emailVerified, emailChangeAsked, emailChanged
    /// Somebody tried to sign in, or to prove to know the password, and failed; at most twenty a day are kept.
    case signInFailed, passwordWrong
    /// Something was asked for that the account may not do; at most twenty a day are kept.
    case accessRefused
    case secondFactorOn, secondFactorOff, secondFactorFailed, recoveryCodeUsed, recoveryCodesRenewed
    /// An operator made the account a moderator, an administrator, or neither.
    case roleChanged
    /// Sign-ins elsewhere were removed, by the owner, a reset of the password, or somebody else who proved the address.
    case identityRemoved
    /// An account elsewhere was joined to this one.
    case identityJoined
    /// The address's owner proved it elsewhere and took over an account whose address nobody had verified.
    case takenOver
    /// The account was to be erased, and was kept by a sign-in.
    case deletionRequested, deletionCancelled
}
