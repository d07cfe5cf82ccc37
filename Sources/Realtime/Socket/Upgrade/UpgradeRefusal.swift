import NIOCore
import NIOHTTP1
import Protocol

/// The HTTP answer to a WebSocket request that is not taken: a problem document (RFC 9457), after which the
/// connection closes.
struct UpgradeRefusal: Error, Equatable {
    let status: HTTPResponseStatus
    let code: StaticString
    let detail: StaticString
    var headers: [(StaticString, StaticString)] = []

    static let notGET = UpgradeRefusal(
        status: .methodNotAllowed, code: "methodNotAllowed", detail: "The live socket is opened with GET.",
        headers: [("allow", "GET")])
    static let upgradeRequired = UpgradeRefusal(
        status: .upgradeRequired, code: "upgradeRequired", detail: "The live socket speaks WebSocket only.",
        headers: [("upgrade", "websocket"), ("sec-websocket-version", "13")])
    static let badVersion = UpgradeRefusal(
        status: .upgradeRequired, code: "unsupportedVersion", detail: "Sec-WebSocket-Version must be 13.",
        headers: [("upgrade", "websocket"), ("sec-websocket-version", "13")])
    static let badKey = UpgradeRefusal(
        status: .badRequest, code: "badRequest", detail: "Sec-WebSocket-Key must be 16 bytes in base64, sent once.")
    static let bodyNotTaken = UpgradeRefusal(
        status: .badRequest, code: "badRequest", detail: "A WebSocket request has no body.")
    static let badSubprotocol = UpgradeRefusal(
        status: .badRequest, code: "unsupportedProtocol", detail: "None of the offered subprotocols is spoken here.")
    static let badOrigin = UpgradeRefusal(
        status: .forbidden, code: "originNotAllowed", detail: "Pages of this origin may not connect.")
    static let badToken = UpgradeRefusal(
        status: .unauthorized, code: "unauthorized", detail: "The token is not valid.",
        headers: [("www-authenticate", "Bearer error=\"invalid_token\"")])
    static let unavailable = UpgradeRefusal(
        status: .serviceUnavailable, code: "unavailable", detail: "No connection can be taken now.",
        headers: [("retry-after", "5")])
    static let malformed = UpgradeRefusal(
        status: .badRequest, code: "badRequest", detail: "The request is not HTTP/1.1.")
    static let badHost = UpgradeRefusal(
        status: .badRequest, code: "badRequest", detail: "Host must be sent once.")
    static let unknownCoding = UpgradeRefusal(
        status: .notImplemented, code: "notImplemented", detail: "The only transfer coding that is taken is chunked.")
    static let unknownExpectation = UpgradeRefusal(
        status: .expectationFailed, code: "expectationFailed",
        detail: "The only expectation that is met is 100-continue.")
    static let tooManyConnections = UpgradeRefusal(
        status: .tooManyRequests, code: "tooManyConnections", detail: "This address has as many connections as it may.",
        headers: [("retry-after", "5")])
    static let headersTooLarge = UpgradeRefusal(
        status: .requestHeaderFieldsTooLarge, code: "headersTooLarge", detail: "The header fields are too large.")
    static let requestTimeout = UpgradeRefusal(
        status: .requestTimeout, code: "requestTimeout", detail: "No complete request came in time.")

    /// The document; all its texts are literals without anything to escape but the quotes handled here.
    func body(requestID: UUIDv7) -> ByteBuffer {
        ByteBuffer(
            string: """
                {"type":"about:blank","title":"\(status.reasonPhrase)","status":\(status.code),\
                "detail":"\(detail)","code":"\(code)","requestId":"\(requestID)"}
                """)
    }

    /// The head of the answer to a request of `version`.
    func head(_ version: HTTPVersion, bodyBytes: Int) -> HTTPResponseHead {
        var fields = HTTPHeaders()
        fields.add(name: "content-type", value: "application/problem+json")
        fields.add(name: "content-length", value: String(bodyBytes))
        fields.add(name: "connection", value: "close")
        fields.add(name: "cache-control", value: "no-store")
        fields.add(name: "x-content-type-options", value: "nosniff")
        fields.add(name: "content-security-policy", value: "default-src 'none'; frame-ancestors 'none'")
        fields.add(name: "referrer-policy", value: "no-referrer")
        for (name, value) in headers { fields.add(name: "\(name)", value: "\(value)") }
        return HTTPResponseHead(version: version, status: status, headers: fields)
    }

    static func == (left: UpgradeRefusal, right: UpgradeRefusal) -> Bool {
        left.status == right.status && "\(left.code)" == "\(right.code)" && "\(left.detail)" == "\(right.detail)"
    }
}
