import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Protocol

/// A small HTTP/1.1 client for tests: a connection a request, nothing cached, nothing followed.
package struct RESTClient: Sendable {
    private let port: Int
    /// How to speak TLS; nil speaks in the clear.
    package var tls: NIOSSLContext?
    /// Sent as `Authorization: Bearer`.
    package var token: String?
    /// Sent with each request.
    package var headers: [(String, String)] = []
    /// Holds each answer to the specification.
    package var check: WireCheck?

    package init(port: Int, token: String? = nil) {
        self.port = port
        self.token = token
    }

    package func get(_ path: String, headers: [(String, String)] = []) async throws -> RESTAnswer {
        try await send("GET", path, headers: headers)
    }

    package func post(
        _ path: String, _ body: some Encodable, headers: [(String, String)] = []
    ) async throws -> RESTAnswer {
        try await send("POST", path, json: JSONEncoder().encode(body), headers: headers)
    }

    package func put(
        _ path: String, _ body: some Encodable, headers: [(String, String)] = []
    ) async throws -> RESTAnswer {
        try await send("PUT", path, json: JSONEncoder().encode(body), headers: headers)
    }

    package func delete(_ path: String, headers: [(String, String)] = []) async throws -> RESTAnswer {
        try await send("DELETE", path, headers: headers)
    }

    /// Sends JSON text as it is.
    package func send(
        _ method: String, _ path: String, text: String, headers: [(String, String)] = []
    ) async throws -> RESTAnswer {
        try await send(method, path, json: Data(text.utf8), headers: headers)
    }

    /// Sends the form of a page, as a browser does.
    package func sendForm(_ path: String, _ form: String) async throws -> RESTAnswer {
        let headers = [("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")]
        return try await send("POST", path, text: form, headers: headers)
    }

    /// Sends any request; `json` adds its content type unless the headers name one.
    package func send(
        _ method: String, _ path: String, json: Data? = nil, headers given: [(String, String)] = []
    ) async throws -> RESTAnswer {
        var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: method), uri: path)
        head.headers = HTTPHeaders(headers + given)
        head.headers.add(name: "Host", value: "127.0.0.1:\(port)")
        head.headers.add(name: "Connection", value: "close")
        if let token { head.headers.replaceOrAdd(name: "Authorization", value: "Bearer \(token)") }
        if let json {
            head.headers.replaceOrAdd(name: "Content-Length", value: String(json.count))
            if !head.headers.contains(name: "Content-Type") {
                head.headers.add(name: "Content-Type", value: "application/json")
            }
        }
        let answer = try await exchange(head, json)
        check?.saw(method, path, answer)
        return answer
    }

    private func exchange(_ head: HTTPRequestHead, _ body: Data?) async throws -> RESTAnswer {
        typealias Connection = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>
        let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addTLS(tls)
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try Connection(wrappingChannelSynchronously: channel)
                }
            }
        return try await connection.executeThenClose { inbound, outbound in
            // At once: a server that has read the head may answer and close before a later write.
            var request: [HTTPClientRequestPart] = [.head(head)]
            if let body { request.append(.body(.byteBuffer(ByteBuffer(bytes: body)))) }
            try await outbound.write(contentsOf: request + [.end(nil)])
            var answer = RESTAnswer()
            for try await part in inbound {
                switch part {
                case .head(let head):
                    answer.status = Int(head.status.code)
                    answer.headers = head.headers.map { ($0.name, $0.value) }
                case .body(let buffer): answer.body.append(contentsOf: buffer.readableBytesView)
                case .end: return answer
                }
            }
            throw RESTAnswer.Incomplete()
        }
    }
}

/// What the server answered.
package struct RESTAnswer: Sendable {
    package struct Incomplete: Error {}

    package internal(set) var status = 0
    package internal(set) var headers: [(String, String)] = []
    package internal(set) var body: [UInt8] = []

    package subscript(header name: String) -> String? {
        headers.first { $0.0.lowercased() == name.lowercased() }?.1
    }

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as a wire type.
    package func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(body))
    }

    package var problem: Problem { get throws { try decoded() } }

    /// The code of a problem, nil for other bodies.
    package var code: String? { try? decoded(as: Problem.self).code }

    /// A text member of an object; nil for anything else.
    package func string(_ name: String) -> String? {
        // A body that is no JSON has no members.
        (try? JSONReader.parse(body))?[name]?.string
    }

    package var json: JSONValue { get throws { try JSONReader.parse(body) } }
}
