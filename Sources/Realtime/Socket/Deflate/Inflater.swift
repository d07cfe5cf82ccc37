import CZlib
import NIOCore

/// One zlib inflate state, shared by all connections of an event loop: no message depends on an earlier one
/// (`client_no_context_takeover`), so a connection keeps nothing.
final class Inflater {
    private var stream = z_stream()
    /// What a sender cuts off the end of each message (RFC 7692, section 7.2.1).
    private static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]

    init() {
        let result = inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib has no memory for an inflate state")
    }

    deinit {
        inflateEnd(&stream)
    }

    /// The message behind `compressed`.
    /// - Throws: 1007 for data that is no deflate stream, 1009 as soon as more than `limit` bytes come out.
    func inflate(_ compressed: ByteBuffer, limit: Int) throws(FrameFault) -> ByteBuffer {
        inflateReset(&stream)
        var output = ByteBuffer()
        output.reserveCapacity(min(limit + 1, max(256, compressed.readableBytes * 4)))
        // A message that ends with a final block, and nothing behind it, is whole; RFC 7692 would have an empty block's
        // beginning behind it, to which the tail belongs.
        if try feed(compressed.readableBytesView, into: &output, limit: limit) { return output }
        _ = try feed(Self.tail, into: &output, limit: limit)
        guard stream.data_type & 128 != 0 else { throw .invalidPayload("deflate data ends within a block") }
        return output
    }

    /// Inflates `bytes`; `true` if they end with a final block.
    private func feed(
        _ bytes: some Collection<UInt8>, into output: inout ByteBuffer, limit: Int
    ) throws(FrameFault) -> Bool {
        let outcome = bytes.withContiguousStorageIfAvailable { input -> Result<Bool, FrameFault> in
            stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.avail_in = UInt32(input.count)
            defer { stream.next_in = nil }
            return inflateAvailable(into: &output, limit: limit)
        }
        guard let outcome else { preconditionFailure("bytes without contiguous storage") }
        return try outcome.get()
    }

    private func inflateAvailable(into output: inout ByteBuffer, limit: Int) -> Result<Bool, FrameFault> {
        while true {
            let room = min(limit + 1 - output.readableBytes, max(1024, output.writableBytes))
            guard room > 0 else { return .failure(.tooBig) }
            var result = Z_OK
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
                stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.avail_out = UInt32(room)
                result = CZlib.inflate(&stream, Z_SYNC_FLUSH)
                return room - Int(stream.avail_out)
            }
            guard output.readableBytes <= limit else { return .failure(.tooBig) }
            switch result {
            case Z_OK, Z_BUF_ERROR:
                if stream.avail_out > 0 { return .success(false) }
            case Z_STREAM_END:
                if stream.avail_in == 0 { return .success(true) }
                // A final block in the middle of a message (section 7.2.3.4): what follows may still refer to what came
                // before it, so the window is kept.
                inflateResetKeep(&stream)
            default:
                return .failure(.invalidPayload("bad deflate data"))
            }
        }
    }
}
