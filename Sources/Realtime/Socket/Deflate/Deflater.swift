import CZlib
import NIOCore

/// One zlib deflate state of one window size, reset before every message (`server_no_context_takeover`), so that
/// a compressed frame means the same to every connection that agreed to that window.
final class Deflater {
    private var stream = z_stream()

    /// - Parameter windowBits: 9…15.
    init(windowBits: UInt8) {
        let result = deflateInit2_(
            &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -Int32(windowBits), 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib has no memory for a deflate state")
    }

    deinit {
        deflateEnd(&stream)
    }

    /// `payload` as RFC 7692, section 7.2.1, sends it.
    func deflate(_ payload: ByteBuffer) -> ByteBuffer {
        deflateReset(&stream)
        var output = ByteBuffer()
        // The bound of zlib is for a finished stream; a flushed one ends with an empty block of five bytes more.
        let bound = Int(deflateBound(&stream, UInt(payload.readableBytes))) + 16
        payload.withUnsafeReadableBytes { input in
            stream.next_in = UnsafeMutablePointer(
                mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(input.count)
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: bound) { target in
                stream.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.avail_out = UInt32(bound)
                let result = CZlib.deflate(&stream, Z_SYNC_FLUSH)
                precondition(result == Z_OK && stream.avail_in == 0, "zlib did not take a message within its bound")
                return bound - Int(stream.avail_out)
            }
            stream.next_in = nil
            stream.next_out = nil
        }
        output.moveWriterIndex(to: output.writerIndex - 4)
        return output
    }
}
