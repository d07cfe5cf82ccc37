import CLibpq
import Protocol
import TestKit
import Testing

@testable import Store

/// A Postgres that sends nonsense, or one in between that does, ends no process.
@Suite("Fuzz of Postgres's values", .serialized)
struct RowDecoderFuzzTests {
    private static let types: [UInt32] = [
        PostgresType.bool, PostgresType.int2, PostgresType.int4, PostgresType.int8, PostgresType.float4,
        PostgresType.float8, PostgresType.numeric, PostgresType.text, PostgresType.jsonb, PostgresType.uuid,
        PostgresType.timestamptz, PostgresType.bytea, PostgresType.textArray, PostgresType.int8Array,
        PostgresType.firstOfDatabase,
    ]

    /// A result of one row and column, as libpq makes it of what came.
    private static func withResult<Value>(
        _ type: UInt32, _ bytes: [UInt8]?, _ body: (borrowing LibpqResult) throws -> Value
    ) throws -> Value {
        let pointer = try #require(PQmakeEmptyPGresult(nil, PGRES_TUPLES_OK))
        let result = LibpqResult(pointer)
        var name = Array("value".utf8CString)
        var value = bytes?.map { CChar(bitPattern: $0) } ?? []
        // libpq copies from it also when there is nothing to copy.
        value.append(0)
        try name.withUnsafeMutableBufferPointer { name in
            var attribute = PGresAttDesc(
                name: name.baseAddress, tableid: 0, columnid: 0, format: 1, typid: type, typlen: -1, atttypmod: -1)
            try #require(PQsetResultAttrs(pointer, 1, &attribute) == 1)
        }
        try #require(PQsetvalue(pointer, 0, 0, &value, Int32(bytes?.count ?? -1)) == 1)
        return try body(result)
    }

    private static func read<Value: ColumnDecodable>(
        _ result: borrowing LibpqResult, as type: Value.Type
    ) -> Value? {
        // A refusal is the usual outcome.
        try? result.rows { row throws(StoreError) in
            let value = try row.next(Value.self)
            try row.finish()
            return value
        }.first
    }

    @Test("any bytes under any type are a value of the type that is asked for, or refused")
    func values() async throws {
        let samples: [[UInt8]] = [
            [1], [0x7F, 0xFF], [0xFF, 0xFF, 0xFF, 0xFE], [0x80, 0, 0, 0, 0, 0, 0, 0], Array("1000.5".utf8),
            // 12,345.67 as numeric; {"a":1} as jsonb.
            [0, 3, 0, 1, 0, 0, 0, 2, 0, 1, 0x09, 0x29, 0x1A, 0x2C], [1] + Array(#"{"a":1}"#.utf8),
            // Arrays: of two texts, of a bigint and a null, an empty one.
            [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 97, 0, 0, 0, 2, 98, 99],
            [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 1]
                + [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7, 0xFF, 0xFF, 0xFF, 0xFF],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20], [UInt8](repeating: 0x9A, count: 16),
        ]
        try await DecoderFuzz("Postgres's values", samples: samples, mostBytes: 80).run { input, random in
            let type = Self.types[random.below(Self.types.count)]
            try Self.withResult(type, random.chance(in: 50) ? nil : input) { result in
                _ = (Self.read(result, as: Bool?.self), Self.read(result, as: Int16.self))
                _ = (Self.read(result, as: Int.self), Self.read(result, as: Double.self))
                _ = (Self.read(result, as: UUIDv7.self), Self.read(result, as: JSONText.self))
                if let text = Self.read(result, as: String.self) { #expect(text.utf8.count <= 3 * input.count) }
                if let bytes = Self.read(result, as: [UInt8].self) { #expect(bytes == input) }
                if let time = Self.read(result, as: Timestamp.self) { _ = (time.rfc3339, time + .seconds(1)) }
                if let list = Self.read(result, as: [Int64?].self) { #expect(list.count <= input.count / 4) }
                if let list = Self.read(result, as: [String].self) { #expect(list.count <= input.count / 4) }
            }
        }
    }
}
