import NIOCore

/// Cuts a server's bytes into WebSocket messages, without extensions.
package struct WebSocketFrames: Sendable {
    package enum Message: Sendable, Hashable {
        case text(ByteBuffer)
        case binary(ByteBuffer)
        case ping(ByteBuffer)
        case pong
        /// The peer closes; 1005 when it names no code.
        case close(code: UInt16, reason: String)
    }

    /// What breaks RFC 6455 or the limit; the connection is to be closed with `code`.
    package struct Fault: Error, Sendable, Hashable {
        package let code: UInt16
        package let reason: String
    }

    private let messageLimit: Int
    private var buffer = ByteBuffer()
    private var fragments: (isText: Bool, bytes: ByteBuffer)?

    /// `messageLimit`: the largest message in bytes, fragments together.
    package init(messageLimit: Int) { self.messageLimit = messageLimit }

    package mutating func append(_ bytes: inout ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
            bytes.moveReaderIndex(to: bytes.writerIndex)
        } else {
            buffer.discardReadBytes()
            buffer.writeBuffer(&bytes)
        }
    }

    /// The next whole message, or nil when more bytes are needed.
    package mutating func next() throws(Fault) -> Message? {
        while let frame = try nextFrame() {
            if frame.opcode >= 8 { return try control(frame) }
            if let message = try data(frame) { return message }
        }
        return nil
    }

    private struct Frame {
        let opcode: UInt8
        let isFinal: Bool
        var payload: ByteBuffer
    }

    private mutating func nextFrame() throws(Fault) -> Frame? {
        let start = buffer.readerIndex
        guard let head = buffer.getInteger(at: start, as: UInt16.self) else { return nil }
        guard head & 0x7000 == 0 else { throw Fault(code: 1002, reason: "reserved bits are set") }
        guard head & 0x0080 == 0 else { throw Fault(code: 1002, reason: "a server's frame is masked") }
        var length = Int(head & 0x7F)
        var headLength = 2
        if length == 126 {
            guard let long = buffer.getInteger(at: start + 2, as: UInt16.self) else { return nil }
            (length, headLength) = (Int(long), 4)
        } else if length == 127 {
            guard let long = buffer.getInteger(at: start + 2, as: UInt64.self) else { return nil }
            guard long <= UInt64(messageLimit) else { throw Fault(code: 1009, reason: "the message is too big") }
            (length, headLength) = (Int(long), 10)
        }
        guard length <= messageLimit else { throw Fault(code: 1009, reason: "the message is too big") }
        guard buffer.readableBytes >= headLength + length else { return nil }
        buffer.moveReaderIndex(forwardBy: headLength)
        guard let payload = buffer.readSlice(length: length) else { return nil }
        return Frame(opcode: UInt8(head >> 8 & 0xF), isFinal: head & 0x8000 != 0, payload: payload)
    }

    private func control(_ frame: Frame) throws(Fault) -> Message {
        guard frame.isFinal, frame.payload.readableBytes <= 125 else {
            throw Fault(code: 1002, reason: "a control frame is fragmented or too long")
        }
        switch frame.opcode {
        case 8:
            var payload = frame.payload
            let code = payload.readInteger(as: UInt16.self) ?? 1005
            return .close(code: code, reason: String(buffer: payload))
        case 9: return .ping(frame.payload)
        case 10: return .pong
        default: throw Fault(code: 1002, reason: "unknown opcode")
        }
    }

    private mutating func data(_ frame: Frame) throws(Fault) -> Message? {
        var frame = frame
        switch frame.opcode {
        case 1, 2:
            guard fragments == nil else { throw Fault(code: 1002, reason: "a message begins inside another") }
            if frame.isFinal { return frame.opcode == 1 ? .text(frame.payload) : .binary(frame.payload) }
            fragments = (frame.opcode == 1, frame.payload)
            return nil
        case 0:
            guard let (isText, begun) = fragments else { throw Fault(code: 1002, reason: "nothing to continue") }
            var bytes = begun
            bytes.writeBuffer(&frame.payload)
            guard bytes.readableBytes <= messageLimit else { throw Fault(code: 1009, reason: "the message is too big") }
            fragments = frame.isFinal ? nil : (isText, bytes)
            return frame.isFinal ? (isText ? .text(bytes) : .binary(bytes)) : nil
        default: throw Fault(code: 1002, reason: "unknown opcode")
        }
    }
}

/// Client frames: complete, masked.
package enum MaskedFrame {
    package static func text(_ payload: some Collection<UInt8>) -> ByteBuffer { frame(opcode: 1, payload) }

    static func pong(_ payload: ByteBuffer) -> ByteBuffer { frame(opcode: 10, payload.readableBytesView) }

    package static func close(_ code: UInt16, reason: String = "") -> ByteBuffer {
        frame(opcode: 8, [UInt8(code >> 8), UInt8(truncatingIfNeeded: code)] + Array(reason.utf8.prefix(123)))
    }

    private static func frame(opcode: UInt8, _ payload: some Collection<UInt8>) -> ByteBuffer {
        let count = payload.count
        var buffer = ByteBufferAllocator().buffer(capacity: count + 14)
        buffer.writeInteger(0x80 | opcode)
        if count < 126 {
            buffer.writeInteger(0x80 | UInt8(count))
        } else if count <= 0xFFFF {
            buffer.writeInteger(0x80 | UInt8(126))
            buffer.writeInteger(UInt16(count))
        } else {
            buffer.writeInteger(0x80 | UInt8(127))
            buffer.writeInteger(UInt64(count))
        }
        let key = UInt32.random(in: .min ... .max)
        buffer.writeInteger(key)
        var place: UInt32 = 0
        let start = buffer.readableBytes
        buffer.writeBytes(payload)
        buffer.withUnsafeMutableReadableBytes { bytes in
            for index in start..<bytes.count {
                bytes[index] ^= UInt8(truncatingIfNeeded: key >> (24 - 8 * (place & 3)))
                place &+= 1
            }
        }
        return buffer
    }
}
