/// Why the schema cannot be brought up to date.
package enum MigrationError: Error, Sendable, Equatable {
    /// The file was edited after it had been applied.
    case changed(String)
    /// The database has a migration that this binary does not know: it belongs to a newer version.
    case unknown(String)
    /// A migration that was not applied stands before one that was.
    case outOfOrder(String, applied: String)
    /// Two migrations have one number.
    case repeated(String, String)
    /// The migration contains a COMMIT or ROLLBACK of its own.
    case endsTransaction(String)
    /// Postgres refused the migration; nothing of it remains.
    case failed(String, StoreError)
}

extension MigrationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .changed(let name):
            "migration \(name) was changed after it was applied; restore the file and add a new migration instead"
        case .unknown(let name):
            "the database has migration \(name), which this version of fitai does not know; use a newer one"
        case .outOfOrder(let name, let applied):
            "migration \(name) is not applied, but the later \(applied) is; give it a number after \(applied)"
        case .repeated(let first, let second):
            "migrations \(first) and \(second) have the same number"
        case .endsTransaction(let name):
            "migration \(name) ends its transaction; it must not contain COMMIT or ROLLBACK"
        case .failed(let name, let error):
            "migration \(name) failed: \(error)"
        }
    }
}
