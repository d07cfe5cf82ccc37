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

    public init(login: String, password: String, cookie: Bool? = nil) {
        self.login = login
        self.password = password
        self.cookie = cookie
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

    public init(user: Account, tokens: Tokens) {
        self.user = user
        self.tokens = tokens
    }
}

/// `GET /v1/auth/verify-email`
public struct EmailVerified: Codable, Sendable {
    public var isVerified: Bool

    public init(isVerified: Bool) { self.isVerified = isVerified }
}
