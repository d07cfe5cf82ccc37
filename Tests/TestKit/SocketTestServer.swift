import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Realtime
import Server
import ServiceLifecycle

/// A server of sockets and a trivial REST side on a free port, for as long as `body` runs; then it shuts down
/// gracefully, which is part of what is tested.
/// - Parameters:
///   - group: the event loops; by default those of the process.
///   - encrypt: puts TLS before the sockets.
package func withSocketServer<Result: Sendable>(
    _ sockets: SocketHost, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    rest: @escaping HTTPChannelHandler.Responder = answerPath,
    encrypt: (LiveServerChannel) -> EncryptedChannel? = { _ in nil },
    _ body: @escaping @Sendable (_ port: Int) async throws -> Result
) async throws -> Result {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let (ports, started) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingOldest(1))
    let plain = LiveServerChannel(sockets: sockets, responder: rest)
    let channel: any HTTPChannelHandler = encrypt(plain) ?? plain
    let server = channel.server(
        configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in
            if let port = channel.localAddress?.port { started.yield(port) }
            started.finish()
        }, eventLoopGroup: group, logger: logger)
    let services = ServiceGroup(services: [server], logger: logger)
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await services.run() }
        guard let port = await ports.first(where: { _ in true }) else { throw SocketTestServerError.didNotStart }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(port))
        } catch {
            result = .failure(error)
        }
        await services.triggerGracefulShutdown()
        try await tasks.waitForAll()
        await sockets.drain()
        return try result.get()
    }
}

package enum SocketTestServerError: Error {
    case didNotStart
}

/// A REST side that answers every request with its path.
@Sendable package func answerPath(
    _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
) async throws {
    let path = request.uri.path
    var writer = try await writer.writeHead(
        .init(status: .ok, headerFields: [.contentLength: String(path.utf8.count)]))
    try await writer.write(ByteBuffer(string: path))
    try await writer.finish(nil)
}

/// A REST side that reads the whole body and answers how long it is, or what became of it.
@Sendable package func countBody(
    _ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
) async throws {
    var status = HTTPResponse.Status.ok
    var text = ""
    do {
        text = String(try await request.body.collect(upTo: 1 << 20).readableBytes)
    } catch RequestFault.malformed {
        status = .badRequest
    } catch RequestFault.tooSlow {
        status = .requestTimeout
    }
    var writer = try await writer.writeHead(
        .init(status: status, headerFields: [.contentLength: String(text.utf8.count)]))
    try await writer.write(ByteBuffer(string: text))
    try await writer.finish(nil)
}

/// A REST side whose answer never ends; tells when it can be written no more.
package func pourEndlessly(_ ended: @escaping @Sendable () -> Void) -> HTTPChannelHandler.Responder {
    { _, writer, _ in
        var writer = try await writer.writeHead(.init(status: .ok))
        do {
            while true { try await writer.write(ByteBuffer(repeating: 120, count: 1 << 20)) }
        } catch {
            ended()
            throw error
        }
    }
}
