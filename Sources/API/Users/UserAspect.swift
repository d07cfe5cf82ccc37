import Protocol
import Store

/// Something that a user's row says, as its owner reads and changes it: the profile, the preferences.
struct UserAspect<Value: Sendable>: Sendable {
    let columns: SQL
    /// Reads the columns, and behind them the row's version.
    let read: @Sendable (inout RowReader) throws(StoreError) -> (Value, version: Int)
    /// The columns with their new values, as `update … set` takes them.
    let assignments: @Sendable (Value) -> SQL
}

extension Users {
    /// With the version that its entity tag is made of. Throws `notFound` for a user that does not exist.
    func read<Value>(_ aspect: UserAspect<Value>, of user: UserID) async throws -> (Value, version: Int) {
        let found = try await pool.first(
            "select \(aspect.columns), version from users where id = \(user)", aspect.read)
        guard let found else { throw Problem(.notFound) }
        return found
    }

    /// Answers what it is after the change; `check` sees the version before and may throw. Throws `sessionEnded` too.
    func change<Value>(
        _ aspect: UserAspect<Value>, of identity: Identity, check: @Sendable (_ version: Int) throws -> Void,
        by change: @Sendable (Value) -> Value
    ) async throws -> (Value, version: Int) {
        let user = identity.userId
        return try await pool.transaction { connection in
            let found = try connection.first(
                "select \(aspect.columns), version from users where id = \(user) for no key update", aspect.read)
            guard let (before, version) = found else { throw Problem(.notFound) }
            try identity.checkOpen(on: connection)
            try check(version)
            let after = change(before)
            try connection.execute(
                "update users set \(aspect.assignments(after)), version = version + 1 where id = \(user)")
            return (after, version + 1)
        }
    }
}
