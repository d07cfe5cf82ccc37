import NIOCore
import TestKit
import Testing

@testable import Realtime

@Suite("What one address may hold")
struct AddressBoundTests {
    private static let get = "GET /one HTTP/1.1\r\nHost: x\r\n\r\n"

    private func isServed(_ socket: RawSocket) async throws -> Bool {
        try await socket.write(Self.get)
        do {
            guard try await socket.readHead().hasPrefix("HTTP/1.1 200") else { return false }
            return try await socket.read(count: 4) == Array("/one".utf8)
        } catch RawSocketError.endedEarly {
            return false
        }
    }

    @Test("one connection too many of an address is closed, and taken again when another one has gone")
    func connections() async throws {
        try await withSocketServer(SessionLog().host { $0.connectionsPerAddress = 3 }) { port in
            var sockets: [RawSocket] = []
            for _ in 0..<3 {
                let socket = try await RawSocket.connect(port: port)
                #expect(try await isServed(socket))
                sockets.append(socket)
            }
            let fourth = try await RawSocket.connect(port: port)
            #expect(try await fourth.readToEnd().isEmpty)
            // The server has seen the end when it has ended its side, too.
            try await sockets[0].closeWriting()
            #expect(try await sockets[0].readToEnd().isEmpty)
            let fifth = try await RawSocket.connect(port: port)
            #expect(try await isServed(fifth))
        }
    }

    @Test("a silent connection too many closes the oldest silent one, never one that has spoken")
    func silent() async throws {
        let log = SessionLog()
        let host = log.host { $0.silentPerAddress = 2 }
        try await withSocketServer(host) { port in
            let spoken = try await RawSocket.connect(port: port)
            #expect(try await isServed(spoken))
            // Each arrival is seen before the next one comes: by an answer, or by the end of the one it displaces.
            let first = try await RawSocket.connect(port: port)
            _ = try await first.requestUpgrade()
            let second = try await RawSocket.connect(port: port)
            _ = try await second.requestUpgrade()
            let third = try await RawSocket.connect(port: port)
            try await third.write("GET /one HT")
            #expect(try await first.nextFrame() == nil)
            let fourth = try await RawSocket.connect(port: port)
            #expect(try await second.nextFrame() == nil)
            let fifth = try await RawSocket.connect(port: port)
            #expect(try await third.readToEnd().isEmpty)
            for socket in [spoken, fourth, fifth] { #expect(try await isServed(socket)) }
            let greeted = try await RawSocket.connect(port: port)
            _ = try await greeted.requestUpgrade()
            for _ in [first, second] { _ = try await log.nextOpening() }
            try await log.nextOpening().connection.onLoop { $0.spoke() }
            for _ in 0..<3 { _ = try await RawSocket.connect(port: port) }
            try await greeted.write(RawFrame.text("still here").bytes())
            #expect(try await greeted.nextFrame() == .text("still here"))
        }
    }

    @Test("behind a proxy the forwarded addresses are bounded, not the proxy")
    func proxies() async throws {
        let host = SessionLog().host {
            $0.connectionsPerAddress = 1
            $0.silentPerAddress = 1
            $0.addresses.ofPeer = { _ in nil }
            $0.addresses.forwarded = { _, chain in chain == "unknown" ? nil : chain }
        }
        try await withSocketServer(host) { port in
            func upgrade(_ address: String) async throws -> String {
                let socket = try await RawSocket.connect(port: port)
                return try await socket.requestUpgrade(["X-Forwarded-For: \(address)"])
            }
            #expect(try await upgrade("192.0.2.1").hasPrefix("HTTP/1.1 101"))
            #expect(try await upgrade("192.0.2.1").hasPrefix("HTTP/1.1 429"))
            #expect(try await upgrade("192.0.2.2").hasPrefix("HTTP/1.1 101"))
            for _ in 0..<3 { #expect(try await upgrade("unknown").hasPrefix("HTTP/1.1 101")) }
            let socket = try await RawSocket.connect(port: port)
            for _ in 0..<3 {
                let get = Self.get.replacing("Host: x", with: "Host: x\r\nX-Forwarded-For: 192.0.2.3")
                try await socket.write(get)
                #expect(try await socket.readHead().hasPrefix("HTTP/1.1 200"))
                _ = try await socket.read(count: 4)
            }
            try await socket.write(Self.get.replacing("Host: x", with: "Host: x\r\nX-Forwarded-For: 192.0.2.1"))
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 429"))
        }
    }
}
