import NIOCore

/// The head of one client frame (RFC 6455, section 5.2), checked as far as it can be alone.
struct FrameHeader {
    let isFinal: Bool
    let isCompressed: Bool
    let opcode: Opcode
    let length: Int
    /// The masking key, first octet lowest.
    let mask: UInt32

    /// Reads a head from `input`; `nil`, with nothing consumed, while it is incomplete.
    /// Bits that are wrong are refused before the rest has come.
    static func read(from input: inout ByteBuffer, deflates: Bool) throws(FrameFault) -> FrameHeader? {
        let start = input.readerIndex
        guard let first: UInt8 = input.getInteger(at: start) else { return nil }
        guard first & 0x30 == 0, deflates || first & 0x40 == 0 else {
            throw .protocolError("reserved bits")
        }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { throw .protocolError("reserved opcode") }
        let isFinal = first & 0x80 != 0
        let isCompressed = first & 0x40 != 0
        if isCompressed, opcode != .text, opcode != .binary {
            throw .protocolError("compressed control or continuation")
        }
        if opcode.isControl, !isFinal { throw .protocolError("fragmented control frame") }

        guard let second: UInt8 = input.getInteger(at: start + 1) else { return nil }
        guard second & 0x80 != 0 else { throw .protocolError("frame is not masked") }
        if opcode.isControl, second & 0x7F > 125 { throw .protocolError("control frame too long") }
        guard let (length, lengthBytes) = try self.length(second & 0x7F, of: input, at: start + 2) else { return nil }
        guard let mask: UInt32 = input.getInteger(at: start + 2 + lengthBytes, endianness: .little) else { return nil }
        input.moveReaderIndex(forwardBy: 2 + lengthBytes + 4)
        return FrameHeader(isFinal: isFinal, isCompressed: isCompressed, opcode: opcode, length: length, mask: mask)
    }

    /// The payload length and the bytes that its extension takes; `nil` while they are incomplete.
    private static func length(
        _ short: UInt8, of input: ByteBuffer, at index: Int
    ) throws(FrameFault) -> (length: Int, bytes: Int)? {
        switch short {
        case 126:
            guard let length: UInt16 = input.getInteger(at: index) else { return nil }
            guard length > 125 else { throw .protocolError("length not minimal") }
            return (Int(length), 2)
        case 127:
            guard let length: UInt64 = input.getInteger(at: index) else { return nil }
            guard length > 0xFFFF, length >> 63 == 0 else { throw .protocolError("length not minimal") }
            return (Int(length), 8)
        default:
            return (Int(short), 0)
        }
    }
}
