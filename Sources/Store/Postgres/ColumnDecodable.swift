import Protocol

/// A value that can be read from a column.
package protocol ColumnDecodable: Sendable {
    static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> Self
    /// Reads an array of such values.
    static func decodeArray(_ cell: borrowing ColumnCell) throws(StoreError) -> [Self]
}

/// Enums and other types with a decodable raw value conform by declaration alone.
extension ColumnDecodable where Self: RawRepresentable, RawValue: ColumnDecodable {
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> Self {
        guard let value = Self(rawValue: try RawValue.decode(cell)) else {
            throw .decoding("column \(cell.column) holds a value that \(Self.self) does not know")
        }
        return value
    }
}

extension Bool: ColumnDecodable {
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> Bool {
        guard let byte = try cell.bytes(Bool.self, from: PostgresType.bool).first else { throw cell.malformed() }
        return byte != 0
    }
}

extension FixedWidthInteger where Self: SignedInteger {
    fileprivate static func decodeInteger(_ cell: borrowing ColumnCell) throws(StoreError) -> Self {
        let bytes = try cell.bytes(Self.self, from: PostgresType.int2, PostgresType.int4, PostgresType.int8)
        let wide: Int64? =
            switch bytes.count {
            case 2: bytes.integer(Int16.self).map(Int64.init)
            case 4: bytes.integer(Int32.self).map(Int64.init)
            default: bytes.integer(Int64.self)
            }
        guard let wide else { throw cell.malformed() }
        guard let value = Self(exactly: wide) else {
            throw .decoding("column \(cell.column) holds a number beyond \(Self.self)")
        }
        return value
    }
}

extension Int16: ColumnDecodable {
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> Int16 { try decodeInteger(cell) }
}

extension Int32: ColumnDecodable {
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> Int32 { try decodeInteger(cell) }
}

extension Int64: ColumnDecodable {
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> Int64 { try decodeInteger(cell) }
}

extension Int: ColumnDecodable {
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> Int { try decodeInteger(cell) }
}

extension Double: ColumnDecodable {
    /// Reads `float4`, `float8` and (rounded to a double) `numeric`.
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> Double {
        let bytes = try cell.bytes(
            Double.self, from: PostgresType.float8, PostgresType.float4, PostgresType.numeric)
        let value: Double? =
            switch cell.type {
            case PostgresType.float8: bytes.integer(UInt64.self).map(Double.init(bitPattern:))
            case PostgresType.float4: bytes.integer(UInt32.self).map { Double(Float(bitPattern: $0)) }
            default: Double(postgresNumeric: bytes)
            }
        guard let value else { throw cell.malformed() }
        return value
    }
}

extension String: ColumnDecodable {
    /// Reads every type whose wire format is its text: text, varchar, name, json, enums, citext; and `jsonb`.
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> String {
        switch cell.type {
        case PostgresType.text, PostgresType.varchar, PostgresType.bpchar, PostgresType.name, PostgresType.unknown,
            PostgresType.json, PostgresType.firstOfDatabase...:
            return String(decoding: try cell.bytes(String.self, from: cell.type), as: UTF8.self)
        case PostgresType.jsonb:
            return String(decoding: try cell.bytes(String.self, from: cell.type).dropFirst(), as: UTF8.self)
        default:
            throw cell.mismatch(String.self)
        }
    }
}

extension JSONText: ColumnDecodable {
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> JSONText {
        let bytes = try cell.bytes(JSONText.self, from: PostgresType.jsonb, PostgresType.json)
        return JSONText(bytes: cell.type == PostgresType.jsonb ? bytes.dropFirst() : bytes[...])
    }
}

extension UUIDv7: ColumnDecodable {
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> UUIDv7 {
        let bytes = try cell.bytes(UUIDv7.self, from: PostgresType.uuid)
        guard let high = bytes.integer(UInt64.self), let low = bytes.integer(UInt64.self, at: 8) else {
            throw cell.malformed()
        }
        return UUIDv7(high: high, low: low)
    }
}

extension Timestamp: ColumnDecodable {
    /// Reads `timestamptz`, cut to milliseconds; `infinity` is refused.
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> Timestamp {
        let bytes = try cell.bytes(Timestamp.self, from: PostgresType.timestamptz, PostgresType.timestamp)
        guard let microseconds = bytes.integer(Int64.self) else { throw cell.malformed() }
        guard microseconds != .max, microseconds != .min else {
            throw .decoding("column \(cell.column) is infinite, a time expected")
        }
        let (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1000)
        return Timestamp(milliseconds: whole - (rest < 0 ? 1 : 0) + postgresEpoch)
    }
}

extension Optional: ColumnDecodable where Wrapped: ColumnDecodable {
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> Wrapped? {
        cell.isNull ? nil : try Wrapped.decode(cell)
    }
}
