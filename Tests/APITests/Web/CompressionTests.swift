import API
import CBrotli
import CZlib
import TestKit
import Testing

@Suite("Compressed answers")
struct CompressionTests {
    @Test(
        "an answer over 1 KiB comes in the coding that the client likes best, and holds the same",
        arguments: [
            ("br", "br"), ("gzip", "gzip"), ("deflate;q=0.5", "deflate"), ("gzip, deflate, br", "br"),
            ("br;q=0.1, gzip;q=0.9", "gzip"), ("*", "br"), ("*;q=0.5, br;q=0", "gzip"), ("gzip;q=0", nil),
            ("identity", nil), ("zstd", nil),
        ])
    func codings(accepted: String, coding: String?) async throws {
        try await Probe.run { server in
            let plain = try await server.client.get("/v1/probe/large")
            let answer = try await server.client.get("/v1/probe/large", headers: [("Accept-Encoding", accepted)])
            #expect(answer[header: "content-encoding"] == coding)
            #expect(answer[header: "vary"] == "Origin, Accept-Encoding")
            #expect((answer.body.count < 1000) == (coding != nil))
            #expect(try #require(Self.decoded(answer.body, coding)) == plain.body)
        }
    }

    @Test("a short answer comes as it is")
    func short() async throws {
        try await Probe.run { server in
            let answer = try await server.client.get(
                "/v1/probe/things/mine", headers: [("Accept-Encoding", "gzip, deflate, br")])
            #expect(answer[header: "content-encoding"] == nil)
            #expect(answer.string("text") == "literal")
        }
    }

    /// What a client reads; nil for what is not in the coding.
    private static func decoded(_ bytes: [UInt8], _ coding: String?) -> [UInt8]? {
        guard let coding else { return bytes }
        var size = 1 << 20
        var isWhole = false
        let plain = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            if coding == "br" {
                isWhole =
                    BrotliDecoderDecompress(bytes.count, bytes, &size, buffer.baseAddress)
                    == BROTLI_DECODER_RESULT_SUCCESS
            } else {
                isWhole = inflate(bytes, into: buffer, isGzip: coding == "gzip", &size)
            }
            count = isWhole ? size : 0
        }
        return isWhole ? plain : nil
    }

    private static func inflate(
        _ bytes: [UInt8], into buffer: UnsafeMutableBufferPointer<UInt8>, isGzip: Bool, _ size: inout Int
    ) -> Bool {
        var stream = z_stream()
        guard
            inflateInit2_(&stream, isGzip ? 31 : 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return false }
        defer { inflateEnd(&stream) }
        var input = bytes
        let end = input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            stream.next_out = buffer.baseAddress
            stream.avail_out = UInt32(buffer.count)
            return CZlib.inflate(&stream, Z_FINISH)
        }
        size = Int(stream.total_out)
        return end == Z_STREAM_END
    }
}
