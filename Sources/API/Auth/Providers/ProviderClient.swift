import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Protocol

/// Why a sign-in provider could not be asked.
enum ProviderFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// No connection, no answer in time, or none that can be read.
    case unreachable(String)
    case answered(status: Int)

    var description: String {
        switch self {
        case .unreachable(let reason): "the sign-in provider cannot be asked: \(reason)"
        case .answered(let status): "the sign-in provider answered with status \(status)"
        }
    }
}

/// Asks sign-in providers over HTTP/1.1: a connection a request, no redirects, bounded in size and time.
struct ProviderClient: Sendable {
    private static let largestAnswer = 1 << 20
    private static let timeout = Duration.seconds(8)

    private typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// Fetches JSON. Throws `ProviderFailure`.
    func get(_ address: ProviderAddress, bearer: String? = nil) async throws -> JSONValue {
        try await json(address, .GET, bearer: bearer, body: nil)
    }

    /// Posts a form and reads the JSON that answers it. Throws `ProviderFailure`.
    func post(_ address: ProviderAddress, form: [(String, String)]) async throws -> JSONValue {
        try await json(address, .POST, bearer: nil, body: FormBody.text(form))
    }

    private func json(
        _ address: ProviderAddress, _ method: HTTPMethod, bearer: String?, body: String?
    ) async throws -> JSONValue {
        let (status, bytes): (Int, [UInt8])
        do {
            (status, bytes) = try await withDeadline(Self.timeout) {
                try await exchange(address, method, bearer: bearer, body: body)
            }
        } catch let failure as ProviderFailure {
            throw failure
        } catch is DeadlineExceeded {
            throw ProviderFailure.unreachable("no answer in time")
        } catch {
            throw ProviderFailure.unreachable("\(error)")
        }
        guard (200...299).contains(status) else { throw ProviderFailure.answered(status: status) }
        do {
            return try JSONReader.parse(bytes)
        } catch {
            throw ProviderFailure.unreachable("its answer is no JSON")
        }
    }

    private func exchange(
        _ address: ProviderAddress, _ method: HTTPMethod, bearer: String?, body: String?
    ) async throws -> (Int, [UInt8]) {
        let connection = try await connect(address)
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: address.path)
        let isUsualPort = address.port == (address.isEncrypted ? 443 : 80)
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        head.headers.add(name: "Host", value: isUsualPort ? host : "\(host):\(address.port)")
        head.headers.add(name: "Connection", value: "close")
        head.headers.add(name: "Accept", value: "application/json")
        head.headers.add(name: "User-Agent", value: "fitai")
        if let bearer { head.headers.add(name: "Authorization", value: "Bearer \(bearer)") }
        if let body {
            head.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            head.headers.add(name: "Content-Length", value: String(body.utf8.count))
        }
        let request = head
        return try await connection.executeThenClose { inbound, outbound in
            var parts: [HTTPClientRequestPart] = [.head(request)]
            if let body { parts.append(.body(.byteBuffer(ByteBuffer(string: body)))) }
            try await outbound.write(contentsOf: parts + [.end(nil)])
            var status = 0
            var bytes: [UInt8] = []
            for try await part in inbound {
                switch part {
                case .head(let head): status = Int(head.status.code)
                case .body(let buffer):
                    bytes += buffer.readableBytesView
                    guard bytes.count <= Self.largestAnswer else {
                        throw ProviderFailure.unreachable("its answer is too large")
                    }
                case .end: return (status, bytes)
                }
            }
            throw ProviderFailure.unreachable("it closed the connection")
        }
    }

    private func connect(_ address: ProviderAddress) async throws -> Connection {
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
