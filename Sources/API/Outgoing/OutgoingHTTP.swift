import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Speaks HTTP/1.1 to other servers: a connection a request, no redirects, bounded in size and time.
struct OutgoingHTTP: Sendable {
    /// No connection, no answer in time, or none that can be taken.
    struct Failure: Error, Hashable, CustomStringConvertible {
        let description: String
        /// Set where the request was not made, for the server has not answered lately.
        var retryAfter: Duration?
    }

    struct Reply: Sendable {
        var status = 0
        var body: [UInt8] = []
    }

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// In bytes.
    let largestAnswer: Int
    /// From the connection to the end of the answer.
    let timeout: Duration
    /// Of the one server that is spoken to.
    let breaker: CircuitBreaker

    /// Sends a request and takes the whole answer, whatever its status. Throws `Failure`, and `CancellationError`.
    func send(
        _ method: HTTPMethod, _ address: OutgoingAddress, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> Reply {
        do {
            return try await breaker.run(isFailure: { $0.status >= 500 }) {
                try await sendAtOnce(method, address, headers, body)
            }
        } catch let refused as CircuitBreaker.Refused {
            throw Failure(description: "it has not answered lately", retryAfter: refused.retryAfter)
        }
    }

    private func sendAtOnce(
        _ method: HTTPMethod, _ address: OutgoingAddress, _ headers: [(String, String)], _ body: [UInt8]?
    ) async throws -> Reply {
        do {
            return try await withDeadline(timeout) {
                try await exchange(address, head(method, address, headers, body), body)
            }
        } catch let failure as Failure {
            throw failure
        } catch is DeadlineExceeded {
            throw Failure(description: "no answer in time")
        } catch {
            try Task.checkCancellation()
            throw Failure(description: "\(error)")
        }
    }

    private func head(
        _ method: HTTPMethod, _ address: OutgoingAddress, _ headers: [(String, String)], _ body: [UInt8]?
    ) -> HTTPRequestHead {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: address.path)
        head.headers.add(name: "Host", value: address.hostHeader)
        head.headers.add(name: "Connection", value: "close")
        head.headers.add(name: "User-Agent", value: "fitai")
        for (name, value) in headers { head.headers.add(name: name, value: value) }
        if let body { head.headers.add(name: "Content-Length", value: String(body.count)) }
        return head
    }

    private func exchange(
        _ address: OutgoingAddress, _ head: HTTPRequestHead, _ body: [UInt8]?
    ) async throws -> Reply {
        let connection = try await connect(address)
        return try await connection.executeThenClose { inbound, outbound in
            var parts: [HTTPClientRequestPart] = [.head(head)]
            if let body { parts.append(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
            try await outbound.write(contentsOf: parts + [.end(nil)])
            var reply = Reply()
            for try await part in inbound {
                switch part {
                case .head(let head): reply.status = Int(head.status.code)
                case .body(let buffer):
                    reply.body += buffer.readableBytesView
                    guard reply.body.count <= largestAnswer else {
                        throw Failure(description: "its answer is too large")
                    }
                case .end: return reply
                }
            }
            throw Failure(description: "it closed the connection")
        }
    }

    private func connect(_ address: OutgoingAddress) async throws -> Connection {
        let tls = address.isEncrypted ? try NIOSSLContext(configuration: .makeClientConfiguration()) : nil
        return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        let name = IPAddress.bytes(of: address.host) == nil ? address.host : nil
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    try pipeline.addHTTPClientHandlers()
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
    }
}
