/// Reads one JSON document (RFC 8259) from bytes that are valid UTF-8.
public struct JSONReader {
    /// Why a text is not a document this reader takes: malformed, or deeper than 32.
    public struct Fault: Error, Sendable, Hashable {
        /// Byte position in the text.
        public let position: Int
        public let reason: String
    }

    static let depthLimit = 32

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    public static func parse(_ bytes: some Collection<UInt8>) throws(Fault) -> JSONValue {
        let outcome = bytes.withContiguousStorageIfAvailable { buffer in
            Result { () throws(Fault) in try parse(buffer: buffer) }
        }
        if let outcome { return try outcome.get() }
        let copy = Array(bytes)
        let result = copy.withUnsafeBufferPointer { buffer in Result { () throws(Fault) in try parse(buffer: buffer) } }
        return try result.get()
    }

    public static func parse(_ text: String) throws(Fault) -> JSONValue { try parse(Array(text.utf8)) }

    private static func parse(buffer: UnsafeBufferPointer<UInt8>) throws(Fault) -> JSONValue {
        var reader = JSONReader(buffer)
        reader.skipSpace()
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == buffer.count else { throw reader.fault("text after the document") }
        return value
    }

    private func fault(_ reason: String) -> Fault { Fault(position: position, reason: reason) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(Fault) {
        guard next == UInt8(ascii: character) else { throw fault("expected '\(character)'") }
        position += 1
    }

    private mutating func value(depth: Int) throws(Fault) -> JSONValue {
        guard depth < Self.depthLimit else { throw fault("nested too deep") }
        switch next {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case .some: return .number(try number())
        case nil: throw fault("unexpected end")
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(Fault) -> JSONValue {
        let expected = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes.count - position >= expected.count,
            bytes[position..<position + expected.count].elementsEqual(expected)
        else { throw fault("unknown literal") }
        position += expected.count
        return value
    }

    private mutating func object(depth: Int) throws(Fault) -> JSONObject {
        position += 1
        var object = JSONObject()
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return object
        }
        while true {
            guard next == UInt8(ascii: "\"") else { throw fault("expected a member name") }
            let name = try string()
            skipSpace()
            try expect(":")
            skipSpace()
            object.members.append((name, try value(depth: depth + 1)))
            skipSpace()
            if next == UInt8(ascii: "}") {
                position += 1
                return object
            }
            try expect(",")
            skipSpace()
        }
    }

    private mutating func array(depth: Int) throws(Fault) -> [JSONValue] {
        position += 1
        var array: [JSONValue] = []
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return array
        }
        while true {
            array.append(try value(depth: depth + 1))
            skipSpace()
            if next == UInt8(ascii: "]") {
                position += 1
                return array
            }
            try expect(",")
            skipSpace()
        }
    }

    private mutating func number() throws(Fault) -> JSONNumber {
        let negative = next == UInt8(ascii: "-")
        if negative { position += 1 }
        let whole = try digits()
        guard whole.count == 1 || bytes[whole.lowerBound] != UInt8(ascii: "0") else {
            position = whole.lowerBound
            throw fault("leading zero")
        }
        var fraction = position..<position
        if next == UInt8(ascii: ".") {
            position += 1
            fraction = try digits()
        }
        var exponent = 0
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            let minus = next == UInt8(ascii: "-")
            if minus || next == UInt8(ascii: "+") { position += 1 }
            exponent = try digits().reduce(0) { min($0 * 10 + Int(bytes[$1] - 48), 1 << 40) }
            if minus { exponent = -exponent }
        }
        return significand(whole, fraction, isNegative: negative, exponent: exponent)
    }

    /// The places of one digit or more.
    private mutating func digits() throws(Fault) -> Range<Int> {
        let start = position
        while let byte = next, (48...57).contains(byte) { position += 1 }
        guard position > start else { throw fault("expected a value") }
        return start..<position
    }

    /// The number of these digits: exactly where 64 bits hold them, else their first ones and what becomes of the rest.
    private func significand(
        _ whole: Range<Int>, _ fraction: Range<Int>, isNegative: Bool, exponent: Int
    ) -> JSONNumber {
        let count = whole.count + fraction.count
        func digit(_ place: Int) -> Int64 {
            let index = place < whole.count ? whole.lowerBound + place : fraction.lowerBound + place - whole.count
            return Int64(bytes[index] - 48)
        }
        var value: Int64 = 0
        var taken = 0
        while taken < count {
            let (shifted, isTooLong) = value.multipliedReportingOverflow(by: 10)
            // Downward, for the lowest number has no positive counterpart.
            let (sum, isOver) = shifted.addingReportingOverflow(isNegative ? -digit(taken) : digit(taken))
            if isTooLong || isOver { break }
            value = sum
            taken += 1
        }
        // Numeric columns come with sixteen decimals, most of them zeros.
        let isExact = (taken..<count).allSatisfy { digit($0) == 0 }
        // Far beyond what any number type holds, so that larger ones need not be told apart.
        let exponents = -100_000...100_000
        return JSONNumber(
            digits: value, exponent: (exponent + whole.count - taken).clamped(to: exponents),
            rest: isExact ? .none : digit(taken) >= 5 ? .halfOrMore : .belowHalf)
    }

    private mutating func string() throws(Fault) -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if next == UInt8(ascii: "\"") {
            let plain = UnsafeBufferPointer(rebasing: bytes[start..<position])
            position += 1
            return String(decoding: plain, as: UTF8.self)
        }
        var text = Array(bytes[start..<position])
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw fault("control character in a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw fault("unterminated string")
    }

    private mutating func escape(into text: inout [UInt8]) throws(Fault) {
        position += 1
        guard let byte = next else { throw fault("unterminated string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try unicodeEscape()).utf8)
        default: throw fault("unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(Fault) -> Character {
        let unit = try hexUnit()
        if let scalar = Unicode.Scalar(unit) { return Character(scalar) }
        guard (0xD800..<0xDC00).contains(unit), next == UInt8(ascii: "\\") else { throw fault("lone surrogate") }
        position += 1
        try expect("u")
        let low = try hexUnit()
        guard (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + UInt32(low) - 0xDC00)
        else { throw fault("lone surrogate") }
        return Character(scalar)
    }

    private mutating func hexUnit() throws(Fault) -> UInt16 {
        guard bytes.count - position >= 4 else { throw fault("short escape") }
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw fault("bad escape")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}
