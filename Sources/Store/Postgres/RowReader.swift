import CLibpq

/// Reads the columns of one row, from left to right.
package struct RowReader: ~Copyable {
    private let result: OpaquePointer
    private let row: Int32
    private var column: Int32 = 0

    init(result: OpaquePointer, row: Int32) {
        self.result = result
        self.row = row
    }

    /// The next column. Throws `.decoding` when there is none, it is NULL where that is not expected, or has another
    /// type.
    package mutating func next<Value: ColumnDecodable>(_ type: Value.Type = Value.self) throws(StoreError) -> Value {
        guard column < PQnfields(result) else {
            throw .decoding("column \(column + 1) is read, the row has \(PQnfields(result))")
        }
        defer { column += 1 }
        return try Value.decode(cell())
    }

    /// Leaves out the next column.
    package mutating func skip() {
        column += 1
    }

    /// Throws when columns are left that nobody read.
    func finish() throws(StoreError) {
        guard column == PQnfields(result) else {
            throw .decoding("\(column) columns are read, the row has \(PQnfields(result))")
        }
    }

    private func cell() -> ColumnCell {
        var bytes: UnsafeRawBufferPointer?
        if PQgetisnull(result, row, column) == 0 {
            let length = Int(PQgetlength(result, row, column))
            bytes = UnsafeRawBufferPointer(start: PQgetvalue(result, row, column), count: length)
        }
        return ColumnCell(bytes: bytes, type: PQftype(result, column), result: result, index: column)
    }
}
