extension PostgresConnection {
    /// Runs `body` between BEGIN and COMMIT (READ COMMITTED); what it throws rolls back and is thrown on.
    ///
    /// Throws `.commitUnknown` when the connection was lost at COMMIT. Transactions do not nest.
    @discardableResult
    package func transaction<Value>(
        _ body: (isolated PostgresConnection) throws -> Value
    ) throws -> Value {
        try transaction("begin", body)
    }

    /// Runs `body` in a transaction that only reads, and in which every statement sees what the first one saw: what is
    /// committed meanwhile does not show.
    package func snapshot<Value>(
        _ body: (isolated PostgresConnection) throws -> Value
    ) throws -> Value {
        try transaction("begin isolation level repeatable read read only", body)
    }

    private func transaction<Value>(
        _ beginning: String, _ body: (isolated PostgresConnection) throws -> Value
    ) throws -> Value {
        precondition(!isInTransaction, "transactions do not nest")
        try control(beginning, .harmless)
        isInTransaction = true
        defer { isInTransaction = false }
        let value: Value
        do {
            value = try body(self)
        } catch {
            rollback()
            throw error
        }
        try commit()
        return value
    }

    private func commit() throws(StoreError) {
        if let leaseDeadline, leaseDeadline < .now {
            rollback()
            throw .deadline
        }
        if interrupt.isAbandoned {
            rollback()
            throw .cancelled
        }
        let command = try control("commit", .commit)
        // Postgres answers ROLLBACK, without an error, when a statement had failed and `body` went on regardless.
        guard command == "COMMIT" else {
            throw .server(sqlstate: "25P02", message: "a failed statement of the transaction was passed over")
        }
    }

    /// Ends the transaction; a connection that cannot even do that is closed.
    func rollback() {
        guard isOpen else { return }
        do {
            try control("rollback", .clearing)
        } catch {
            // Closing rolls back as well; what led here is thrown by the caller.
            close()
        }
    }
}
