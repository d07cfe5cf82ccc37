import NIOCore
import Protocol

/// Turns the bytes of one client into messages and control frames, by RFC 6455 and RFC 7692; a value that knows
/// no I/O. What it keeps between calls is bounded by the message limit.
struct FrameDecoder {
    enum Event: Equatable {
        case text(ByteBuffer)
        case binary(ByteBuffer)
        case ping(ByteBuffer)
        case pong
        /// `code` is `nil` when the frame carried none.
        case close(code: UInt16?)
    }

    /// The message under way, over its fragments.
    fileprivate struct Message {
        let isText: Bool
        let isCompressed: Bool
        var bytes: ByteBuffer
        var utf8 = UTF8Validator()
    }

    /// The frame under way.
    private struct Frame {
        let header: FrameHeader
        var taken = 0
        var owed: Int { header.length - taken }
    }

    private let limit: Int
    private let deflates: Bool
    private var frame: Frame?
    private var message: Message?
    private var control = ByteBuffer()

    /// - Parameters:
    ///   - limit: bytes of one message, after inflation.
    ///   - deflates: whether permessage-deflate was agreed to.
    init(limit: Int, deflates: Bool) {
        self.limit = limit
        self.deflates = deflates
    }

    /// The next event in `input`, or `nil` when more bytes are needed. Consumes what it understood; of an incomplete
    /// head it leaves at most 13 bytes.
    mutating func next(_ input: inout ByteBuffer, inflater: Inflater) throws(FrameFault) -> Event? {
        while true {
            if frame == nil {
                guard let header = try FrameHeader.read(from: &input, deflates: deflates) else { return nil }
                try begin(header)
            }
            guard takePayload(&input), let header = frame?.header else { throw .badText }
            guard frame?.owed == 0 else { return nil }
            frame = nil
            if header.opcode.isControl { return try controlEvent(header.opcode) }
            if header.isFinal, let event = try messageEvent(inflater) { return event }
        }
    }

    private mutating func begin(_ header: FrameHeader) throws(FrameFault) {
        switch header.opcode {
        case .text, .binary:
            guard message == nil else { throw .protocolError("a new message inside another") }
            let bytes = ByteBuffer()
            message = Message(isText: header.opcode == .text, isCompressed: header.isCompressed, bytes: bytes)
        case .continuation:
            guard message != nil else { throw .protocolError("continuation of nothing") }
        case .close, .ping, .pong:
            control = ByteBuffer()
        }
        if let message, !header.opcode.isControl {
            // Deflate may lengthen what cannot be compressed by a few bytes a block.
            let bound = message.isCompressed ? limit + limit / 64 + 256 : limit
            guard header.length <= bound - message.bytes.readableBytes else { throw .tooBig }
        }
        frame = Frame(header: header)
    }

    /// Takes what has come of the frame under way; `false` if a text turned out not to be UTF-8.
    private mutating func takePayload(_ input: inout ByteBuffer) -> Bool {
        guard let current = frame else { return true }
        let count = min(current.owed, input.readableBytes)
        frame?.taken += count
        guard count > 0 else { return true }
        let mask = current.header.mask
        if current.header.opcode.isControl {
            control.appendUnmasked(count, from: &input, mask: mask, offset: current.taken)
            return true
        }
        guard message != nil else { return true }
        message?.bytes.appendUnmasked(count, from: &input, mask: mask, offset: current.taken)
        return message?.checkText(last: count) ?? true
    }

    private mutating func messageEvent(_ inflater: Inflater) throws(FrameFault) -> Event? {
        guard let finished = message else { return nil }
        message = nil
        guard finished.isCompressed else {
            guard !finished.isText || finished.utf8.isComplete else { throw .badText }
            return finished.isText ? .text(finished.bytes) : .binary(finished.bytes)
        }
        let bytes = try inflater.inflate(finished.bytes, limit: limit)
        guard finished.isText else { return .binary(bytes) }
        var utf8 = UTF8Validator()
        guard bytes.withUnsafeReadableBytes({ utf8.accept($0) }), utf8.isComplete else { throw .badText }
        return .text(bytes)
    }

    private mutating func controlEvent(_ opcode: Opcode) throws(FrameFault) -> Event {
        let payload = control
        control = ByteBuffer()
        switch opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong
        default: return .close(code: try Self.closeCode(of: payload))
        }
    }

    private static func closeCode(of payload: ByteBuffer) throws(FrameFault) -> UInt16? {
        guard payload.readableBytes > 0 else { return nil }
        guard let code: UInt16 = payload.getInteger(at: payload.readerIndex) else {
            throw .protocolError("close frame of one byte")
        }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: throw .protocolError("close code that may not be sent")
        }
        var utf8 = UTF8Validator()
        let isText = payload.withUnsafeReadableBytes { utf8.accept(UnsafeRawBufferPointer(rebasing: $0[2...])) }
        guard isText, utf8.isComplete else { throw .badText }
        return code
    }
}

extension FrameDecoder.Message {
    /// Whether the message may still be text after its last `count` bytes; compressed text is checked when inflated.
    mutating func checkText(last count: Int) -> Bool {
        guard isText, !isCompressed else { return true }
        return bytes.withUnsafeReadableBytes { all in
            utf8.accept(UnsafeRawBufferPointer(rebasing: all[(all.count - count)...]))
        }
    }
}
