import Protocol

/// A value that can stand in a statement as `\(value)`.
package protocol SQLBindable: Sendable {
    /// The Postgres type of the parameter; 0 lets Postgres infer it.
    static var sqlType: UInt32 { get }
    /// The Postgres type of an array of such values.
    static var sqlArrayType: UInt32 { get }
    /// The type named inside such an array.
    static var sqlElementType: UInt32 { get }
    /// Whether the encoding is Postgres's text format.
    static var isText: Bool { get }
    var isNull: Bool { get }
    /// Appends the value in its wire format, without its length. Not called for NULL.
    func encode(into parameters: inout SQLParameters)
    /// Appends an array of such values.
    static func encode(array: [Self], into parameters: inout SQLParameters)
}

extension SQLBindable {
    package static var sqlElementType: UInt32 { sqlType }
    package static var isText: Bool { false }
    package var isNull: Bool { false }
    package static func encode(array: [Self], into parameters: inout SQLParameters) {
        parameters.append(array: array, of: sqlElementType)
    }
}

/// Enums and other types with a bindable raw value conform by declaration alone.
extension SQLBindable where Self: RawRepresentable, RawValue: SQLBindable {
    package static var sqlType: UInt32 { RawValue.sqlType }
    package static var sqlArrayType: UInt32 { RawValue.sqlArrayType }
    package static var sqlElementType: UInt32 { RawValue.sqlElementType }
    package static var isText: Bool { RawValue.isText }
    package func encode(into parameters: inout SQLParameters) { rawValue.encode(into: &parameters) }
}

extension Bool: SQLBindable {
    package static var sqlType: UInt32 { PostgresType.bool }
    package static var sqlArrayType: UInt32 { PostgresType.boolArray }
    package func encode(into parameters: inout SQLParameters) { parameters.append(UInt8(self ? 1 : 0)) }
}

extension Int16: SQLBindable {
    package static var sqlType: UInt32 { PostgresType.int2 }
    package static var sqlArrayType: UInt32 { PostgresType.int2Array }
    package func encode(into parameters: inout SQLParameters) { parameters.append(self) }
}

extension Int32: SQLBindable {
    package static var sqlType: UInt32 { PostgresType.int4 }
    package static var sqlArrayType: UInt32 { PostgresType.int4Array }
    package func encode(into parameters: inout SQLParameters) { parameters.append(self) }
}

extension Int64: SQLBindable {
    package static var sqlType: UInt32 { PostgresType.int8 }
    package static var sqlArrayType: UInt32 { PostgresType.int8Array }
    package func encode(into parameters: inout SQLParameters) { parameters.append(self) }
}

extension Int: SQLBindable {
    package static var sqlType: UInt32 { PostgresType.int8 }
    package static var sqlArrayType: UInt32 { PostgresType.int8Array }
    package func encode(into parameters: inout SQLParameters) { parameters.append(Int64(self)) }
}

extension Double: SQLBindable {
    package static var sqlType: UInt32 { PostgresType.float8 }
    package static var sqlArrayType: UInt32 { PostgresType.float8Array }
    package func encode(into parameters: inout SQLParameters) { parameters.append(bitPattern) }
}

extension String: SQLBindable {
    package static var sqlType: UInt32 { PostgresType.inferred }
    package static var sqlArrayType: UInt32 { PostgresType.textArray }
    package static var sqlElementType: UInt32 { PostgresType.text }
    package static var isText: Bool { true }
    package func encode(into parameters: inout SQLParameters) { parameters.append(contentsOf: utf8) }
}

extension UUIDv7: SQLBindable {
    package static var sqlType: UInt32 { PostgresType.uuid }
    package static var sqlArrayType: UInt32 { PostgresType.uuidArray }
    package func encode(into parameters: inout SQLParameters) {
        parameters.append(high)
        parameters.append(low)
    }
}

extension Timestamp: SQLBindable {
    /// Unix time of Postgres's epoch, 2000-01-01, in milliseconds.
    static let postgresEpoch: Int64 = 946_684_800_000

    package static var sqlType: UInt32 { PostgresType.timestamptz }
    package static var sqlArrayType: UInt32 { PostgresType.timestamptzArray }
    package func encode(into parameters: inout SQLParameters) {
        let (sincePostgres, early) = milliseconds.subtractingReportingOverflow(Self.postgresEpoch)
        let (microseconds, late) = sincePostgres.multipliedReportingOverflow(by: 1000)
        if early || late {
            parameters.fault = parameters.fault ?? .invalidValue(sqlstate: "22008", message: "time out of range")
        }
        parameters.append(microseconds)
    }
}

extension JSONText: SQLBindable {
    package static var sqlType: UInt32 { PostgresType.jsonb }
    package static var sqlArrayType: UInt32 { PostgresType.jsonbArray }
    package func encode(into parameters: inout SQLParameters) {
        parameters.append(UInt8(1))  // version of jsonb's wire format
        parameters.append(contentsOf: text.utf8)
    }
}

/// Only `[UInt8]` is meant, as `bytea`; Postgres has no type of one unsigned byte.
extension UInt8: SQLBindable {
    package static var sqlType: UInt32 { PostgresType.int2 }
    package static var sqlArrayType: UInt32 { PostgresType.bytea }
    package func encode(into parameters: inout SQLParameters) { parameters.append(Int16(self)) }
    package static func encode(array: [UInt8], into parameters: inout SQLParameters) {
        parameters.append(contentsOf: array)
    }
}

extension Optional: SQLBindable where Wrapped: SQLBindable {
    package static var sqlType: UInt32 { Wrapped.sqlType }
    package static var sqlArrayType: UInt32 { Wrapped.sqlArrayType }
    package static var sqlElementType: UInt32 { Wrapped.sqlElementType }
    package static var isText: Bool { Wrapped.isText }
    package var isNull: Bool { self?.isNull ?? true }
    package func encode(into parameters: inout SQLParameters) { self?.encode(into: &parameters) }
}

extension Array: SQLBindable where Element: SQLBindable {
    package static var sqlType: UInt32 { Element.sqlArrayType }
    /// An array of arrays is meant only for `[[UInt8]]`, `bytea[]`.
    package static var sqlArrayType: UInt32 {
        Element.sqlArrayType == PostgresType.bytea ? PostgresType.byteaArray : Element.sqlArrayType
    }
    package func encode(into parameters: inout SQLParameters) { Element.encode(array: self, into: &parameters) }
}
