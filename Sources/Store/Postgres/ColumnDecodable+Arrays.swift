extension ColumnDecodable {
    /// Reads a Postgres array of one dimension.
    package static func decodeArray(_ cell: borrowing ColumnCell) throws(StoreError) -> [Self] {
        guard let bytes = cell.bytes else { throw .decoding("column \(cell.column) is null, an array expected") }
        guard let dimensions = bytes.integer(Int32.self), let element = bytes.integer(UInt32.self, at: 8) else {
            throw cell.malformed()
        }
        guard dimensions > 0 else { return [] }
        guard dimensions == 1, let count = bytes.integer(Int32.self, at: 12), count >= 0 else {
            throw cell.mismatch([Self].self)
        }
        var values: [Self] = []
        values.reserveCapacity(min(Int(count), bytes.count / 4))
        var offset = 20
        for _ in 0..<count {
            guard let length = bytes.integer(Int32.self, at: offset).map(Int.init) else { throw cell.malformed() }
            offset += 4
            guard length >= 0 else {
                values.append(try decode(ColumnCell(bytes: nil, type: element, result: cell.result, index: cell.index)))
                continue
            }
            guard offset + length <= bytes.count else { throw cell.malformed() }
            let slice = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
            values.append(try decode(ColumnCell(bytes: slice, type: element, result: cell.result, index: cell.index)))
            offset += length
        }
        return values
    }
}

extension Array: ColumnDecodable where Element: ColumnDecodable {
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> [Element] {
        try Element.decodeArray(cell)
    }
}

/// Only `[UInt8]` is meant, from `bytea`; Postgres has no type of one unsigned byte.
extension UInt8: ColumnDecodable {
    package static func decode(_ cell: borrowing ColumnCell) throws(StoreError) -> UInt8 {
        throw cell.mismatch(UInt8.self)
    }

    package static func decodeArray(_ cell: borrowing ColumnCell) throws(StoreError) -> [UInt8] {
        [UInt8](try cell.bytes([UInt8].self, from: PostgresType.bytea))
    }
}

extension Double {
    /// Reads the wire format of `numeric`: base 10,000 digits with weight, sign and display scale (numeric_send).
    init?(postgresNumeric bytes: UnsafeRawBufferPointer) {
        guard let digits = bytes.integer(Int16.self), let weight = bytes.integer(Int16.self, at: 2),
            let sign = bytes.integer(UInt16.self, at: 4), digits >= 0
        else { return nil }
        switch sign {
        case 0x0000, 0x4000: break
        case 0xC000:
            self = .nan
            return
        case 0xD000:
            self = .infinity
            return
        case 0xF000:
            self = -.infinity
            return
        default: return nil
        }
        var text = sign == 0x4000 ? "-0" : "0"
        for index in 0..<Int(digits) {
            guard let digit = bytes.integer(Int16.self, at: 8 + 2 * index) else { return nil }
            let padded = "000\(digit)"
            text += padded.suffix(4)
        }
        // By way of text, so that the result is the nearest double and not the sum of rounded parts.
        let exponent = (Int(weight) + 1 - Int(digits)) * 4
        self.init("\(text)e\(exponent)")
    }
}
