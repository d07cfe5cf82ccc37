import Logging

/// Writes one JSON object on one line, member by member.
struct JSONLine {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    mutating func member(_ name: String, _ value: String) {
        key(name)
        string(value)
    }

    /// Adds log metadata; dictionaries become dotted names, so that every member stands at the top.
    mutating func member(_ name: String, _ value: Logger.Metadata.Value) {
        switch value {
        case .string(let text):
            member(name, text)
        case .stringConvertible(let value):
            member(name, convertible: value)
        case .dictionary(let members):
            for (inner, value) in members.sorted(by: { $0.key < $1.key }) { member("\(name).\(inner)", value) }
        case .array(let elements):
            key(name)
            array(elements)
        }
    }

    /// The finished line with its line feed.
    consuming func finished() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// Numbers and truth values stay such; all else is its description.
    private mutating func member(_ name: String, convertible value: any CustomStringConvertible & Sendable) {
        key(name)
        switch value {
        case let number as any FixedWidthInteger: bytes.append(contentsOf: number.description.utf8)
        case let number as Double where number.isFinite: bytes.append(contentsOf: number.description.utf8)
        case let flag as Bool: bytes.append(contentsOf: flag.description.utf8)
        default: string(value.description)
        }
    }

    private mutating func array(_ elements: [Logger.Metadata.Value]) {
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            string(element.description)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func key(_ name: String) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        string(name)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            case 0..<0x20: bytes.append(contentsOf: "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
