import CLibpq

extension PostgresConnection {
    /// Loads rows by COPY; answers how many. All of them come or, when the server refuses one, none.
    ///
    /// The whole text passes through memory at once: at most 64 MiB, more rows take several calls.
    /// - Parameters:
    ///   - table: with its columns, in the order in which the rows have them: `workouts (id, user_id)`.
    @discardableResult
    package func copy(_ rows: CopyText, into table: StaticString) throws(StoreError) -> Int {
        precondition(rows.bytes.count <= 64 << 20, "too much for one COPY")
        let command = "copy \(table) from stdin"
        let limit = ContinuousClock.now + configuration.statementDeadline
        let result = try exchange(isInTransaction ? .harmless : .writing, until: limit, rows: rows.bytes) {
            PQsendQuery($0, command)
        }
        if let failure = result.failure { throw failure.error(statement: command) }
        return result.affected
    }
}
