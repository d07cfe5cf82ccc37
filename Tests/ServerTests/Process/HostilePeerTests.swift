import Foundation
import Glibc
import NIOCore
import NIOPosix
import TestKit
import Testing

@Suite("Peers that mean no good, against the process")
struct HostilePeerTests {
    private func port(of ready: ServerProcess.Ready) throws -> Int {
        try #require(URL(string: ready.url)?.port)
    }

    @Test("bodies that break HTTP's framing are answered 400 and leave no error in the log")
    func brokenBodies() async throws {
        try await ServerDirectory.with { directory in
            try await ServerProcess.serving(dataDirectory: directory + "/var") { server, ready in
                let port = try port(of: ready)
                let head =
                    "POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n"
                for body in ["zz\r\n", "5\nhello\r\n", "0\r\nA: " + String(repeating: "x", count: 40_000)] {
                    let socket = try await RawSocket.connect(port: port)
                    try await socket.write(head + body)
                    let answer = String(decoding: try await socket.readToEnd(), as: UTF8.self)
                    #expect(answer.hasPrefix("HTTP/1.1 400"), "\(answer)")
                    #expect(answer.contains("malformedBody"))
                }
                let cut = try await RawSocket.connect(port: port)
                try await cut.write(head + "3\r\n{ \"")
                try await cut.closeWriting()
                #expect(String(decoding: try await cut.readToEnd(), as: UTF8.self).hasPrefix("HTTP/1.1 400"))
                #expect(!server.lines.contains { $0.contains(#""level":"error""#) })
            }
        }
    }

    @Test("a soft limit of open files below the hard one is raised to it, which the log says")
    func softLimit() async throws {
        try await ServerDirectory.with { directory in
            let variables = ["PORT": "0", "OPS_PORT": "0", "DATA_DIR": directory + "/var"]
            let server = try ServerProcess(environment: variables, openFiles: 500...900)
            do {
                _ = try await server.ready()
                let limits = try String(contentsOfFile: "/proc/\(server.pid)/limits", encoding: .utf8)
                let files = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }
                #expect(files?.split(separator: " ").dropFirst(3).prefix(2) == ["900", "900"])
                let line = try #require(server.lines.first { $0.contains(#""nofile""#) })
                #expect(line.contains(#""nofile":"900""#) && line.contains(#""nofile.before":"500""#), "\(line)")
            } catch {
                await server.kill()
                throw error
            }
            await server.kill()
        }
    }

    @Test(
        "a flood of silent sockets that takes every descriptor it can get neither ends the process nor keeps it from serving"
    )
    func flood() async throws {
        try await ServerDirectory.with { directory in
            let variables = ["PORT": "0", "OPS_PORT": "0", "DATA_DIR": directory + "/var"]
            let server = try ServerProcess(environment: variables, openFiles: 400...400)
            do {
                let ready = try await server.ready()
                let port = try port(of: ready)
                let known = try await RawSocket.connect(port: port)
                try await expectHealth(known)
                for _ in 0..<3 {
                    let sockets = try await silentSockets(port, each: 40, addresses: 15)
                    _ = try await server.line { $0.contains("no connections are accepted for now") }
                    try await expectHealth(known)
                    for socket in sockets { socket.close(promise: nil) }
                    for socket in sockets { try await socket.closeFuture.get() }
                }
                let late = try await RawSocket.connect(port: port)
                try await expectHealth(late)
                #expect(server.lines.contains { $0.contains(#""nofile""#) })
                server.send(SIGTERM)
                #expect(await server.exit() == .status(0))
            } catch {
                await server.kill()
                throw error
            }
        }
    }

    private func expectHealth(_ socket: RawSocket) async throws {
        try await socket.write("GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n")
        let head = try await socket.readHead()
        #expect(head.hasPrefix("HTTP/1.1 200"), "\(head)")
        let length = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
        _ = try await socket.read(count: Int(length?.dropFirst(16) ?? "0") ?? 0)
    }

    /// Connections of many addresses of this machine that say nothing.
    private func silentSockets(_ port: Int, each: Int, addresses: Int) async throws -> [any Channel] {
        var sockets: [any Channel] = []
        for host in 2..<(2 + addresses) {
            let from = try SocketAddress(ipAddress: "127.0.0.\(host)", port: 0)
            for _ in 0..<each {
                sockets.append(
                    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(to: from)
                        .connect(host: "127.0.0.1", port: port).get())
            }
        }
        return sockets
    }
}
