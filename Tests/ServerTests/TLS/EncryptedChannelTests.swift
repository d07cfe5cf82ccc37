import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Protocol
import Realtime
import Synchronization
import TestKit
import Testing

@testable import Server

@Suite("TLS on the one port")
struct EncryptedChannelTests {
    /// The codes with which sockets closed.
    private final class Closures: Sendable {
        let codes = Mutex<[UInt16]>([])
    }

    /// Answers each text with itself.
    private final class Echo: SocketSession {
        private let connection: SocketConnection
        private let closures: Closures

        init(_ connection: SocketConnection, _ closures: Closures) {
            self.connection = connection
            self.closures = closures
            // Sent before the HTTP handlers have left the pipeline.
            connection.send(.text(Array("welcome".utf8)), as: .answer)
        }

        func received(_ message: ByteBuffer) { connection.send(.text(message), as: .answer) }
        func receivedBinary(_ message: ByteBuffer) {}
        func closed(_ closure: SocketClosure) { closures.codes.withLock { $0.append(closure.code) } }
    }

    /// What a test reaches of its server.
    private struct Served: Sendable {
        let port: Int
        let outbox: RoomOutbox
        let closures: Closures
    }

    /// A server of echoing sockets behind TLS; every socket watches `outbox`.
    private func serve(
        handshakeTimeout: TimeAmount = .seconds(10), _ body: @escaping @Sendable (Served) async throws -> Void
    ) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        try await ServerDirectory.with { directory in
            let files = TLSFiles(certificate: directory + "/server.pem", key: directory + "/server-key.pem")
            try TestCertificate.certificate.write(toFile: files.certificate, atomically: true, encoding: .utf8)
            try TestCertificate.key.write(toFile: files.key, atomically: true, encoding: .utf8)
            let certificates = try Certificates(files, logger: logger)
            var configuration = SocketConfiguration()
            configuration.isEncrypted = true
            configuration.tick = .milliseconds(20)
            configuration.closeGrace = .milliseconds(300)
            let (outbox, closures) = (RoomOutbox(), Closures())
            let sockets = SocketHost(
                configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, logger: logger,
                authorise: { _ in .refused },
                makeSession: { connection, _ in
                    let session = Echo(connection, closures)
                    outbox.add(connection)
                    return session
                })
            try await withSocketServer(
                sockets,
                encrypt: { EncryptedChannel($0, certificates: certificates, handshakeTimeout: handshakeTimeout) }
            ) { port in try await body(Served(port: port, outbox: outbox, closures: closures)) }
        }
    }

    /// A socket that has got its welcome, and so watches the room.
    private func watcher(_ port: Int) async throws -> RawSocket {
        let socket = try await RawSocket.connect(port: port, tls: try TestCertificate.client())
        #expect(try await socket.requestUpgrade().hasPrefix("HTTP/1.1 101"))
        #expect(try await socket.nextFrame()?.text == "welcome")
        return socket
    }

    @Test("REST answers, and a socket is taken on the same kept-alive connection behind it")
    func sameConnection() async throws {
        try await serve { served in
            let socket = try await RawSocket.connect(port: served.port, tls: try TestCertificate.client())
            try await socket.write("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 200"))
            #expect(try await socket.read(count: 6) == Array("/hello".utf8))
            #expect(try await socket.requestUpgrade().hasPrefix("HTTP/1.1 101"))
            #expect(try await socket.nextFrame()?.text == "welcome")
            try await socket.write(RawFrame.text("lift").bytes())
            #expect(try await socket.nextFrame()?.text == "lift")
            try await socket.close()
        }
    }

    @Test("a fan-out goes through TLS to every watcher, whole and in order, however it is gathered")
    func fanOut() async throws {
        try await serve { served in
            let watchers = [try await watcher(served.port), try await watcher(served.port)]
            let filler = String(repeating: "x", count: 300)
            let expected = (0..<400).map { "\($0) \(filler)" }
            for text in expected { served.outbox.offer(.text(Array(text.utf8))) }
            for socket in watchers {
                var texts: [String] = []
                for _ in expected { texts.append(try await socket.nextFrame()?.text ?? "") }
                #expect(texts == expected)
            }
            for socket in watchers { try await socket.close() }
        }
    }

    @Test("a watcher that reads too slowly is found behind TLS as well, and closed")
    func slowWatcher() async throws {
        try await serve { served in
            let socket = try await watcher(served.port)
            try await socket.stopReading()
            let quick = try await watcher(served.port)
            let frame = EncodedFrame.text([UInt8](repeating: 97, count: 30_000))
            var rounds = 0
            // The quick one's reading sets the pace; what the kernel and TLS hold for the slow one is bounded.
            while served.closures.codes.withLock(\.isEmpty), rounds < 2000 {
                served.outbox.offer(frame)
                #expect(try await quick.nextFrame() != nil)
                rounds += 1
            }
            #expect(served.closures.codes.withLock { $0 } == [CloseCode.slowWatcher.rawValue])
            try await quick.close()
        }
    }

    @Test("plain HTTP on the port is closed, not answered")
    func plain() async throws {
        try await serve { served in
            let socket = try await RawSocket.connect(port: served.port)
            try await socket.write("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let answer = String(decoding: try await socket.readToEnd(), as: UTF8.self)
            #expect(!answer.contains("HTTP/1.1"))
        }
    }

    @Test("half a handshake is closed when its time is over")
    func halfHandshake() async throws {
        try await serve(handshakeTimeout: .milliseconds(200)) { served in
            let socket = try await RawSocket.connect(port: served.port)
            // A handshake record of 512 bytes is announced, and its first bytes are those of a ClientHello.
            try await socket.write([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03])
            #expect(try await socket.readToEnd().isEmpty)
        }
    }

    @Test("a client that speaks only TLS 1.1 is turned away; 1.2 and 1.3 are spoken")
    func versions() async throws {
        try await serve { served in
            for (version, isTaken) in [(TLSVersion.tlsv11, false), (.tlsv12, true), (.tlsv13, true)] {
                var client = TLSConfiguration.makeClientConfiguration()
                client.trustRoots = try TestCertificate.roots
                client.minimumTLSVersion = version == .tlsv11 ? .tlsv1 : version
                client.maximumTLSVersion = version
                var rest = RESTClient(port: served.port)
                rest.tls = try NIOSSLContext(configuration: client)
                if isTaken {
                    #expect(try await rest.get("/hello").status == 200)
                } else {
                    await #expect(throws: (any Error).self) { try await rest.get("/hello") }
                }
            }
        }
    }
}
