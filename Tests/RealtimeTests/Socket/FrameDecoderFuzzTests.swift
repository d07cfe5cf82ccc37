import NIOCore
import TestKit
import Testing

@testable import Realtime

@Suite("Fuzz of the socket's frame decoder", .serialized)
struct FrameDecoderFuzzTests {
    private static let limit = 4096

    /// A client's frame of these bytes, masked with zeros so that changes are changes of the payload.
    private static func frame(_ head: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)] : [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        return [head] + length + [0, 0, 0, 0] + payload
    }

    @Test("every stream of bytes is events or a fault, however it is cut, and no message exceeds the limit")
    func frames() async throws {
        let text = Array(#"{"id":1,"type":"time","t0":1763805600000}"#.utf8)
        let deflated: [UInt8] = [0xAA, 0x56, 0xCA, 0x4C, 0x51, 0xB2, 0x32, 0xAC, 0x05, 0x00]
        let samples = [
            Self.frame(0x81, text), Self.frame(0x01, Array("ab".utf8)) + Self.frame(0x80, Array("cd".utf8)),
            Self.frame(0xC1, deflated), Self.frame(0x89, [1, 2]) + Self.frame(0x8A, []),
            Self.frame(0x88, [0x03, 0xE8] + Array("bye".utf8)), Self.frame(0x82, [UInt8](repeating: 0xFF, count: 200)),
            [0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], [0x81, 0xFF, 0x7F] + [UInt8](repeating: 0xFF, count: 11),
        ]
        let inflater = Inflater()
        try await DecoderFuzz("frames", samples: samples, mostBytes: 300).run { input, random in
            var decoder = FrameDecoder(limit: Self.limit, deflates: random.chance(in: 2))
            var buffer = ByteBuffer()
            let cut = random.below(input.count + 1)
            do throws(FrameFault) {
                for part in [input[..<cut], input[cut...]] {
                    buffer.writeBytes(part)
                    while let event = try decoder.next(&buffer, inflater: inflater) {
                        switch event {
                        case .text(let bytes), .binary(let bytes): #expect(bytes.readableBytes <= Self.limit)
                        case .ping(let bytes): #expect(bytes.readableBytes <= 125)
                        case .pong, .close: break
                        }
                    }
                }
                #expect(buffer.readableBytes <= 13)
            } catch {
                // A fault closes the connection.
            }
        }
    }

    @Test("offers of compression are agreed to or passed over")
    func offers() async throws {
        let texts = [
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
            "x-webkit-deflate-frame, permessage-deflate; server_no_context_takeover; client_max_window_bits=\"15\"",
        ]
        try await DecoderFuzz("offers", texts: texts, mostBytes: 120).run { input, _ in
            guard let agreement = DeflateAgreement.from(offers: [String(decoding: input, as: UTF8.self)]) else {
                return
            }
            #expect((9...15).contains(agreement.windowBits))
        }
    }
}
