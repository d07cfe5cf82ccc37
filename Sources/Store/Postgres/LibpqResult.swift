import CLibpq

/// One answer of the server; cleared when it goes out of use.
struct LibpqResult: ~Copyable {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { PQclear(pointer) }

    var status: ExecStatusType { PQresultStatus(pointer) }

    /// What the server says, when it refused.
    var failure: ServerReport? {
        switch status {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: nil
        default: ServerReport(pointer)
        }
    }

    /// The command as the server tells it, `INSERT 0 3` or `ROLLBACK`.
    var command: String { String(cString: PQcmdStatus(pointer)) }

    /// Rows inserted, updated, deleted or selected.
    var affected: Int { Int(String(cString: PQcmdTuples(pointer))) ?? 0 }

    /// Decodes every row, or the first `limit`. Throws `.cancelled` between many rows, once nobody waits for them any more.
    func rows<Row>(
        limit: Int32 = .max, _ decode: (inout RowReader) throws(StoreError) -> Row
    ) throws(StoreError) -> [Row] {
        let count = min(PQntuples(pointer), limit)
        var rows: [Row] = []
        rows.reserveCapacity(Int(count))
        for index in 0..<count {
            if index % 1024 == 1023, Task.isCancelled { throw .cancelled }
            var reader = RowReader(result: pointer, row: index)
            rows.append(try decode(&reader))
        }
        return rows
    }
}
