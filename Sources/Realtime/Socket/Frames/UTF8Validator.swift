/// Checks UTF-8 that arrives in pieces; refuses at the first byte that cannot continue any valid text
/// (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
struct UTF8Validator {
    /// Continuation bytes still owed by the character under way.
    private var owed: UInt8 = 0
    /// Bounds of the next continuation byte; narrower than 80…BF only right after some lead bytes.
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    /// Whether the text so far ends between two characters.
    var isComplete: Bool { owed == 0 }

    /// Takes the next bytes; `false` as soon as the text cannot be UTF-8 any more.
    mutating func accept(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        let count = bytes.count
        while index < count {
            if owed == 0 {
                while index &+ 8 <= count,
                    bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
                {
                    index &+= 8
                }
                if index == count { break }
            }
            guard accept(bytes[index]) else { return false }
            index &+= 1
        }
        return true
    }

    private mutating func accept(_ byte: UInt8) -> Bool {
        guard owed == 0 else {
            guard byte >= low, byte <= high else { return false }
            owed &-= 1
            (low, high) = (0x80, 0xBF)
            return true
        }
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: owed = 1
        case 0xE0: (owed, low) = (2, 0xA0)
        case 0xED: (owed, high) = (2, 0x9F)
        case 0xE1...0xEF: owed = 2
        case 0xF0: (owed, low) = (3, 0x90)
        case 0xF4: (owed, high) = (3, 0x8F)
        case 0xF1...0xF3: owed = 3
        default: return false
        }
        return true
    }
}
