import CZlib
import Foundation

/// Content codings for answers.
package enum ContentCoding: String, Sendable {
    case gzip, deflate

    /// The best coding an `Accept-Encoding` header allows; nil for none.
    package init?(accepted header: String?) {
        guard let header else { return nil }
        var weights: [String: Double] = [:]
        for part in header.lowercased().split(separator: ",") {
            let pieces = part.split(separator: ";").map { String($0).trimmingSpaces() }
            guard let name = pieces.first else { continue }
            let weight = pieces.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 }
            weights[name] = weight ?? 1
        }
        let gzip = weights["gzip"] ?? weights["*"] ?? 0
        let deflate = weights["deflate"] ?? 0
        if gzip > 0, gzip >= deflate {
            self = .gzip
        } else if deflate > 0 {
            self = .deflate
        } else {
            return nil
        }
    }

    /// The bytes compressed; nil when zlib has no memory, then they go out as they are.
    package func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        // 15 bits of window; 16 more ask zlib for the gzip wrapper.
        let windowBits: Int32 = self == .gzip ? 31 : 15
        let ready = deflateInit2_(
            &stream, 5, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard ready == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        var input = bytes
        var isComplete = false
        let output = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            input.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(bound)
                isComplete = deflate(&stream, Z_FINISH) == Z_STREAM_END
            }
            count = isComplete ? bound - Int(stream.avail_out) : 0
        }
        return isComplete ? output : nil
    }

    private func deflate(_ stream: inout z_stream, _ flush: Int32) -> Int32 { CZlib.deflate(&stream, flush) }
}
