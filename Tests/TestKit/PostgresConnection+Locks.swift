import Store

extension PostgresConnection {
    /// Returns when so many others wait for a lock on the table, which this transaction holds.
    package func waitForLocks(on table: String, count: Int) throws {
        let waiting: SQL = "select count(*) from pg_locks where relation = \(table)::regclass and not granted"
        while try first(waiting, as: Int.self) ?? 0 < count {}
    }
}
