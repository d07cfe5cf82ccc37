/// How records lie in the outbox's file: mark, length, CRC, payload; integers are little-endian.
enum OutboxFraming {
    /// Begins every record, so that reading finds its place again behind damage.
    static let mark: [UInt8] = [0xF1, 0x7A, 0x0B, 0x01]
    static let headLength = 12
    /// The largest payload, in bytes.
    static let payloadLimit = 1 << 20

    static func frame(_ payload: [UInt8]) -> [UInt8] {
        mark + littleEndian(UInt32(payload.count)) + littleEndian(CRC32.of(payload)) + payload
    }

    /// The records that are whole, and what is not.
    struct Reading {
        var payloads: [[UInt8]] = []
        /// Where the last whole record ends; what lies behind it is a torn write.
        var wholeLength = 0
        /// Bytes between whole records that are none: damage of the disk, not of a crash.
        var damagedBytes = 0
    }

    static func read(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        var place = 0
        while place + headLength <= bytes.count {
            guard let payload = payload(at: place, in: bytes) else {
                place += 1
                continue
            }
            reading.damagedBytes += place - reading.wholeLength
            reading.payloads.append(Array(payload))
            place = payload.endIndex
            reading.wholeLength = place
        }
        return reading
    }

    private static func payload(at place: Int, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
        guard bytes[place..<place + 4].elementsEqual(mark) else { return nil }
        let length = Int(integer(bytes[place + 4..<place + 8]))
        let start = place + headLength
        guard length <= payloadLimit, start + length <= bytes.count else { return nil }
        let payload = bytes[start..<start + length]
        return CRC32.of(payload) == integer(bytes[place + 8..<place + 12]) ? payload : nil
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private static func integer(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
