import NIOCore
import Protocol
import Testing
import TestKit

@testable import Realtime

@Suite("The frame decoder")
struct FrameDecoderTests {
    private let inflater = Inflater()

    private func events(_ bytes: [UInt8], chunk: Int, deflates: Bool = false) throws -> [FrameDecoder.Event] {
        var decoder = FrameDecoder(limit: 1_000_000, deflates: deflates)
        var input = ByteBuffer()
        var events: [FrameDecoder.Event] = []
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            input.writeBytes(bytes[start..<min(start + chunk, bytes.count)])
            while let event = try decoder.next(&input, inflater: inflater) { events.append(event) }
        }
        #expect(input.readableBytes == 0)
        return events
    }

    @Test("random conversations mean the same however they are cut", arguments: 0..<20)
    func cuts(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var bytes: [UInt8] = []
        var expected: [FrameDecoder.Event] = []
        for _ in 0..<30 {
            let text = String(repeating: "ä\(random.next() % 100)€", count: Int(random.next() % 3000))
            let payload = Array(text.utf8)
            let compressed = random.next() % 2 == 0
            let sent =
                compressed
                ? Array(Deflater(windowBits: 15).deflate(ByteBuffer(bytes: payload)).readableBytesView) : payload
            let mask = (0..<4).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let cut = sent.isEmpty ? 0 : Int(random.next() % UInt64(sent.count))
            let reserved: UInt8 = compressed ? 0x40 : 0
            bytes += RawFrame(opcode: 1, Array(sent[..<cut]), isFinal: false, reserved: reserved).bytes(mask: mask)
            bytes += RawFrame(opcode: 9, [1]).bytes(mask: mask)
            bytes += RawFrame.continuation(Array(sent[cut...])).bytes(mask: mask)
            expected += [.ping(ByteBuffer(bytes: [1])), .text(ByteBuffer(bytes: payload))]
        }
        for chunk in [1, 7, 1024, bytes.count] {
            #expect(try events(bytes, chunk: chunk, deflates: true) == expected, "seed \(seed), chunks of \(chunk)")
        }
    }

    @Test("random bytes behind a good message end in a fault or wait for more", arguments: 0..<50)
    func garbage(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var input = ByteBuffer(bytes: RawFrame.text("good").bytes())
        input.writeBytes((0..<10_000).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        var decoder = FrameDecoder(limit: 1000, deflates: true)
        let first = try decoder.next(&input, inflater: inflater)
        #expect(first == .text(ByteBuffer(string: "good")))
        do throws(FrameFault) {
            while try decoder.next(&input, inflater: inflater) != nil {}
        } catch {
            let codes: Set<CloseCode> = [.protocolError, .invalidPayload, .tooBig]
            #expect(codes.contains(error.code), "seed \(seed)")
        }
    }

    @Test("the validator agrees with the standard library on random text, cut anywhere", arguments: 0..<200)
    func validator(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bytes: [UInt8] = []
        for _ in 0..<20 {
            let scalar = Unicode.Scalar(UInt32(random.next() % 0x11_0000)) ?? "x"
            bytes += Array(String(Character(scalar)).utf8)
            if random.next() % 4 == 0 { bytes += Array("plain ascii text".utf8) }
        }
        if random.next() % 2 == 0 { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(random.next() & 0xFF) }
        let cut = Int(random.next() % UInt64(bytes.count))
        var validator = UTF8Validator()
        let accepts =
            bytes[..<cut].withUnsafeBytes { validator.accept($0) }
            && bytes[cut...].withUnsafeBytes { validator.accept($0) } && validator.isComplete
        #expect(accepts == (String(validating: bytes, as: UTF8.self) != nil), "seed \(seed)")
    }
}

/// A generator whose sequence is its seed's (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
