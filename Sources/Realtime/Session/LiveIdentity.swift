import Protocol

/// Who speaks on a connection, from a verified access token.
package struct LiveIdentity: Sendable, Hashable {
    package let user: UserID
    /// The signed-in session; ending it ends the connection.
    package let session: SessionID
    package let expiresAt: Timestamp

    package init(user: UserID, session: SessionID, expiresAt: Timestamp) {
        self.user = user
        self.session = session
        self.expiresAt = expiresAt
    }
}
