import NIOCore

/// Reads the few members that load needs out of a frame's bytes, without decoding it.
///
/// Relies on the order in which the server writes members, and says nil where a member is not there.
struct FrameScan {
    fileprivate let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The characters behind `{"type":"`.
    func isType(_ name: StaticString) -> Bool { matches(name, at: 9) && bytes[9 + name.utf8CodeUnitCount] == 0x22 }

    /// The whole number behind `"name":`, which has to be a member's full key with quotes and colon.
    func integer(_ key: StaticString, from start: Int = 0) -> Int64? {
        guard var place = end(of: key, from: start) else { return nil }
        var value: Int64 = 0
        let first = place
        while place < bytes.count, bytes[place] >= 48, bytes[place] <= 57, place - first < 18 {
            value = value * 10 + Int64(bytes[place] - 48)
            place += 1
        }
        return place == first ? nil : value
    }

    /// The text behind `"name":"`, up to the next quote.
    func text(_ key: StaticString) -> String? {
        guard let start = end(of: key, from: 0), start < bytes.count, bytes[start] == 0x22,
            let close = bytes[(start + 1)...].firstIndex(of: 0x22)
        else { return nil }
        return String(decoding: bytes[(start + 1)..<close], as: UTF8.self)
    }

    /// The last 12 hexadecimal digits of the UUID behind the key.
    func tailOfID(_ key: StaticString) -> UInt64? {
        guard let start = end(of: key, from: 0), start + 37 <= bytes.count else { return nil }
        var value: UInt64 = 0
        for place in start + 25..<start + 37 {
            let byte = bytes[place]
            let digit = byte >= 97 ? byte &- 87 : byte &- 48
            guard digit < 16 else { return nil }
            value = value << 4 | UInt64(digit)
        }
        return value
    }

    private func matches(_ text: StaticString, at place: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard place + count < bytes.count else { return false }
        for index in 0..<count where bytes[place + index] != text.utf8Start[index] { return false }
        return true
    }

    fileprivate func end(of key: StaticString, from start: Int) -> Int? {
        let count = key.utf8CodeUnitCount
        var place = start
        let last = bytes.count - count
        while place <= last {
            if bytes[place] == key.utf8Start[0], matches(key, at: place) { return place + count }
            place += 1
        }
        return nil
    }
}

extension ByteBuffer {
    func scan<Result>(_ body: (FrameScan) -> Result) -> Result {
        withUnsafeReadableBytes { body(FrameScan($0)) }
    }
}

extension FrameScan {
    /// Whether the frame's `room` is this one.
    func isRoom(_ room: [UInt8]) -> Bool {
        guard let start = startOfText("\"room\":"), start + room.count < bytes.count else { return false }
        return bytes[start..<start + room.count].elementsEqual(room)
    }

    private func startOfText(_ key: StaticString) -> Int? { end(of: key, from: 0).map { $0 + 1 } }
}
