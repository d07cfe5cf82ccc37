import Protocol

extension JSONValue {
    /// Reads one JSON document (RFC 8259); at most 32 levels deep, valid UTF-8, nothing behind it.
    ///
    /// Throws the problem `malformedBody` that says at which byte the text stops being JSON.
    package init(parsing bytes: some Collection<UInt8>) throws(Problem) {
        let parsed = bytes.withContiguousStorageIfAvailable { buffer in JSONParser.document(in: buffer) }
        let result = parsed ?? Array(bytes).withUnsafeBufferPointer { buffer in JSONParser.document(in: buffer) }
        switch result {
        case .success(let value): self = value
        case .failure(let fault):
            let detail = "\(fault.reason) at byte \(fault.position)"
            throw Problem(
                .malformedBody, detail: "The body is not JSON: \(detail).",
                errors: [Problem.Fault(pointer: "", code: .malformed, detail: detail)])
        }
    }
}

/// A recursive-descent reader over the body's bytes.
private struct JSONParser {
    struct SyntaxFault: Error {
        let reason: String
        let position: Int
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private static let deepest = 32

    static func document(in buffer: UnsafeBufferPointer<UInt8>) -> Result<JSONValue, SyntaxFault> {
        var parser = JSONParser(bytes: buffer)
        do throws(SyntaxFault) {
            let value = try parser.value(depth: 0)
            parser.skipSpace()
            guard parser.position == buffer.count else { throw parser.fault("unexpected text") }
            return .success(value)
        } catch {
            return .failure(error)
        }
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private func fault(_ reason: String) -> SyntaxFault { SyntaxFault(reason: reason, position: position) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(SyntaxFault) -> JSONValue {
        guard depth <= JSONParser.deepest else { throw fault("nested too deeply") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case .some(let byte) where byte == UInt8(ascii: "-") || (48...57).contains(byte): return try number()
        case .none: throw fault("unexpected end")
        default: throw fault("unexpected character")
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(SyntaxFault) -> JSONValue {
        let start = position
        for index in 0..<text.utf8CodeUnitCount {
            guard next == text.utf8Start[index] else {
                position = start
                throw fault("unexpected character")
            }
            position += 1
        }
        return value
    }

    private mutating func object(depth: Int) throws(SyntaxFault) -> JSONValue {
        position += 1
        var members: [JSONValue.Member] = []
        skipSpace()
        if take("}") { return .object([]) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw fault("expected a member's name") }
            let name = try string()
            skipSpace()
            guard take(":") else { throw fault("expected a colon") }
            members.append(JSONValue.Member(name: name, value: try value(depth: depth + 1)))
            skipSpace()
        } while take(",")
        guard take("}") else { throw fault("expected a comma or a closing brace") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(SyntaxFault) -> JSONValue {
        position += 1
        var items: [JSONValue] = []
        skipSpace()
        if take("]") { return .array([]) }
        repeat {
            items.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw fault("expected a comma or a closing bracket") }
        return .array(items)
    }

    private mutating func number() throws(SyntaxFault) -> JSONValue {
        let start = position
        var isWhole = true
        _ = take("-")
        if !take("0") { try digits() }
        if take(".") {
            isWhole = false
            try digits()
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw fault("number out of range") }
        return .number(value)
    }

    private mutating func digits() throws(SyntaxFault) {
        guard let byte = next, (48...57).contains(byte) else { throw fault("expected a digit") }
        while let byte = next, (48...57).contains(byte) { position += 1 }
    }

    private mutating func string() throws(SyntaxFault) -> String {
        position += 1
        var text: [UInt8] = []
        var runStart = position
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                text.append(contentsOf: bytes[runStart..<position])
                position += 1
                guard let valid = String(validating: text, as: UTF8.self) else { throw fault("invalid UTF-8") }
                return valid
            case UInt8(ascii: "\\"):
                text.append(contentsOf: bytes[runStart..<position])
                position += 1
                try escape(into: &text)
                runStart = position
            case 0..<0x20: throw fault("control character in a string")
            default: position += 1
            }
        }
        throw fault("unexpected end")
    }

    private mutating func escape(into text: inout [UInt8]) throws(SyntaxFault) {
        guard let byte = next else { throw fault("unexpected end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try escapedScalar()).utf8)
        default: throw fault("unknown escape")
        }
    }

    private mutating func escapedScalar() throws(SyntaxFault) -> Unicode.Scalar {
        let first = try hexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else { throw fault("lone surrogate") }
        let second = try hexUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("lone surrogate") }
        return scalar
    }

    private mutating func hexUnit() throws(SyntaxFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw fault("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
