/// A version 7 UUID (RFC 9562): 48 bits of Unix milliseconds, then random bits, so ids made later sort later.
///
/// Every id of the product is one; clients make those of workouts, exercise entries, sets and ops.
public struct UUIDv7: Hashable, Sendable {
    /// Bytes 0–7, big-endian.
    public let high: UInt64
    /// Bytes 8–15, big-endian.
    public let low: UInt64

    /// Takes the halves as they are; for ids that come from storage or from a fixed table.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes a new id from a time and 74 random bits.
    public static func make(at time: Timestamp = .now) -> UUIDv7 {
        var generator = SystemRandomNumberGenerator()
        return make(at: time, using: &generator)
    }

    /// Makes a new id from a time and the generator's bits (seeded generators give repeatable ids in tests).
    public static func make(at time: Timestamp, using generator: inout some RandomNumberGenerator) -> UUIDv7 {
        let random = generator.next() as UInt64
        let tail = generator.next() as UInt64
        return stamped(time, random: random, tail: tail)
    }

    /// The id whose time is `time` and whose random part is taken from the two words; equal input, equal id.
    public static func stamped(_ time: Timestamp, random: UInt64, tail: UInt64) -> UUIDv7 {
        let milliseconds = UInt64(bitPattern: time.milliseconds) & 0xFFFF_FFFF_FFFF
        return UUIDv7(
            high: milliseconds << 16 | 0x7000 | random & 0x0FFF,
            low: 0x8000_0000_0000_0000 | tail & 0x3FFF_FFFF_FFFF_FFFF)
    }

    /// Whether the version is 7 and the variant is the RFC's.
    public var isWellFormed: Bool {
        high & 0xF000 == 0x7000 && low >> 62 == 0b10
    }

    /// The time in the id's first 48 bits.
    public var time: Timestamp { Timestamp(milliseconds: Int64(high >> 16)) }
}

extension UUIDv7: Comparable {
    public static func < (left: UUIDv7, right: UUIDv7) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}

extension UUIDv7: LosslessStringConvertible {
    /// Reads the 36-character form, any case; nil unless it is a version 7 UUID.
    public init?(_ text: String) {
        var text = text
        let id = text.withUTF8 { UUIDv7(utf8: $0) }
        guard let id else { return nil }
        self = id
    }

    /// Reads the 36-character form from UTF-8 bytes; nil unless it is a version 7 UUID.
    public init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        for index in 0..<36 {
            let byte = bytes[index]
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = hexValue(byte) else { return nil }
            if digits < 16 { high = high << 4 | digit } else { low = low << 4 | digit }
            digits += 1
        }
        self.init(high: high, low: low)
        guard isWellFormed else { return nil }
    }

    /// Lower-case, 36 characters.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            writeText(into: buffer)
            return 36
        }
    }

    /// Writes the 36 characters into the buffer's first 36 bytes.
    func writeText(into buffer: UnsafeMutableBufferPointer<UInt8>) {
        var position = 0
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                buffer[position] = UInt8(ascii: "-")
                position += 1
            }
            let half = index < 16 ? high : low
            let digit = UInt8(truncatingIfNeeded: half >> UInt64((15 - index & 15) * 4) & 0xF)
            buffer[position] = digit < 10 ? 48 + digit : 87 + digit
            position += 1
        }
    }
}

extension UUIDv7: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = UUIDv7(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a UUIDv7")
        }
        self = id
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

private func hexValue(_ byte: UInt8) -> UInt64? {
    switch byte {
    case 48...57: UInt64(byte - 48)
    case 97...102: UInt64(byte - 87)
    case 65...70: UInt64(byte - 55)
    default: nil
    }
}

public typealias UserID = UUIDv7
public typealias WorkoutID = UUIDv7
public typealias ExerciseID = UUIDv7
/// An exercise's place in one workout (the same exercise may stand there twice).
public typealias EntryID = UUIDv7
public typealias SetID = UUIDv7
public typealias OpID = UUIDv7
/// A signed-in session (the `sid` of its tokens).
public typealias SessionID = UUIDv7
public typealias BodyMeasurementID = UUIDv7
public typealias GoalID = UUIDv7
public typealias NoticeID = UUIDv7
/// Names an import of a training log.
public typealias WorkoutImportID = UUIDv7
