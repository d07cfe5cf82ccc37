import NIOCore
import NIOHTTP1
import Testing
import TestKit

@testable import Realtime

@Suite("The upgrade on the port of REST")
struct UpgradeTests {
    /// Sends `request` to a fresh server and gives its whole answer.
    private func answer(
        to request: String, _ change: (inout SocketConfiguration) -> Void = { _ in }
    ) async throws -> String {
        try await withSocketServer(SessionLog().host(change)) { port in
            let socket = try await RawSocket.connect(port: port)
            try await socket.write(request)
            return String(decoding: try await socket.readToEnd(), as: UTF8.self)
        }
    }

    @Test("a WebSocket request becomes a socket with the accept key of the RFC's example")
    func upgrades() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let socket = try await RawSocket.connect(port: port)
            let head = try await socket.requestUpgrade(["User-Agent: test/1"])
            #expect(head.hasPrefix("HTTP/1.1 101"))
            #expect(head.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
            #expect(!head.lowercased().contains("sec-websocket-extensions"))
            let opened = try await log.nextOpening()
            #expect(opened.request.userAgent == "test/1")
            #expect(opened.request.remoteAddress == "127.0.0.1")
            #expect(opened.request.identity == nil)
            try await socket.write(RawFrame.text("hello").bytes())
            #expect(try await socket.nextFrame() == .text("hello"))
        }
    }

    @Test(
        "a target in absolute form upgrades as the path alone does",
        arguments: ["http://localhost/v1/live", "HTTPS://example.org:8443/v1/live?x=1", "/v1/live?x=1"])
    func absoluteForm(_ target: String) async throws {
        try await withSocketServer(SessionLog().host()) { port in
            let socket = try await RawSocket.connect(port: port)
            #expect(try await socket.requestUpgrade(path: target).hasPrefix("HTTP/1.1 101"))
            let other = try await RawSocket.connect(port: port)
            try await other.write("GET http://localhost/one?two HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await other.readHead().hasPrefix("HTTP/1.1 200"))
            #expect(try await other.read(count: 4) == Array("/one".utf8))
        }
    }

    @Test("frames that come in one packet with the request are not lost")
    func framesBehindTheRequest() async throws {
        try await withSocketServer(SessionLog().host()) { port in
            let socket = try await RawSocket.connect(port: port)
            try await socket.write(Array(RawSocket.upgradeRequest().utf8) + RawFrame.text("early").bytes())
            _ = try await socket.readHead()
            #expect(try await socket.nextFrame() == .text("early"))
        }
    }

    @Test("frames that come while the token is checked are delivered after the upgrade")
    func framesDuringAuthorisation() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let log = SessionLog()
        let host = log.host(authorise: { _ in
            for await _ in gate { break }
            return .accepted(identity: "ann")
        })
        try await withSocketServer(host) { port in
            let socket = try await RawSocket.connect(port: port)
            try await socket.write(RawSocket.upgradeRequest(["Authorization: Bearer x"]))
            try await socket.write(RawFrame.text("early").bytes())
            open.yield()
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 101"))
            #expect(try await socket.nextFrame() == .text("early"))
            #expect(try await log.nextOpening().request.identity as? String == "ann")
        }
    }

    @Test("a request that comes byte by byte becomes a socket whose frames may come byte by byte")
    func byteByByte() async throws {
        try await withSocketServer(SessionLog().host()) { port in
            let socket = try await RawSocket.connect(port: port)
            for byte in RawSocket.upgradeRequest().utf8 { try await socket.write([byte]) }
            _ = try await socket.readHead()
            for byte in RawFrame.text("päng").bytes() { try await socket.write([byte]) }
            #expect(try await socket.nextFrame() == .text("päng"))
        }
    }

    @Test("a kept-alive connection may ask for a socket as its second request")
    func secondRequest() async throws {
        try await withSocketServer(SessionLog().host()) { port in
            let socket = try await RawSocket.connect(port: port)
            try await socket.write("GET /one HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 200"))
            #expect(try await socket.read(count: 4) == Array("/one".utf8))
            #expect(try await socket.requestUpgrade().hasPrefix("HTTP/1.1 101"))
            try await socket.write(RawFrame.text("second").bytes())
            #expect(try await socket.nextFrame() == .text("second"))
        }
    }

    @Test("pipelined REST requests are answered before the socket they are followed by")
    func pipelined() async throws {
        try await withSocketServer(SessionLog().host()) { port in
            let socket = try await RawSocket.connect(port: port)
            let gets = "GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\n\r\n"
            try await socket.write(gets + RawSocket.upgradeRequest())
            for path in ["/one", "/two"] {
                #expect(try await socket.readHead().hasPrefix("HTTP/1.1 200"))
                #expect(try await socket.read(count: 4) == Array(path.utf8))
            }
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 101"))
            try await socket.write(RawFrame.text("third").bytes())
            #expect(try await socket.nextFrame() == .text("third"))
        }
    }

    @Test("a socket after REST requests closes like any other")
    func secondRequestCloses() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let socket = try await RawSocket.connect(port: port)
            try await socket.write("GET /one HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await socket.readHead()
            _ = try await socket.read(count: 4)
            _ = try await socket.requestUpgrade()
            try await socket.write(RawFrame.close(1000).bytes())
            #expect(try await socket.nextFrame()?.closeCode == 1000)
            #expect(try await socket.nextFrame() == nil)
            #expect(try await log.nextClosure() == SocketClosure(origin: .peer, code: 1000))
        }
    }

    @Test("a plain GET that offers h2c is answered by REST, and then the connection closes")
    func h2c() async throws {
        let answer = try await answer(
            to: "GET /one HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(answer.hasSuffix("/one"))
    }

    @Test(
        "a request that is no proper WebSocket request gets a problem document and the connection closes",
        arguments: [
            ("GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n", 426, "upgradeRequired"),
            ("POST /v1/live HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", 405, "methodNotAllowed"),
            (
                RawSocket.upgradeRequest().replacing("Version: 13", with: "Version: 8"), 426, "unsupportedVersion"
            ),
            (RawSocket.upgradeRequest().replacing("dGhlIHNhbXBsZSBub25jZQ==", with: "c2hvcnQ="), 400, "badRequest"),
            (RawSocket.upgradeRequest(["Sec-WebSocket-Protocol: mqtt"]), 400, "unsupportedProtocol"),
            (RawSocket.upgradeRequest(["Origin: https://evil.example"]), 403, "originNotAllowed"),
            (RawSocket.upgradeRequest(["Authorization: Bearer bad"]), 401, "unauthorized"),
            (RawSocket.upgradeRequest(["Authorization: Basic Z29vZA=="]), 401, "unauthorized"),
            (RawSocket.upgradeRequest(["Content-Length: 3"]) + "abc", 400, "badRequest"),
            ("GARBAGE\r\n\r\n", 400, "badRequest"),
        ])
    func refused(_ request: String, _ status: Int, _ code: String) async throws {
        let answer = try await answer(to: request)
        #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(answer)")
        #expect(answer.contains("application/problem+json"))
        #expect(answer.contains("\"code\":\"\(code)\""))
        #expect(answer.contains("\"requestId\":\""))
    }

    @Test("a refusal names the version, the methods and the scheme that would do")
    func refusalHeaders() async throws {
        #expect(try await answer(to: "GET /v1/live HTTP/1.1\r\nHost: x\r\n\r\n").contains("sec-websocket-version: 13"))
        #expect(try await answer(to: "PUT /v1/live HTTP/1.1\r\nHost: x\r\n\r\n").contains("allow: GET"))
        #expect(
            try await answer(to: RawSocket.upgradeRequest(["Authorization: Bearer bad"]))
                .contains("www-authenticate: Bearer"))
    }

    @Test("a refused second request is answered in its turn")
    func refusedSecond() async throws {
        let answer = try await answer(
            to: "GET /one HTTP/1.1\r\nHost: x\r\n\r\n" + RawSocket.upgradeRequest(["Origin: https://evil.example"]))
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(answer.contains("/oneHTTP/1.1 403"))
    }

    @Test("the subprotocol, a good token and a known origin are taken")
    func accepted() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host { $0.origins = ["https://fit.example"] }) { port in
            let socket = try await RawSocket.connect(port: port)
            let head = try await socket.requestUpgrade([
                "Origin: https://fit.example", "Sec-WebSocket-Protocol: mqtt, fitai.v1.json",
                "Authorization: bearer good",
            ])
            #expect(head.hasPrefix("HTTP/1.1 101"))
            #expect(head.contains("sec-websocket-protocol: fitai.v1.json"))
            let opened = try await log.nextOpening()
            #expect(opened.request.identity as? String == "ann")
            #expect(opened.request.subprotocol == "fitai.v1.json")
        }
    }

    @Test("a token that cannot be checked, and one connection too many, are answered 503 with Retry-After")
    func unavailable() async throws {
        let host = SessionLog().host({ $0.connectionLimit = 1 }, authorise: { _ in .unavailable })
        try await withSocketServer(host) { port in
            let first = try await RawSocket.connect(port: port)
            #expect(try await first.requestUpgrade(["Authorization: Bearer x"]).hasPrefix("HTTP/1.1 503"))
            let second = try await RawSocket.connect(port: port)
            #expect(try await second.requestUpgrade().hasPrefix("HTTP/1.1 101"))
            let third = try await RawSocket.connect(port: port)
            let head = try await third.requestUpgrade()
            #expect(head.hasPrefix("HTTP/1.1 503"))
            #expect(head.contains("retry-after"))
        }
    }

    @Test("a connection that never completes a request head is answered 408 and closed")
    func headTimeout() async throws {
        let answer = try await answer(to: "GET /v1/live HT") { $0.upgradeTimeout = .milliseconds(50) }
        #expect(answer.hasPrefix("HTTP/1.1 408"))
    }

    @Test("an endless head is answered 431")
    func endlessHead() async throws {
        let answer = try await answer(
            to: "GET /v1/live HTTP/1.1\r\nX: " + String(repeating: "x", count: 40_000) + "\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 431"), "\(answer.prefix(40))")
    }

    @Test("a peer that goes away before its first request, or while its token is checked, leaves nothing behind")
    func goneEarly() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let host = SessionLog().host(authorise: { _ in
            for await _ in gate { break }
            return .accepted(identity: "ann")
        })
        try await withSocketServer(host) { port in
            try await RawSocket.connect(port: port).close()
            let socket = try await RawSocket.connect(port: port)
            try await socket.write(RawSocket.upgradeRequest(["Authorization: Bearer x"]))
            try await socket.close()
            open.yield()
            open.finish()
        }
        #expect(host.connectionCount == 0)
    }
}
