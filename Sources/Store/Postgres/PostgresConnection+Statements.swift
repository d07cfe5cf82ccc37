import CLibpq

extension PostgresConnection {
    /// Runs a statement of one column and reads every row.
    package func query<Column: ColumnDecodable>(_ sql: SQL, as: Column.Type) throws(StoreError) -> [Column] {
        try result(of: sql).rows { (row: inout RowReader) throws(StoreError) -> Column in
            let value = try row.next(Column.self)
            try row.finish()
            return value
        }
    }

    /// Runs a statement of one column and reads its first row, if there is one.
    package func first<Column: ColumnDecodable>(_ sql: SQL, as type: Column.Type) throws(StoreError) -> Column? {
        try query(sql, as: type).first
    }

    /// Runs a statement and reads every row as a tuple, one type a column.
    package func query<each Column: ColumnDecodable>(
        _ sql: SQL, as: (repeat each Column).Type
    ) throws(StoreError) -> [(repeat each Column)] {
        try result(of: sql).rows { (row: inout RowReader) throws(StoreError) -> (repeat each Column) in
            let values = (repeat try row.next((each Column).self))
            try row.finish()
            return values
        }
    }

    /// Runs a statement and reads every row with `decode`.
    package func rows<Row>(
        _ sql: SQL, _ decode: (inout RowReader) throws(StoreError) -> Row
    ) throws(StoreError) -> [Row] {
        try result(of: sql).rows(decode)
    }

    /// Runs a statement and reads its first row, if there is one.
    package func first<Row>(
        _ sql: SQL, _ decode: (inout RowReader) throws(StoreError) -> Row
    ) throws(StoreError) -> Row? {
        try result(of: sql).rows(limit: 1, decode).first
    }

    /// Runs a statement and reads its first row, if there is one, as a tuple.
    package func first<each Column: ColumnDecodable>(
        _ sql: SQL, as type: (repeat each Column).Type
    ) throws(StoreError) -> (repeat each Column)? {
        try query(sql, as: type).first
    }

    /// Runs a statement and answers how many rows it inserted, updated, deleted or found.
    @discardableResult
    package func execute(_ sql: SQL) throws(StoreError) -> Int {
        try result(of: sql).affected
    }

    /// Runs text of one or more statements without parameters and without preparing them. Never for text of a client.
    package func script(_ text: String) throws(StoreError) {
        try control(text, isInTransaction ? .harmless : .writing)
    }

    /// Sends a bare command outside the cache of prepared statements; answers the server's command tag.
    @discardableResult
    func control(_ command: String, _ kind: StatementKind = .clearing) throws(StoreError) -> String {
        let limit = kind.isCancellable ? statementLimit : .now + configuration.statementDeadline
        let result = try exchange(kind, until: limit) { PQsendQuery($0, command) }
        if let failure = result.failure { throw failure.error(statement: command) }
        return result.command
    }

    private func result(of sql: SQL) throws(StoreError) -> LibpqResult {
        if let fault = sql.parameters.fault { throw fault }
        let limit = statementLimit
        let first = try attempt(sql, until: limit)
        guard let failure = first.failure else { return first }
        guard failure.isStaleStatement else { throw failure.error(statement: sql.text) }
        statements.forgetAll()
        // The refusal has ended a surrounding transaction; only the caller can begin it again.
        guard !isInTransaction else { throw .serialization }
        let second = try attempt(sql, until: limit)
        if let failure = second.failure { throw failure.error(statement: sql.text) }
        return second
    }

    private func attempt(_ sql: SQL, until limit: ContinuousClock.Instant) throws(StoreError) -> LibpqResult {
        let name = try prepared(sql, until: limit)
        return try exchange(kind(of: sql), until: limit) { connection in
            sql.parameters.withPointers { values, lengths, formats in
                PQsendQueryPrepared(
                    connection, name, Int32(sql.parameters.entries.count), values, lengths, formats, 1)
            }
        }
    }

    private func prepared(_ sql: SQL, until limit: ContinuousClock.Instant) throws(StoreError) -> String {
        if let name = statements.name(of: sql) { return name }
        if statements.isFull {
            try control("deallocate all", .harmless)
            statements.forgetAll()
        }
        let name = statements.nextName()
        let types = sql.parameters.entries.map { Oid($0.type) }
        let result = try exchange(.harmless, until: limit) {
            PQsendPrepare($0, name, sql.text, Int32(types.count), types)
        }
        if let failure = result.failure { throw failure.error(statement: sql.text) }
        statements.remember(name, for: sql)
        return name
    }

    private var statementLimit: ContinuousClock.Instant {
        let own = ContinuousClock.now + configuration.statementDeadline
        return leaseDeadline.map { min($0, own) } ?? own
    }

    private func kind(of sql: SQL) -> StatementKind {
        isInTransaction || sql.isPlainSelect ? .harmless : .writing
    }
}

extension SQL {
    /// A `with` may write and is not counted here.
    fileprivate var isPlainSelect: Bool {
        text.utf8.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }.starts(with: "select ".utf8)
    }
}

extension SQLParameters {
    /// Lends the parameters in the shape libpq takes them.
    fileprivate func withPointers<Result>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
    ) -> Result {
        guard !entries.isEmpty else { return body(nil, nil, nil) }
        let lengths = entries.map { Int32(clamping: $0.length) }
        let formats = entries.map { Int32($0.isText ? 0 : 1) }
        return (bytes.isEmpty ? [0] : bytes).withUnsafeBytes { buffer in
            let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = entries.map { entry in entry.offset.flatMap { offset in base?.advanced(by: offset) } }
            return body(values, lengths, formats)
        }
    }
}
