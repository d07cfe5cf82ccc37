import NIOCore
import NIOHTTP1
import NIOPosix
import Protocol

/// As much of REST as a live client needs: one request a connection, JSON in and out.
public struct RESTClient: Sendable {
    /// The largest answer that is taken, in bytes.
    private static let bodyLimit = 8 << 20

    public enum Method: String, Sendable { case get = "GET", post = "POST", put = "PUT", delete = "DELETE" }

    public struct Answer: Sendable {
        public let status: Int
        public let body: [UInt8]
        /// Seconds of Retry-After, when there is one.
        public let retryAfterSeconds: Int?
    }

    /// A request that was not answered as it should have been.
    public enum Fault: Error, Sendable, Hashable {
        /// No answer: no connection, a timeout, or no HTTP.
        case unreachable(String)
        /// The server's certificate is none to be trusted.
        case untrusted(String)
        /// The problem's status, code and detail.
        case problem(status: Int, code: String, detail: String)
        /// The answer is not what the route answers.
        case unreadable(String)

        /// Whether the same request may be answered later on.
        public var isTemporary: Bool {
            switch self {
            case .unreachable, .problem(status: 502...504, code: _, detail: _): true
            case .untrusted, .problem, .unreadable: false
            }
        }
    }

    public let server: ServerAddress
    public let timeout: Duration
    private let trust: ServerTrust
    private let group: any EventLoopGroup

    public init(
        _ server: ServerAddress, trust: ServerTrust = .system, timeout: Duration = .seconds(30),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) {
        self.server = server
        self.timeout = timeout
        self.trust = trust
        self.group = group
    }

    /// Sends one request. Throws `unreachable` or `untrusted`; any status is an answer.
    public func send(
        _ method: Method, _ path: String, token: String? = nil, body: [UInt8]? = nil
    ) async throws(Fault) -> Answer {
        do {
            let answer = group.any().makePromise(of: Answer.self)
            let head = head(method, path, token: token, length: body?.count)
            let channel = try await connect(answer)
            let deadline = channel.eventLoop.scheduleTask(in: .milliseconds(timeout.wholeMilliseconds)) {
                answer.fail(Fault.unreachable("no answer in \(timeout)"))
                channel.close(promise: nil)
            }
            defer { deadline.cancel() }
            channel.write(HTTPClientRequestPart.head(head), promise: nil)
            if let body {
                channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
            }
            channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
            return try await answer.futureResult.get()
        } catch let fault as Fault { throw fault } catch { throw .unreachable("\(error)") }
    }

    /// Sends a request whose answer is JSON of a 2xx status. Throws `problem` for every other.
    func json(
        _ method: Method, _ path: String, token: String? = nil, body: [UInt8]? = nil
    ) async throws(Fault) -> JSONValue {
        let answer = try await send(method, path, token: token, body: body)
        // A body that is no JSON is told by what follows: as a problem without a code, or as unreadable.
        let json = try? JSONReader.parse(answer.body)
        guard (200..<300).contains(answer.status) else {
            throw .problem(
                status: answer.status, code: json?["code"]?.string ?? "",
                detail: json?["detail"]?.string ?? json?["title"]?.string ?? "")
        }
        guard let json else { throw .unreadable("\(path) did not answer JSON") }
        return json
    }

    private func head(_ method: Method, _ path: String, token: String?, length: Int?) -> HTTPRequestHead {
        var headers: HTTPHeaders = [
            "Host": server.authority, "Accept": "application/json", "Connection": "close",
        ]
        if let token { headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let length {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: "\(length)")
        }
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: method.rawValue), uri: path, headers: headers)
    }

    private func connect(_ answer: EventLoopPromise<Answer>) async throws -> any Channel {
        do {
            return try await ClientBootstrap(group: group)
                .connectTimeout(.milliseconds(timeout.wholeMilliseconds))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try trust.secure(channel, to: server)
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(
                            AnswerCollector(answer, bodyLimit: Self.bodyLimit))
                    }
                }
                .connect(host: server.host, port: server.port).get()
        } catch {
            answer.fail(error)
            throw error
        }
    }
}

/// Puts one HTTP answer together.
private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let answer: EventLoopPromise<RESTClient.Answer>
    private let bodyLimit: Int
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []

    init(_ answer: EventLoopPromise<RESTClient.Answer>, bodyLimit: Int) {
        self.answer = answer
        self.bodyLimit = bodyLimit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let part):
            body.append(contentsOf: part.readableBytesView)
            guard body.count <= bodyLimit else { return fail("the answer is too large", context) }
        case .end:
            guard let head else { return fail("no head", context) }
            answer.succeed(
                RESTClient.Answer(
                    status: Int(head.status.code), body: body,
                    retryAfterSeconds: RetryAfter.seconds(head.headers.first(name: "Retry-After"))))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(RESTClient.Fault.unreachable("the connection ended without an answer"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if ServerTrust.isMistrust(error) { answer.fail(RESTClient.Fault.untrusted("\(error)")) }
        fail("\(error)", context)
    }

    private func fail(_ reason: String, _ context: ChannelHandlerContext) {
        answer.fail(RESTClient.Fault.unreachable(reason))
        context.close(promise: nil)
    }
}
