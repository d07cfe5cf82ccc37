import NIOCore
import TestKit
import Testing

@testable import Client

/// A server, or a disk, that sends nonsense ends no client.
@Suite("Fuzz of the client's decoders", .serialized)
struct ClientDecoderFuzzTests {
    private static let limit = 4096

    @Test("a server's frames are messages or a fault, and none exceeds the limit")
    func frames() async throws {
        let text = Array(#"{"type":"ok","id":4,"epoch":1,"seq":7}"#.utf8)
        let samples: [[UInt8]] = [
            [0x81, UInt8(text.count)] + text, [0x01, 2, 97, 98, 0x80, 1, 99], [0x88, 5, 0x03, 0xE8, 98, 121, 101],
            [0x89, 2, 1, 2, 0x8A, 0], [0x82, 126, 0, 200] + [UInt8](repeating: 0xFF, count: 200),
            [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0], [0x81, 127] + [UInt8](repeating: 0xFF, count: 8),
        ]
        try await DecoderFuzz("server frames", samples: samples, mostBytes: 300).run { input, random in
            var frames = WebSocketFrames(messageLimit: Self.limit)
            let cut = random.below(input.count + 1)
            do throws(WebSocketFrames.Fault) {
                for part in [input[..<cut], input[cut...]] {
                    var bytes = ByteBuffer(bytes: part)
                    frames.append(&bytes)
                    while let message = try frames.next() {
                        if case .text(let bytes) = message { #expect(bytes.readableBytes <= Self.limit) }
                    }
                }
            } catch {
                // A fault closes the connection.
            }
        }
    }

    @Test("an outbox file gives whole records, whatever became of it")
    func outbox() async throws {
        let record = OutboxFraming.frame(Array(#"{"op":1}"#.utf8))
        try await DecoderFuzz("outbox", samples: [record, record + record], mostBytes: 120).run { input, _ in
            let reading = OutboxFraming.read(input)
            #expect(reading.wholeLength <= input.count && reading.damagedBytes <= input.count)
        }
    }

    @Test("waits that a server asks for are bounded")
    func waits() async throws {
        try await DecoderFuzz("waits", texts: ["30", "0", "120"], mostBytes: 40).run { input, _ in
            guard let seconds = RetryAfter.seconds(String(decoding: input, as: UTF8.self)) else { return }
            #expect((0...RetryAfter.most).contains(seconds))
        }
    }
}
