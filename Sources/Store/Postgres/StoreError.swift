/// Why the store did not do what was asked, in the terms a caller can act on.
package enum StoreError: Error, Sendable, Equatable {
    /// No connection, no room to wait for one, the server is gone or too busy: nothing was done, try later.
    case unavailable(String)
    /// A row with this key exists already.
    case unique(constraint: String)
    /// The row refers to something that does not exist, or is referred to by something that does.
    case foreignKey(constraint: String)
    /// A value breaks a CHECK of its table.
    case check(constraint: String)
    /// A column that needs a value was given none.
    case notNull(column: String)
    /// The transaction lost against a concurrent one (40001, 40P01), or a cached plan became stale inside it; nothing
    /// of it remains and it may be run again.
    case serialization
    /// Postgres cannot take a value (class 22, the rest of class 23). The message may quote the value: not for logs.
    case invalidValue(sqlstate: String, message: String)
    /// The connection was lost after a COMMIT (or a writing statement outside a transaction) was sent: it may have
    /// happened or not.
    case commitUnknown
    /// The calling task was cancelled; the statement was stopped and did nothing.
    case cancelled
    /// The statement took longer than it may; it was stopped and did nothing.
    case deadline
    /// Anything else that Postgres refuses: a mistake of ours.
    case server(sqlstate: String, message: String)
    /// A column does not hold what the caller reads from it: a mistake of ours.
    case decoding(String)
}

extension StoreError: CustomStringConvertible {
    /// A line for logs, without any value that was bound.
    package var description: String {
        switch self {
        case .unavailable(let reason): "Postgres is unavailable: \(reason)"
        case .unique(let constraint): "unique constraint \(constraint)"
        case .foreignKey(let constraint): "foreign key \(constraint)"
        case .check(let constraint): "check \(constraint)"
        case .notNull(let column): "column \(column) must not be null"
        case .serialization: "the transaction lost against a concurrent one"
        case .invalidValue(let sqlstate, _): "Postgres cannot take a value (\(sqlstate))"
        case .commitUnknown: "the connection was lost at COMMIT, its outcome is unknown"
        case .cancelled: "cancelled"
        case .deadline: "the deadline has passed"
        case .server(let sqlstate, let message): "Postgres refused (\(sqlstate)): \(message)"
        case .decoding(let reason): "unexpected result: \(reason)"
        }
    }
}
