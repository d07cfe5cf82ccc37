import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization
import TestKit
import Testing

@testable import Realtime

@Suite("What is no proper HTTP request is refused by what is wrong with it")
struct RequestFramingTests {
    private func answer(
        to request: String, ending: Bool = false, _ change: (inout SocketConfiguration) -> Void = { _ in }
    ) async throws -> String {
        try await withSocketServer(SessionLog().host(change), rest: countBody) { port in
            let socket = try await RawSocket.connect(port: port)
            try await socket.write(request)
            if ending { try await socket.closeWriting() }
            return String(decoding: try await socket.readToEnd(), as: UTF8.self)
        }
    }

    private static let post = "POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    private static let chunked = post + "Transfer-Encoding: chunked\r\n\r\n"

    @Test(
        "framing that is wrong or not taken",
        arguments: [
            ("no Host", "GET /x HTTP/1.1\r\n\r\n", 400),
            ("two Hosts", "GET /x HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
            ("a folded field", "GET /x HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400),
            ("a folded coding", post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
            ("a folded length", post + "Content-Length:\r\n 3\r\n\r\nabc", 400),
            ("a space before the first field", "GET /x HTTP/1.1\r\n Host: x\r\n\r\n", 400),
            ("a space before the colon", "GET /x HTTP/1.1\r\nHost : x\r\n\r\n", 400),
            ("bare LFs", "GET /x HTTP/1.1\nHost: x\n\n", 400),
            ("a bare CR in a value", "GET /x HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400),
            ("a NUL in a value", "GET /x HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400),
            ("a lone coding", post + "Transfer-Encoding: gzip\r\n\r\n", 501),
            ("a coding before chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
            ("chunked twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("chunked and a length", post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
            ("a length and chunked", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("two lengths", post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
            ("a length that is no number", post + "Content-Length: 3x\r\n\r\nabc", 400),
            ("a length below zero", post + "Content-Length: -3\r\n\r\nabc", 400),
            ("a length beyond 64 bits", post + "Content-Length: 99999999999999999999\r\n\r\nabc", 400),
            ("another expectation", post + "Expect: wonders\r\nContent-Length: 3\r\n\r\nabc", 417),
            ("a chunk size that is no number", chunked + "zz\r\nabc\r\n0\r\n\r\n", 400),
            ("a chunk size below zero", chunked + "-1\r\nabc\r\n0\r\n\r\n", 400),
            ("a chunk size beyond 64 bits", chunked + "fffffffffffffffff\r\nabc\r\n0\r\n\r\n", 400),
            ("a bare LF behind a chunk size", chunked + "3\nabc\r\n0\r\n\r\n", 400),
            ("a chunk longer than it says", chunked + "3\r\nabcdef\r\n0\r\n\r\n", 400),
            ("a heap of trailers", chunked + "0\r\n" + String(repeating: "A: bcdefghi\r\n", count: 200), 400),
            ("a huge trailer", chunked + "0\r\nA: " + String(repeating: "x", count: 40_000), 400),
        ])
    func refused(_ name: String, _ request: String, _ status: Int) async throws {
        let answer = try await answer(to: request)
        #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(name): \(answer.prefix(60))")
    }

    @Test(
        "what is allowed is taken",
        arguments: [
            ("HTTP/1.0 without Host", "GET /x HTTP/1.0\r\n\r\n", "0"),
            ("chunks with extensions and a trailer", chunked + "3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n", "3"),
            ("an upper-case coding", post + "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "3"),
            ("a length", post + "Content-Length: 3\r\n\r\nabc", "3"),
        ])
    func taken(_ name: String, _ request: String, _ body: String) async throws {
        let answer = try await answer(to: request, ending: true)
        #expect(answer.contains(" 200 ") && answer.hasSuffix("\r\n\r\n" + body), "\(name): \(answer)")
    }

    @Test(
        "a body that ends before it is whole is no body",
        arguments: [chunked + "3\r\nabc\r\n", post + "Content-Length: 5\r\n\r\nabc"])
    func cutShort(_ request: String) async throws {
        #expect(try await answer(to: request, ending: true).hasPrefix("HTTP/1.1 400"))
    }

    @Test("a broken request behind good ones is refused when they are answered")
    func brokenSecond() async throws {
        let good = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
        for broken in ["BROKEN\r\n\r\n", "GET /x HTTP/1.1\r\n\r\n"] {
            let answer = try await answer(to: good + good + broken)
            #expect(answer.ranges(of: "HTTP/1.1 200").count == 2, "\(answer)")
            #expect(answer.contains("HTTP/1.1 400") && answer.hasSuffix("}"), "\(answer)")
        }
    }

    @Test("who waits for a word before the body gets it, also behind another request")
    func expectContinue() async throws {
        try await withSocketServer(SessionLog().host(), rest: countBody) { port in
            let socket = try await RawSocket.connect(port: port)
            let head = "POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
            try await socket.write(head)
            #expect(try await socket.readHead() == "HTTP/1.1 100 Continue")
            try await socket.write("abc")
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 200"))
            #expect(try await socket.read(count: 1) == Array("3".utf8))
            try await socket.write("GET /x HTTP/1.1\r\nHost: x\r\n\r\n" + head)
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 200"))
            #expect(try await socket.read(count: 1) == Array("0".utf8))
            #expect(try await socket.readHead() == "HTTP/1.1 100 Continue")
            try await socket.write("abc")
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("a body that comes too slowly is answered 408, and the connection closes")
    func slowBody() async throws {
        let answer = try await answer(to: "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc") {
            $0.paceWindow = .milliseconds(50)
        }
        #expect(answer.hasPrefix("HTTP/1.1 408") && answer.lowercased().contains("connection: close"), "\(answer)")
    }

    @Test("a body that comes fast enough and never ends is answered 408 when the request's whole time is over")
    func endlessBody() async throws {
        let answer = try await answer(to: "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nabc") {
            $0.paceWindow = .milliseconds(20)
            $0.minimumBytesPerSecond = 0
            $0.requestTimeLimit = .milliseconds(50)
        }
        #expect(answer.hasPrefix("HTTP/1.1 408") && answer.lowercased().contains("connection: close"), "\(answer)")
    }

    @Test("a body that comes fast enough may take many windows")
    func steadyBody() async throws {
        let host = SessionLog().host {
            $0.paceWindow = .milliseconds(20)
            $0.minimumBytesPerSecond = 1
        }
        try await withSocketServer(host, rest: countBody) { port in
            let socket = try await RawSocket.connect(port: port)
            try await socket.write("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n")
            for _ in 0..<400 { try await socket.write([UInt8](repeating: 120, count: 10)) }
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test("the rest of a body whose request was answered already is waited for only so long")
    func lateBody() async throws {
        let host = SessionLog().host { $0.lateBodyTimeout = .milliseconds(50) }
        try await withSocketServer(host) { port in
            let socket = try await RawSocket.connect(port: port)
            try await socket.write("GET /one HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nab")
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 200"))
            #expect(try await socket.readToEnd() == Array("/one".utf8))
        }
    }

    @Test("an answer that its reader does not take ends with the connection")
    func neverRead() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let host = SessionLog().host { $0.paceWindow = .milliseconds(50) }
        try await withSocketServer(host, rest: pourEndlessly { end.yield() }) { port in
            let socket = try await RawSocket.connect(port: port)
            try await socket.stopReading()
            try await socket.write("GET /one HTTP/1.1\r\nHost: x\r\n\r\n")
            for await _ in ends { break }
            try await socket.close()
        }
    }

    @Test("of many requests at once whose answers nobody reads, few are answered")
    func neverReadInARow() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let begun = Atomic<Int>(0)
        let host = SessionLog().host { $0.paceWindow = .milliseconds(50) }
        try await withSocketServer(
            host,
            rest: { _, writer, channel in
                begun.add(1, ordering: .relaxed)
                channel.closeFuture.whenComplete { _ in end.yield() }
                var writer = try await writer.writeHead(.init(status: .ok))
                try await writer.write(ByteBuffer(repeating: 120, count: 8 << 20))
                try await writer.finish(nil)
            }
        ) { port in
            let socket = try await RawSocket.connect(port: port)
            try await socket.stopReading()
            try await socket.write(String(repeating: "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", count: 40))
            for await _ in ends { break }
            // The kernel's buffers take one or two.
            #expect((1...4).contains(begun.load(ordering: .relaxed)))
            try await socket.close()
        }
    }
}
