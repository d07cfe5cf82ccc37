/// Finds the `id` of a frame that the JSON reader does not take, so that its refusal can name it: one pass over the bytes,
/// without recursion, whatever the frame holds.
enum FrameIDScan {
    /// The whole number under the top-level name `id`, the last one if there are several; nil where there is none.
    static func id(in bytes: some Collection<UInt8>) -> Int64? {
        let copy = Array(bytes)
        return copy.withUnsafeBufferPointer { id(in: $0) }
    }

    private static let name = Array("id".utf8)

    private static func id(in bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        var depth = 0
        var position = 0
        var found: Int64?
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                position += 1
            case UInt8(ascii: "\""):
                let text = endOfString(bytes, from: position + 1)
                let isName = bytes[(position + 1)..<text].elementsEqual(name)
                position = min(text + 1, bytes.count)
                if depth == 1, isName, let value = number(after: position, in: bytes) { found = value }
            default:
                position += 1
            }
        }
        return found
    }

    /// Where the closing quote stands, or the end of the bytes.
    private static func endOfString(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var position = start
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(position, bytes.count)
    }

    /// The whole number behind a colon.
    private static func number(after start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        var position = start
        func skipSpace() { while position < bytes.count, isSpace(bytes[position]) { position += 1 } }
        skipSpace()
        guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { return nil }
        position += 1
        skipSpace()
        let first = position
        while position < bytes.count, isNumeric(bytes[position]) { position += 1 }
        guard position < bytes.count, position - first <= 20 else { return nil }
        return Int64(String(decoding: bytes[first..<position], as: UTF8.self))
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    /// Everything a number may be written with, so that `1.5` and `1e3` are not read as 1.
    private static func isNumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")
            || byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "e")
    }
}
