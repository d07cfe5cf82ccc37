import CZlib
import Protocol

/// The form of a spill file: frames, each a mark, length and CRC-32 of the payload as big-endian 32-bit words, and the
/// payload, one op as JSON.
///
/// A reader that meets damage goes on at the next frame whose CRC is right.
enum SpillFrames {
    /// What stands in one frame.
    enum Content: Hashable {
        case op(Spill.SpilledOp)
        /// The frame is whole, but nobody can read its op; what can be told of it is.
        case unreadable(payload: [UInt8], workout: WorkoutID?, athlete: UserID?, reason: String)
    }

    struct Reading {
        var contents: [Content] = []
        /// Where bytes are that belong to no whole frame.
        var damaged: [Range<Int>] = []
    }

    private static let mark: [UInt8] = Array("FOP1".utf8)
    /// No op is larger: it came in one frame of the socket.
    private static let longestPayload = 16 << 20

    static func frame(_ spilled: Spill.SpilledOp) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("workoutId", spilled.workout)
            writer.member("userId", spilled.athlete)
            writer.member("op") { spilled.kept.write(to: &$0) }
        }
        return frame(payload: writer.bytes)
    }

    static func frame(payload: [UInt8]) -> [UInt8] {
        mark + bigEndian(UInt32(payload.count)) + bigEndian(checksum(payload[...])) + payload
    }

    /// Whether a file begins with a whole frame.
    static func begin(_ bytes: [UInt8]) -> Bool { payload(at: 0, in: bytes, mark) != nil }

    /// Reads all whole frames; zeros at the end are space that was set aside.
    static func read(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        // Files of earlier versions have no marks.
        let mark = payload(at: 0, in: bytes, []) == nil ? mark : []
        let end = (bytes.lastIndex { $0 != 0 } ?? -1) + 1
        var offset = 0
        var damage: Int?
        while offset < end {
            guard let payload = payload(at: offset, in: bytes, mark) else {
                damage = damage ?? offset
                offset = nextMark(mark, after: offset, in: bytes, end: end)
                continue
            }
            if let start = damage { reading.damaged.append(start..<offset) }
            damage = nil
            reading.contents.append(content(Array(payload)))
            offset = payload.endIndex
        }
        if let start = damage { reading.damaged.append(start..<end) }
        return reading
    }

    private static func nextMark(_ mark: [UInt8], after offset: Int, in bytes: [UInt8], end: Int) -> Int {
        guard let first = mark.first else { return offset + 1 }
        var next = offset + 1
        while let place = bytes[next..<end].firstIndex(of: first) {
            if bytes[place...].starts(with: mark) { return place }
            next = place + 1
        }
        return end
    }

    private static func payload(at offset: Int, in bytes: [UInt8], _ mark: [UInt8]) -> ArraySlice<UInt8>? {
        let rest = bytes[offset...]
        guard rest.starts(with: mark) else { return nil }
        let head = rest.dropFirst(mark.count)
        guard head.count >= 8 else { return nil }
        let length = Int(word(head))
        guard length > 0, length <= longestPayload else { return nil }
        let payload = head.dropFirst(8).prefix(length)
        guard payload.count == length, checksum(payload) == word(head.dropFirst(4)) else { return nil }
        return payload
    }

    private static func content(_ payload: [UInt8]) -> Content {
        var workout: WorkoutID?
        var athlete: UserID?
        do {
            let fields = Fields(try JSONReader.parse(payload))
            workout = try fields.id("workoutId")
            athlete = try fields.id("userId")
            let kept = try KeptOp(try fields.object("op").json)
            return .op(
                Spill.SpilledOp(
                    workout: try fields.required("workoutId", workout), athlete: try fields.required("userId", athlete),
                    kept))
        } catch {
            return .unreadable(payload: payload, workout: workout, athlete: athlete, reason: "\(error)")
        }
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.withUnsafeBufferPointer { UInt32(truncatingIfNeeded: crc32(0, $0.baseAddress, UInt32($0.count))) }
    }

    private static func bigEndian(_ word: UInt32) -> [UInt8] { withUnsafeBytes(of: word.bigEndian) { Array($0) } }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
