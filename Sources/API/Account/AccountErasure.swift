import Protocol
import Store

/// What a feature does when an account is erased: it removes what is the user's, and the user from what is others'.
///
/// It may be run again after any part of it, and has to come to the same end.
struct ErasurePart: Sendable {
    let name: String
    let erase: @Sendable (UserID) async throws -> Void
}

/// Erases accounts whose grace is over, feature by feature; the user's own row goes last, and with it what hangs on it.
struct AccountErasure: Sendable {
    let pool: PostgresPool
    let jobs: Jobs
    let users: Users
    let live: LiveHooks
    let parts: [ErasurePart]
    let now: @Sendable () -> Timestamp

    /// Erases an account; does nothing when its owner kept it, or it is gone already.
    ///
    /// - Parameter job: the job that runs it, which stays while all others that name the user go.
    func erase(_ user: UserID, except job: UUIDv7) async throws {
        guard let email = try await users.beginErasure(of: user, at: now()) else { return }
        try await live.completeOpenWorkouts(user)
        for part in parts {
            try Task.checkCancellation()
            try await part.erase(user)
        }
        try await jobs.forget(naming: [user.description, email], in: pool, except: job)
        try await users.erase(user)
    }
}
