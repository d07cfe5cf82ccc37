import NIOCore
import Synchronization

/// One server frame, head and payload, encoded once for all who get it; its compressed form is made when the first
/// connection that agreed to compression needs it, and kept.
package struct EncodedFrame: Sendable {
    /// The frame as it goes to a connection without compression.
    package let plain: ByteBuffer
    private let compressed: Compressed?

    /// A text frame.
    package static func text(_ payload: [UInt8]) -> EncodedFrame { text(ByteBuffer(bytes: payload)) }

    /// A text frame.
    package static func text(_ payload: ByteBuffer) -> EncodedFrame {
        EncodedFrame(.text, payload, compressed: Compressed())
    }

    /// A text frame that is never compressed, for what must not be guessed from the length of a frame: tokens.
    package static func secret(_ payload: [UInt8]) -> EncodedFrame {
        EncodedFrame(.text, ByteBuffer(bytes: payload), compressed: nil)
    }

    /// A binary frame.
    package static func binary(_ payload: ByteBuffer) -> EncodedFrame {
        EncodedFrame(.binary, payload, compressed: Compressed())
    }

    /// A pong with the payload of its ping.
    static func pong(_ payload: ByteBuffer) -> EncodedFrame { EncodedFrame(.pong, payload, compressed: nil) }

    static let ping = EncodedFrame(.ping, ByteBuffer(), compressed: nil)

    /// A close frame; of `reason` as many characters as fit its 123 bytes.
    static func close(_ code: UInt16, reason: String) -> EncodedFrame {
        var payload = ByteBuffer()
        payload.writeInteger(code)
        for character in reason {
            guard payload.readableBytes + character.utf8.count <= 125 else { break }
            payload.writeString(String(character))
        }
        return EncodedFrame(.close, payload, compressed: nil)
    }

    /// An empty close frame, the answer to one without a code.
    static let emptyClose = EncodedFrame(.close, ByteBuffer(), compressed: nil)

    private init(_ opcode: Opcode, _ payload: ByteBuffer, compressed: Compressed?) {
        plain = Self.frame(0x80 | opcode.rawValue, payload)
        self.compressed = compressed
    }

    /// Bytes of the uncompressed frame.
    package var sizeBytes: Int { plain.readableBytes }

    /// Whether a connection that agreed to compression may get other bytes than `plain`.
    func compresses(from thresholdBytes: Int) -> Bool {
        compressed != nil && plain.readableBytes >= thresholdBytes
    }

    /// The bytes for a connection.
    /// - Parameters:
    ///   - windowBits: the agreed window, or `nil` for a connection without compression.
    ///   - loop: the event loop whose deflate states may be used.
    func bytes(windowBits: UInt8?, on loop: SocketLoop) -> ByteBuffer {
        guard let windowBits, let compressed, compresses(from: loop.configuration.deflateFromBytes) else {
            return plain
        }
        if let known = compressed.known(windowBits) { return known }
        var payload = plain
        payload.moveReaderIndex(forwardBy: Self.headBytes(plain))
        let opcode = plain.getInteger(at: plain.readerIndex, as: UInt8.self) ?? 0
        let frame = Self.frame(opcode | 0x40, loop.deflater(windowBits: windowBits).deflate(payload))
        return compressed.keep(frame.readableBytes < plain.readableBytes ? frame : plain, windowBits)
    }

    private static func frame(_ first: UInt8, _ payload: ByteBuffer) -> ByteBuffer {
        let count = payload.readableBytes
        var frame = ByteBuffer()
        frame.reserveCapacity(count + 10)
        frame.writeInteger(first)
        switch count {
        case ...125:
            frame.writeInteger(UInt8(count))
        case ...0xFFFF:
            frame.writeInteger(UInt8(126))
            frame.writeInteger(UInt16(count))
        default:
            frame.writeInteger(UInt8(127))
            frame.writeInteger(UInt64(count))
        }
        frame.writeImmutableBuffer(payload)
        return frame
    }

    private static func headBytes(_ frame: ByteBuffer) -> Int {
        switch frame.getInteger(at: frame.readerIndex + 1, as: UInt8.self) {
        case 126: 4
        case 127: 10
        default: 2
        }
    }
}

extension EncodedFrame {
    /// The compressed forms by window; nearly always there is one.
    private final class Compressed: Sendable {
        private let forms = Mutex<[(windowBits: UInt8, bytes: ByteBuffer)]>([])

        func known(_ windowBits: UInt8) -> ByteBuffer? {
            forms.withLock { forms in forms.first { $0.windowBits == windowBits }?.bytes }
        }

        /// Two loops may compress at the same time; the first one's form stays.
        func keep(_ bytes: ByteBuffer, _ windowBits: UInt8) -> ByteBuffer {
            forms.withLock { forms in
                if let other = forms.first(where: { $0.windowBits == windowBits }) { return other.bytes }
                forms.append((windowBits, bytes))
                return bytes
            }
        }
    }
}
