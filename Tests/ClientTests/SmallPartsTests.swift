@testable import Client
import NIOCore
import Protocol
import Testing

@Suite("Small parts of the client")
struct SmallPartsTests {
    @Test("the accept value is the RFC's")
    func accept() {
        #expect(WebSocketHandshake.accept(key: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(Base64.encode([]) == "" && Base64.encode(Array("fo".utf8)) == "Zm8=")
    }

    @Test("the checksum is zlib's")
    func checksum() { #expect(CRC32.of(Array("123456789".utf8)) == 0xCBF4_3926) }

    @Test("delays are random below a ceiling that doubles, and keep to the server's hint")
    func delays() {
        var generator = SystemRandomNumberGenerator()
        var delay = ReconnectDelay(base: .milliseconds(100), cap: .seconds(1))
        for failure in 0..<10 {
            let ceiling = min(Duration.seconds(1), .milliseconds(100) * (1 << failure))
            #expect((.zero...ceiling).contains(delay.next(.none, using: &generator)))
        }
        #expect(delay.next(.notBefore(.seconds(7)), using: &generator) >= .seconds(7))
        #expect((.zero...(.seconds(20))).contains(delay.next(.within(.seconds(20)), using: &generator)))
        delay.reset()
        #expect(delay.next(.none, using: &generator) <= .milliseconds(100))
    }

    @Test("the shortest round trip gives the offset; impossible ones are left out")
    func offset() {
        var clock = ClockOffset()
        #expect(clock.offset == nil)
        clock.add(t0: 1000, t1: 500, t2: 400, t3: 1010)
        #expect(clock.offset == nil)
        clock.add(t0: 1000, t1: 3400, t2: 3400, t3: 1200)
        clock.add(t0: 2000, t1: 4005, t2: 4005, t3: 2010)
        #expect(clock.offset == .milliseconds(2000))
        #expect(clock.uncertainty == .milliseconds(5))
    }

    @Test(
        "addresses of servers are read, and others refused",
        arguments: [
            ("http://127.0.0.1:8080", "127.0.0.1", 8080, false), ("ws://localhost/", "localhost", 80, false),
            ("http://[::1]:9", "::1", 9, false), ("https://fitai.example", "fitai.example", 443, true),
            ("wss://localhost:8443/", "localhost", 8443, true),
        ])
    func address(text: String, host: String, port: Int, isEncrypted: Bool) throws {
        let address = try #require(ServerAddress(text))
        #expect(address == ServerAddress(host: host, port: port, isEncrypted: isEncrypted))
        #expect(ServerAddress(address.description) == address)
        for bad in ["ftp://x", "localhost:80", "http://", "http://x:0", "http://x:y", "http://a@b", "http://x/y"] {
            #expect(ServerAddress(bad) == nil)
        }
    }

    @Test("messages are put together from fragments with control frames between, over any cut")
    func fragments() throws {
        let bytes: [UInt8] =
            [0x01, 2] + Array("he".utf8) + [0x89, 1, 7] + [0x80, 3] + Array("llo".utf8) + [0x88, 2, 0x0F, 0xA0]
        for cut in 0...bytes.count {
            var frames = WebSocketFrames(messageLimit: 100)
            var found: [WebSocketFrames.Message] = []
            for part in [bytes[..<cut], bytes[cut...]] {
                var buffer = ByteBuffer(bytes: part)
                frames.append(&buffer)
                while let message = try frames.next() { found.append(message) }
            }
            #expect(
                found == [
                    .ping(ByteBuffer(bytes: [7])), .text(ByteBuffer(string: "hello")), .close(code: 4000, reason: ""),
                ])
        }
    }

    @Test(
        "frames that break the protocol or the limit are faults",
        arguments: [
            ([0xC1, 0x00], 1002), ([0x81, 0x80], 1002), ([0x83, 0x00], 1002), ([0x80, 0x00], 1002),
            ([0x09, 0x00], 1002), ([0x81, 0x7E, 0x01, 0x00], 1009),
            ([0x81, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1009),
        ] as [([UInt8], UInt16)])
    func broken(bytes: [UInt8], code: UInt16) {
        var frames = WebSocketFrames(messageLimit: 100)
        var buffer = ByteBuffer(bytes: bytes)
        frames.append(&buffer)
        let fault = #expect(throws: WebSocketFrames.Fault.self) { _ = try frames.next() }
        #expect(fault?.code == code)
    }
}
