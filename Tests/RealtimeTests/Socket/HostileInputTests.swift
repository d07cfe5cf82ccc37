import NIOCore
import Protocol
import Testing
import TestKit

@testable import Realtime

@Suite("Hostile input gets its named close, and others do not notice")
struct HostileInputTests {
    /// Sends `bytes` on a fresh socket and gives the close code that answers them.
    private func closeCode(
        for bytes: [UInt8], deflates: Bool = false, _ change: (inout SocketConfiguration) -> Void = { _ in }
    ) async throws -> UInt16? {
        let log = SessionLog()
        return try await withSocketServer(log.host(change)) { port in
            let socket = try await RawSocket.connect(port: port)
            _ = try await socket.requestUpgrade(deflates ? ["Sec-WebSocket-Extensions: permessage-deflate"] : [])
            let opened = try await log.nextOpening()
            try await socket.write(bytes)
            var code: UInt16?
            while let frame = try await socket.nextFrame() { code = frame.closeCode ?? code }
            let closure = try await log.nextClosure()
            #expect(closure.code == code)
            #expect(opened.connection.id > 0)
            return code
        }
    }

    @Test(
        "what breaks the framing closes with 1002",
        arguments: [
            ("an unmasked frame", RawFrame.text("x").bytes(mask: nil)),
            ("RSV1 without an agreement", RawFrame(opcode: 1, [120], reserved: 0x40).bytes()),
            ("RSV2", RawFrame(opcode: 1, [120], reserved: 0x20).bytes()),
            ("RSV3", RawFrame(opcode: 9, [], reserved: 0x10).bytes()),
            ("reserved opcode 3", RawFrame(opcode: 3).bytes()),
            ("reserved opcode 7", RawFrame(opcode: 7, [1]).bytes()),
            ("reserved opcode 11", RawFrame(opcode: 11).bytes()),
            ("reserved opcode 15", RawFrame(opcode: 15, [1, 2]).bytes()),
            ("a fragmented ping", RawFrame(opcode: 9, [1], isFinal: false).bytes()),
            ("a ping of 126 bytes", RawFrame(opcode: 9, Array(repeating: 1, count: 126)).bytes()),
            ("a continuation of nothing", RawFrame.continuation([1]).bytes()),
            ("a message inside another", RawFrame.text("a", isFinal: false).bytes() + RawFrame.text("b").bytes()),
            ("a close frame of one byte", RawFrame(opcode: 8, [3]).bytes()),
            ("close code 999", RawFrame.close(999).bytes()),
            ("close code 1004", RawFrame.close(1004).bytes()),
            ("close code 1005", RawFrame.close(1005).bytes()),
            ("close code 1006", RawFrame.close(1006).bytes()),
            ("close code 1015", RawFrame.close(1015).bytes()),
            ("close code 2999", RawFrame.close(2999).bytes()),
            ("close code 5000", RawFrame.close(5000).bytes()),
            ("a length not minimal", [0x81, 0xFE, 0, 1, 0, 0, 0, 0, 65]),
            ("a length of 64 bits with the highest set", [0x81, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            ("garbage", Array("GET / HTTP/1.1\r\n\r\n".utf8)),
        ])
    func protocolError(_ name: String, _ bytes: [UInt8]) async throws {
        #expect(try await closeCode(for: bytes) == 1002, "\(name)")
    }

    @Test("64 KiB are taken, one byte more closes with 1009 before it has come")
    func tooBig() async throws {
        let limit = 64 * 1024
        try await withSocketServer(SessionLog().host()) { port in
            let socket = try await RawSocket.connect(port: port)
            _ = try await socket.requestUpgrade()
            let text = String(repeating: "x", count: limit)
            try await socket.write(RawFrame.text(text).bytes())
            #expect(try await socket.nextFrame()?.payload.count == limit)
        }
        #expect(try await closeCode(for: RawFrame(opcode: 1).bytes(announcing: limit + 1)) == 1009)
        #expect(try await closeCode(for: RawFrame.text(String(repeating: "x", count: limit + 1)).bytes()) == 1009)
        let half = String(repeating: "x", count: limit / 2)
        let fragments =
            RawFrame.text(half, isFinal: false).bytes()
            + RawFrame.continuation(Array(half.utf8), isFinal: false).bytes()
            + RawFrame.continuation([120]).bytes()
        #expect(try await closeCode(for: fragments) == 1009)
    }

    @Test("a binary message closes with 1003 where only text is spoken")
    func binary() async throws {
        #expect(try await closeCode(for: RawFrame(opcode: 2, [1, 2, 3]).bytes()) == 1003)
    }

    @Test(
        "text that is not UTF-8 closes with 1007",
        arguments: [
            ("an overlong form", RawFrame(opcode: 1, [0xC0, 0xAF]).bytes()),
            ("a surrogate", RawFrame(opcode: 1, [0xED, 0xA0, 0x80]).bytes()),
            ("a character cut off", RawFrame(opcode: 1, [0xE2, 0x82]).bytes()),
            ("above U+10FFFF", RawFrame(opcode: 1, [0xF4, 0x90, 0x80, 0x80]).bytes()),
            (
                "wrong over two fragments",
                RawFrame(opcode: 1, [0x41, 0xE2], isFinal: false).bytes() + RawFrame.continuation([0x28]).bytes()
            ),
            (
                "wrong in an unfinished message: nobody waits for its end",
                RawFrame(opcode: 1, [0xFF], isFinal: false).bytes()
            ),
            (
                "wrong at the beginning of a frame whose rest has not come",
                Array(RawFrame(opcode: 1, [0xFF, 0x41, 0x41]).bytes().dropLast(2))
            ),
            ("a close reason that is not UTF-8", RawFrame.close(1000, [0xFF]).bytes()),
        ])
    func badText(_ name: String, _ bytes: [UInt8]) async throws {
        #expect(try await closeCode(for: bytes) == 1007, "\(name)")
    }

    @Test("a character split over fragments is text")
    func splitCharacter() async throws {
        try await withSocketServer(SessionLog().host()) { port in
            let socket = try await RawSocket.connect(port: port)
            _ = try await socket.requestUpgrade()
            let euro = Array("€".utf8)
            try await socket.write(RawFrame(opcode: 1, [euro[0]], isFinal: false).bytes())
            try await socket.write(RawFrame.continuation([euro[1]], isFinal: false).bytes())
            try await socket.write(RawFrame.continuation([euro[2]]).bytes())
            #expect(try await socket.nextFrame() == .text("€"))
        }
    }

    @Test("fragments with pings between them make one message, and each ping has its pong first")
    func interleaved() async throws {
        try await withSocketServer(SessionLog().host()) { port in
            let socket = try await RawSocket.connect(port: port)
            _ = try await socket.requestUpgrade()
            try await socket.write(
                RawFrame.text("one ", isFinal: false).bytes() + RawFrame(opcode: 9, [1]).bytes()
                    + RawFrame.continuation([], isFinal: false).bytes() + RawFrame(opcode: 10, [7]).bytes()
                    + RawFrame(opcode: 9, [2]).bytes() + RawFrame.continuation(Array("two".utf8)).bytes())
            #expect(try await socket.nextFrame() == RawFrame(opcode: 10, [1]))
            #expect(try await socket.nextFrame() == RawFrame(opcode: 10, [2]))
            #expect(try await socket.nextFrame() == .text("one two"))
        }
    }

    @Test(
        "bad deflate data closes with 1007",
        arguments: [
            ("no deflate stream", RawFrame(opcode: 1, [0xFF, 0xFF, 0xFF, 0xFF], reserved: 0x40).bytes()),
            ("a stream cut off", RawFrame(opcode: 1, [0xF2, 0x48, 0xCD], reserved: 0x40).bytes()),
            ("nothing at all", RawFrame(opcode: 1, [], reserved: 0x40).bytes()),
            (
                "not UTF-8 after inflation",
                RawFrame(opcode: 1, [0x00, 0x01, 0x00, 0xFE, 0xFF, 0xFF, 0x00], reserved: 0x40).bytes()
            ),
        ])
    func badDeflate(_ name: String, _ bytes: [UInt8]) async throws {
        #expect(try await closeCode(for: bytes, deflates: true) == 1007, "\(name)")
    }

    @Test("a message that inflates beyond 64 KiB closes with 1009")
    func bomb() async throws {
        let bomb = Deflater(windowBits: 15).deflate(ByteBuffer(repeating: 120, count: 10_000_000))
        #expect(bomb.readableBytes < 20_000)
        let frame = RawFrame(opcode: 1, Array(bomb.readableBytesView), reserved: 0x40)
        #expect(try await closeCode(for: frame.bytes(), deflates: true) == 1009)
    }

    @Test("RSV1 on a continuation or a ping closes with 1002 even where compression is agreed")
    func misplacedCompression() async throws {
        let ping = RawFrame(opcode: 9, [], reserved: 0x40).bytes()
        #expect(try await closeCode(for: ping, deflates: true) == 1002)
        let continued =
            RawFrame.text("a", isFinal: false).bytes() + RawFrame(opcode: 0, [1], reserved: 0x40).bytes()
        #expect(try await closeCode(for: continued, deflates: true) == 1002)
    }

    @Test("2,000 connections that never say hello are all closed with 4002 while another one works")
    func neverHello() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let friend = try await RawSocket.connect(port: port)
            _ = try await friend.requestUpgrade()
            _ = try await log.nextOpening()
            try await withThrowingTaskGroup(of: UInt16?.self) { silent in
                let batches = 40
                for _ in 0..<batches {
                    for _ in 0..<50 {
                        silent.addTask {
                            let socket = try await RawSocket.connect(port: port)
                            _ = try await socket.requestUpgrade()
                            let frame = try await socket.nextFrame()
                            try await socket.close()
                            return frame?.closeCode
                        }
                    }
                    for _ in 0..<50 {
                        let connection = try await log.nextOpening().connection
                        try await connection.onLoop { $0.closeAfter(.milliseconds(40), .helloTimeout) }
                    }
                    try await friend.write(RawFrame.text("still here").bytes())
                    #expect(try await friend.nextFrame() == .text("still here"))
                }
                for try await code in silent { #expect(code == 4002) }
            }
        }
    }
}
