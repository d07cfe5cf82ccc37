import NIOHTTP1

/// Why the rest of a request's body will not come: what reading the body throws.
package enum RequestFault: Error, Sendable {
    /// The bytes break HTTP/1.1's framing, or end too early.
    case malformed
    /// The peer sends more slowly than it may.
    case tooSlow
}

/// What is wrong with a request as such, whoever is to answer it; a pure function of its head.
enum RequestFraming {
    static func refusal(of head: HTTPRequestHead) -> UpgradeRefusal? {
        let hosts = head.headers["host"].count
        guard hosts == 1 || hosts == 0 && head.version == .http1_0 else { return .badHost }
        if head.headers.contains(name: "transfer-encoding") {
            guard head.version == .http1_1, !head.headers.contains(name: "content-length") else { return .malformed }
            let codings = head.headers[canonicalForm: "transfer-encoding"].map { $0.lowercased() }
            guard codings == ["chunked"] else { return codings.last == "" ? .malformed : .unknownCoding }
        }
        let expectations = head.headers[canonicalForm: "expect"]
        guard expectations.allSatisfy({ $0.lowercased() == "100-continue" }) else { return .unknownExpectation }
        return nil
    }
}

extension UpgradeRefusal {
    init(_ fault: HTTPParserError) {
        self = fault == .headerOverflow ? .headersTooLarge : .malformed
    }
}

extension HTTPRequestHead {
    /// Whether the client waits for a word before it sends the body (RFC 9110, section 10.1.1).
    var expectsContinue: Bool { version == .http1_1 && headers.contains(name: "expect") }
}
