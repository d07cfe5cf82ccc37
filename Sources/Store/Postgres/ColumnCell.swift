import CLibpq

/// One value of a result: its bytes as long as the result lives.
package struct ColumnCell: ~Copyable {
    /// Nil for NULL.
    let bytes: UnsafeRawBufferPointer?
    let type: UInt32
    let result: OpaquePointer
    let index: Int32

    /// The column's name, for messages.
    var column: String {
        PQfname(result, index).map { String(cString: $0) } ?? "\(index + 1)"
    }

    package var isNull: Bool { bytes == nil }

    /// The bytes of a value whose type is one of `types`.
    func bytes(_ wanted: Any.Type, from types: UInt32...) throws(StoreError) -> UnsafeRawBufferPointer {
        guard types.contains(type) else { throw mismatch(wanted) }
        guard let bytes else { throw .decoding("column \(column) is null, \(wanted) expected") }
        return bytes
    }

    func mismatch(_ wanted: Any.Type) -> StoreError {
        .decoding("column \(column) has the type \(type), which does not read as \(wanted)")
    }

    func malformed() -> StoreError {
        .decoding("column \(column) is not in the wire format of the type \(type)")
    }
}

extension UnsafeRawBufferPointer {
    /// Reads an integer in network order; nil beyond the end.
    func integer<Number: FixedWidthInteger>(_ type: Number.Type, at offset: Int = 0) -> Number? {
        guard offset >= 0, offset + MemoryLayout<Number>.size <= count else { return nil }
        return Number(bigEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}
