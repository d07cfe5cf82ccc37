/// `DELETE /v1/users/account`
public struct AccountDeletionRequest: Codable, Sendable {
    /// Left out only for an account without one.
    public var password: String?

    public init(password: String? = nil) { self.password = password }
}

/// What deleting one's account answers.
public struct AccountDeletionNotice: Codable, Hashable, Sendable {
    public var requestedAt: Timestamp
    /// When everything is erased, unless its owner signs in before.
    public var erasedAt: Timestamp

    public init(requestedAt: Timestamp, erasedAt: Timestamp) {
        self.requestedAt = requestedAt
        self.erasedAt = erasedAt
    }
}
