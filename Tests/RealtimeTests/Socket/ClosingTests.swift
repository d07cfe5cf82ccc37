import NIOCore
import Protocol
import Testing
import TestKit

@testable import Realtime

@Suite("How connections end")
struct ClosingTests {
    /// A server, one raw client on it, and the server's side of that client.
    private func withConnection(
        _ change: (inout SocketConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (RawSocket, SocketConnection, SessionLog) async throws -> Void
    ) async throws {
        let log = SessionLog()
        let host = log.host(change)
        try await withSocketServer(host) { port in
            let socket = try await RawSocket.connect(port: port)
            _ = try await socket.requestUpgrade()
            let opened = try await log.nextOpening()
            try await body(socket, opened.connection, log)
            try await socket.close()
        }
        #expect(host.connectionCount == 0)
    }

    @Test(
        "a close frame is answered with its code, then the connection ends", arguments: [nil, 1000, 1001, 3000, 4999])
    func peerCloses(_ code: UInt16?) async throws {
        try await withConnection { socket, _, log in
            try await socket.write(RawFrame.close(code).bytes())
            let frame = try await socket.nextFrame()
            #expect(frame?.opcode == 8)
            #expect(frame?.closeCode == code)
            #expect(try await socket.nextFrame() == nil)
            #expect(try await log.nextClosure() == SocketClosure(origin: .peer, code: code ?? 1005))
        }
    }

    @Test("what follows a close frame is not delivered")
    func nothingAfterClose() async throws {
        try await withConnection { socket, _, _ in
            try await socket.write(RawFrame.close(1000).bytes() + RawFrame.text("late").bytes())
            #expect(try await socket.nextFrame()?.opcode == 8)
            #expect(try await socket.nextFrame() == nil)
        }
    }

    @Test("answers under way leave before the close frame")
    func answersFirst() async throws {
        try await withConnection { socket, _, _ in
            try await socket.write(
                RawFrame.text("a").bytes() + RawFrame.text("b").bytes() + RawFrame.close(1000).bytes())
            #expect(try await socket.nextFrame() == .text("a"))
            #expect(try await socket.nextFrame() == .text("b"))
            #expect(try await socket.nextFrame()?.closeCode == 1000)
        }
    }

    @Test("a close by the session carries its code and reason and ends when the peer has answered")
    func serverCloses() async throws {
        try await withConnection { socket, connection, log in
            try await connection.onLoop { $0.close(.sessionRevoked, reason: "signed out elsewhere") }
            let frame = try await socket.nextFrame()
            #expect(frame?.closeCode == 4501)
            #expect(frame?.payload.dropFirst(2) == ArraySlice("signed out elsewhere".utf8))
            try await socket.write(RawFrame.close(4501).bytes())
            #expect(try await socket.nextFrame() == nil)
            #expect(try await log.nextClosure() == SocketClosure(origin: .server, code: 4501))
        }
    }

    @Test("a peer that does not answer the close frame is cut off")
    func noAnswer() async throws {
        try await withConnection({ $0.closeGrace = .milliseconds(50) }) { socket, connection, _ in
            try await connection.onLoop { $0.close(.normal) }
            #expect(try await socket.nextFrame()?.closeCode == 1000)
            #expect(try await socket.nextFrame() == nil)
        }
    }

    @Test("a peer that shuts its write side is closed")
    func halfClosed() async throws {
        try await withConnection { socket, _, log in
            try await socket.write(RawFrame.text("last words").bytes())
            try await socket.closeWriting()
            #expect(try await socket.nextFrame() == .text("last words"))
            #expect(try await socket.nextFrame()?.opcode == 8)
            #expect(try await socket.nextFrame() == nil)
            #expect(try await log.nextClosure() == SocketClosure(origin: .network, code: 1006))
        }
    }

    @Test("a peer that vanishes ends the session with 1006")
    func vanished() async throws {
        try await withConnection { socket, _, log in
            try await socket.close()
            #expect(try await log.nextClosure() == SocketClosure(origin: .network, code: 1006))
        }
    }

    @Test("a silent connection is pinged, and pinged again after its answer")
    func heartbeat() async throws {
        try await withConnection({
            $0.pingAfter = .milliseconds(60)
            $0.pongWithin = .hours(1)
        }) { socket, _, _ in
            #expect(try await socket.nextFrame() == RawFrame(opcode: 9))
            try await socket.write(RawFrame(opcode: 10).bytes())
            #expect(try await socket.nextFrame() == RawFrame(opcode: 9))
            try await socket.close()
        }
    }

    @Test("a connection that does not answer a ping is closed with 4003")
    func noPong() async throws {
        try await withConnection({
            $0.pingAfter = .milliseconds(60)
            $0.pongWithin = .milliseconds(60)
        }) { socket, _, log in
            #expect(try await socket.nextFrame() == RawFrame(opcode: 9))
            #expect(try await socket.nextFrame()?.closeCode == 4003)
            #expect(try await log.nextClosure() == SocketClosure(origin: .server, code: 4003))
            try await socket.close()
        }
    }

    @Test("a deadline closes with its code; one that was taken back does not")
    func deadlines() async throws {
        try await withConnection { socket, connection, _ in
            try await connection.onLoop { connection in
                connection.closeAfter(.milliseconds(30), .helloTimeout)
                connection.cancelDeadline()
                connection.closeAfter(.milliseconds(60), .unauthorized, reason: "the token is over")
            }
            #expect(try await socket.nextFrame()?.closeCode == 4500)
            try await socket.close()
        }
    }

    @Test("a server that shuts down closes its sockets with 4000")
    func drains() async throws {
        let log = SessionLog()
        let host = log.host { $0.closeGrace = .milliseconds(50) }
        let socket = try await withSocketServer(host) { port in
            let socket = try await RawSocket.connect(port: port)
            _ = try await socket.requestUpgrade()
            _ = try await log.nextOpening()
            return socket
        }
        #expect(try await socket.nextFrame()?.closeCode == 4000)
        #expect(try await socket.nextFrame() == nil)
        #expect(try await log.nextClosure() == SocketClosure(origin: .server, code: 4000))
        #expect(host.connectionCount == 0)
    }

    @Test("a draining host closes all sockets, spread over the time given, and takes no new ones")
    func hostDrains() async throws {
        let log = SessionLog()
        let host = log.host()
        try await withSocketServer(host) { port in
            var sockets: [RawSocket] = []
            for _ in 0..<10 {
                let socket = try await RawSocket.connect(port: port)
                _ = try await socket.requestUpgrade()
                _ = try await log.nextOpening()
                sockets.append(socket)
            }
            async let drained: Void = host.drain(over: .milliseconds(100))
            for socket in sockets {
                #expect(try await socket.nextFrame()?.closeCode == 4000)
                try await socket.close()
            }
            await drained
            let late = try await RawSocket.connect(port: port)
            #expect(try await late.requestUpgrade().hasPrefix("HTTP/1.1 503"))
        }
    }

    @Test("while held nothing is delivered; afterwards everything is, in order")
    func held() async throws {
        try await withConnection { socket, connection, _ in
            try await socket.write(RawFrame.text("hold").bytes() + RawFrame.text("1").bytes())
            #expect(try await socket.nextFrame() == .text("hold"))
            for text in ["2", "3", "4"] { try await socket.write(RawFrame.text(text).bytes()) }
            try await connection.onLoop { connection in
                connection.send(.text(Array("only this".utf8)))
                connection.release()
            }
            #expect(try await socket.nextFrame() == .text("only this"))
            for text in ["1", "2", "3", "4"] { #expect(try await socket.nextFrame() == .text(text)) }
        }
    }

    @Test("a peer that goes away while held is delivered to the end before the session is told")
    func goneWhileHeld() async throws {
        try await withConnection { socket, connection, log in
            try await socket.write(RawFrame.text("hold").bytes())
            #expect(try await socket.nextFrame() == .text("hold"))
            try await socket.write(RawFrame.text("late").bytes())
            try await socket.closeWriting()
            try await connection.onLoop { $0.release() }
            #expect(try await socket.nextFrame() == .text("late"))
            #expect(try await log.nextClosure().code == 1006)
        }
    }

    @Test("sending and closing after the end do nothing")
    func afterTheEnd() async throws {
        try await withConnection { socket, connection, log in
            try await socket.close()
            _ = try await log.nextClosure()
            try await connection.onLoop { connection in
                connection.send(.text([65]))
                connection.close(.normal)
                connection.release()
                #expect(!connection.isOpen)
            }
        }
    }
}
