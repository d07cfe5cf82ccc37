import NIOCore
import Protocol
import Testing

@testable import Realtime

@Suite("permessage-deflate")
struct DeflateTests {
    private static let base = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

    @Test(
        "an offer is answered with both no_context_takeovers and the window it asks for, or passed over",
        arguments: [
            ("permessage-deflate", base),
            ("permessage-deflate; client_max_window_bits", base),
            ("permessage-deflate; client_max_window_bits=10", base),
            ("Permessage-Deflate;server_no_context_takeover", base),
            ("permessage-deflate; server_max_window_bits=10", base + "; server_max_window_bits=10"),
            ("permessage-deflate; server_max_window_bits=\"12\"", base + "; server_max_window_bits=12"),
            ("permessage-deflate; server_max_window_bits=8, permessage-deflate", base),
            ("x-webkit-deflate-frame, permessage-deflate", base),
            ("permessage-deflate; unknown", nil),
            ("permessage-deflate; server_max_window_bits", nil),
            ("permessage-deflate; server_max_window_bits=16", nil),
            ("permessage-deflate; server_max_window_bits=010", nil),
            ("permessage-deflate; client_max_window_bits=7", nil),
            ("permessage-deflate; server_no_context_takeover=1", nil),
            ("permessage-deflate; client_max_window_bits; client_max_window_bits", nil),
            ("permessage-deflate;", nil),
            ("permessage-bzip2", nil),
            ("", nil),
        ] as [(String, String?)])
    func agreements(_ offer: String, _ answer: String?) {
        #expect(DeflateAgreement.from(offers: [offer])?.answer == answer)
    }

    @Test("every window gives back what went in", arguments: UInt8(9)...15)
    func roundTrip(_ windowBits: UInt8) throws {
        var random = SeededRandom(seed: UInt64(windowBits))
        let deflater = Deflater(windowBits: windowBits)
        let inflater = Inflater()
        for size in [0, 1, 200, 5000, 65_536] {
            let noise = ByteBuffer(bytes: (0..<size).map { _ in UInt8(truncatingIfNeeded: random.next()) })
            let dull = ByteBuffer(bytes: (0..<size).map { UInt8($0 / 700 & 7) })
            #expect(try inflater.inflate(deflater.deflate(noise), limit: size) == noise)
            #expect(try inflater.inflate(deflater.deflate(dull), limit: size) == dull)
        }
    }

    @Test("a final block may stand in the middle of a message, and what follows may refer to what came before it")
    func finalBlockInTheMiddle() throws {
        // "Hello" in a final block with fixed codes, twice; then an empty block's beginning (RFC 7692, section 7.2.3.4).
        let hello: [UInt8] = [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
        let inflater = Inflater()
        let twice = ByteBuffer(bytes: hello + hello + [0x00])
        #expect(try inflater.inflate(twice, limit: 10) == ByteBuffer(string: "HelloHello"))
        #expect(try inflater.inflate(ByteBuffer(bytes: hello), limit: 5) == ByteBuffer(string: "Hello"))
        // A stored block behind a final one.
        let stored: [UInt8] = [0x00, 0x02, 0x00, 0xFD, 0xFF, 0x21, 0x21, 0x00]
        #expect(try inflater.inflate(ByteBuffer(bytes: hello + stored), limit: 7) == ByteBuffer(string: "Hello!!"))
        // Fifteen bytes copied from what stands before, in a block of fixed codes.
        let copy: [UInt8] = [0x42, 0x23, 0x00, 0x00]
        let referring = try inflater.inflate(ByteBuffer(bytes: hello + hello + copy), limit: 25)
        #expect(String(buffer: referring) == String(repeating: "Hello", count: 5))
        #expect(throws: FrameFault.self) { try inflater.inflate(ByteBuffer(bytes: hello + [0xFF, 0xFF]), limit: 100) }
    }

    @Test("inflation stops one byte above the limit")
    func limit() throws {
        let compressed = Deflater(windowBits: 15).deflate(ByteBuffer(repeating: 65, count: 1001))
        #expect(try Inflater().inflate(compressed, limit: 1001).readableBytes == 1001)
        let fault = #expect(throws: FrameFault.self) { try Inflater().inflate(compressed, limit: 1000) }
        #expect(fault?.code == .tooBig)
    }

    @Test("an inflate state is clean after bad data")
    func cleanAfterFault() throws {
        let inflater = Inflater()
        #expect(throws: FrameFault.self) { try inflater.inflate(ByteBuffer(repeating: 0xFF, count: 10), limit: 100) }
        let good = Deflater(windowBits: 15).deflate(ByteBuffer(string: "good"))
        #expect(String(buffer: try inflater.inflate(good, limit: 100)) == "good")
    }

    @Test("the messages of the RFC's examples are read, also one that ends its stream itself")
    func examples() throws {
        let inflater = Inflater()
        for bytes: [UInt8] in [
            [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
            [0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
            [0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
        ] {
            #expect(String(buffer: try inflater.inflate(ByteBuffer(bytes: bytes), limit: 100)) == "Hello")
        }
    }
}
