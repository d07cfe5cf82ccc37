import HTTPTypes
import Hummingbird
import Logging
import Metrics
import NIOCore
import Protocol
import Store

/// Answers every request: finds its route, spends its limits, runs it, and turns whatever is thrown into a problem.
package struct APIResponder: HTTPResponder {
    package typealias Context = APIContext

    private let table: RouteTable
    private let mechanisms: RouteMechanisms
    private let clientAddress: ClientAddress
    private let now: @Sendable () -> Timestamp
    private let crossOrigin: CrossOrigin
    private let sendsStrictTransport: Bool
    private let downloadTimeout: Duration
    private let isShortOfMemory: @Sendable () -> Bool
    private let pages: (any HTTPResponder<APIContext>)?

    /// `pages` answers paths outside of `/v1` and `/.well-known`; without it they are not found.
    init(
        table: RouteTable, mechanisms: RouteMechanisms, configuration: APIConfiguration,
        pages: (any HTTPResponder<APIContext>)?
    ) {
        self.table = table
        self.mechanisms = mechanisms
        clientAddress = ClientAddress(trusted: configuration.trustedProxies)
        now = configuration.now
        crossOrigin = CrossOrigin(origins: configuration.allowedOrigins)
        sendsStrictTransport = configuration.publicURL.hasPrefix("https://")
        downloadTimeout = configuration.downloadTimeout
        isShortOfMemory = configuration.isShortOfMemory
        self.pages = pages
    }

    package func respond(to request: Request, context: APIContext) async throws -> Response {
        let started = ContinuousClock.now
        let facts = facts(of: request, context)
        var logger = context.logger
        logger[metadataKey: "request.id"] = "\(facts.id)"
        if let pages, !APIResponder.isOurs(facts.path) {
            var page = try await pages.respond(to: request, context: context)
            addStrictTransport(&page.headers)
            return page
        }
        let isHead = facts.method == .head
        let outcome = table.tree.find(method: isHead ? "GET" : facts.method.rawValue, path: facts.path)
        var route = "unknown"
        var verdict: RateLimits.Verdict?
        var answer: RenderedAnswer
        var advice: String?
        do {
            switch outcome {
            case .unknown: throw Problem(.notFound)
            case .wrongMethod(let allowed):
                answer = wrongMethod(allowed, facts)
            case .found(let match):
                route = match.endpoint.route.path
                advice = match.endpoint.route.options.linkAdvice
                if isShortOfMemory(), !route.hasPrefix("/v1/health") {
                    throw Problem(.unavailable, detail: "This node is short of memory.", retryAfterSeconds: 5)
                }
                verdict = mechanisms.limits.spend(match.endpoint.route.options.limit, address: facts.address)
                try verdict?.check()
                answer = try await match.endpoint.respond(
                    Exchange(
                        request: request, facts: facts, parameters: match.parameters, mechanisms: mechanisms,
                        logger: logger))
            }
        } catch let refusal as LimitReached {
            answer = problem(refusal.problem, facts, advice).adding(refusal.verdict)
        } catch {
            answer = problem(self.problem(for: error, route, logger), facts, advice)
        }
        answer = answer.adding(verdict)
        finish(&answer, facts)
        record(answer.status.code, route, facts, since: started, logger)
        let response = Response(
            status: answer.status, headers: answer.headers, body: body(of: answer, context, logger))
        return isHead ? response.createHeadResponse() : response
    }

    /// The refusal that names the methods a path has, or what a browser asks about them for another origin's page.
    private func wrongMethod(_ declared: [String], _ facts: RequestFacts) -> RenderedAnswer {
        let methods = declared.contains("GET") ? (declared + ["HEAD"]).sorted() : declared
        if let preflight = crossOrigin.preflight(facts, methods: methods) { return preflight }
        var refusal = problem(Problem(.methodNotAllowed), facts)
        refusal.headers[.allow] = methods.joined(separator: ", ")
        return refusal
    }

    private func body(of answer: RenderedAnswer, _ context: APIContext, _ logger: Logger) -> ResponseBody {
        guard let stream = answer.stream else { return ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)) }
        let download = DownloadBody(channel: context.channel, timeout: downloadTimeout, logger: logger)
        return download.body(sizeBytes: stream.sizeBytes, stream.write)
    }

    /// Whether a path belongs to the API and not to the pages.
    private static func isOurs(_ path: String) -> Bool {
        path == "/v1" || path.hasPrefix("/v1/") || path.hasPrefix("/.well-known/")
    }

    private func facts(of request: Request, _ context: APIContext) -> RequestFacts {
        let parts = (request.head.path ?? "/").split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        return RequestFacts(
            id: RequestFacts.sane(request.headers[.requestId]) ?? UUIDv7.make(at: now()).description,
            method: request.method, path: String(parts.first ?? "/"),
            query: parts.count > 1 ? String(parts[1]) : nil, headers: request.headers,
            address: clientAddress.of(peer: context.peer, forwardedFor: request.headers[.forwardedFor]),
            receivedAt: now())
    }

    private func problem(_ problem: Problem, _ facts: RequestFacts, _ linkAdvice: String? = nil) -> RenderedAnswer {
        var problem = problem
        problem.requestId = facts.id
        problem.instance = facts.path.cut(to: 500)
        let advice = facts.headers.acceptPages ? linkAdvice : nil
        return RenderedAnswer(problem, page: advice.map { LinkPage(problem, advice: $0) })
    }

    /// What is no problem of the client's is told as little as possible; its cause goes to the log once.
    private func problem(for error: any Error, _ route: String, _ logger: Logger) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case StoreError.unavailable, StoreError.deadline, StoreError.cancelled, StoreError.commitUnknown,
            StoreError.serialization, is DeadlineExceeded, is CancellationError:
            logger.warning("request not served: \(error)", metadata: ["http.route": "\(route)"])
            return Problem(.unavailable, retryAfterSeconds: 1)
        default:
            logger.error("request failed: \(error)", metadata: ["http.route": "\(route)"])
            return Problem(.internalError)
        }
    }

    /// Compression and the headers that every answer carries.
    private func finish(_ answer: inout RenderedAnswer, _ facts: RequestFacts) {
        answer.headers[.requestId] = facts.id
        answer.headers[.xContentTypeOptions] = "nosniff"
        answer.headers[.referrerPolicy] = "no-referrer"
        answer.headers[.frameOptions] = "DENY"
        if answer.headers[.contentSecurityPolicy] == nil {
            answer.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        }
        addStrictTransport(&answer.headers)
        crossOrigin.tell(&answer, to: facts)
        guard answer.body.count > 1024,
            answer.headers[.contentType].flatMap({ MediaType(header: $0) })?.isText != false
        else { return }
        answer.headers.addVary("Accept-Encoding")
        if let coding = ContentCoding(accepted: facts.headers[.acceptEncoding]),
            let small = coding.compress(answer.body), small.count < answer.body.count
        {
            answer.body = small
            answer.headers[.contentEncoding] = coding.rawValue
        }
    }

    private func addStrictTransport(_ headers: inout HTTPFields) {
        if sendsStrictTransport { headers[.strictTransportSecurity] = "max-age=31536000" }
    }

    private func record(
        _ status: Int, _ route: String, _ facts: RequestFacts, since start: ContinuousClock.Instant, _ logger: Logger
    ) {
        let elapsed = start.duration(to: .now)
        let method = facts.method.metricName
        Metrics.Timer(
            label: "fitai_http_request_duration_seconds",
            dimensions: [("method", method), ("route", route), ("status", String(status))]
        ).record(duration: elapsed)
        logger.debug(
            "request answered",
            metadata: [
                "http.method": "\(method)", "http.route": "\(route)", "http.status": "\(status)",
                "http.milliseconds": "\(elapsed.wholeMilliseconds)",
            ])
    }
}

extension RequestFacts {
    /// A client's request id, if it is short and harmless in a log.
    static func sane(_ id: String?) -> String? {
        guard let id, (1...64).contains(id.utf8.count) else { return nil }
        let isSane = id.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
        }
        return isSane ? id : nil
    }
}

extension HTTPRequest.Method {
    /// Methods are free text: only known ones become a label.
    fileprivate var metricName: String {
        [.get, .head, .post, .put, .delete, .options, .patch].contains(self) ? rawValue : "other"
    }
}
