import NIOHTTP1

/// What a request head is to the socket; a pure function of the head.
enum UpgradeCheck {
    /// Another path: REST answers.
    case notOurs
    case refused(UpgradeRefusal)
    case accepted(UpgradeTerms)

    init(_ head: HTTPRequestHead, _ configuration: SocketConfiguration) {
        guard head.originForm.prefix(while: { $0 != "?" }) == configuration.path else {
            self = .notOurs
            return
        }
        do throws(UpgradeRefusal) {
            self = .accepted(try UpgradeTerms(head, configuration))
        } catch {
            self = .refused(error)
        }
    }
}

/// What a WebSocket request asks for and may have.
struct UpgradeTerms {
    let subprotocol: String?
    let deflate: DeflateAgreement?
    let token: String?

    init(_ head: HTTPRequestHead, _ configuration: SocketConfiguration) throws(UpgradeRefusal) {
        guard head.method == .GET else { throw .notGET }
        guard head.version == .http1_1, head.headers.names("websocket", in: "upgrade"),
            head.headers.names("upgrade", in: "connection")
        else { throw .upgradeRequired }
        guard head.headers["sec-websocket-version"] == ["13"] else { throw .badVersion }
        guard let key = head.headers.single("sec-websocket-key"), Self.isKey(key) else { throw .badKey }
        guard !head.headers.contains(name: "transfer-encoding"),
            head.headers["content-length"].allSatisfy({ $0 == "0" })
        else { throw .bodyNotTaken }
        guard Self.mayConnect(head.headers["origin"], configuration) else { throw .badOrigin }
        subprotocol = try Self.subprotocol(head.headers, configuration)
        token = try Self.token(head.headers)
        deflate = configuration.deflates ? .from(offers: head.headers["sec-websocket-extensions"]) : nil
    }

    private static func mayConnect(_ origins: [String], _ configuration: SocketConfiguration) -> Bool {
        guard let allowed = configuration.origins else { return true }
        return origins.allSatisfy { allowed.contains($0) }
    }

    private static func subprotocol(
        _ headers: HTTPHeaders, _ configuration: SocketConfiguration
    ) throws(UpgradeRefusal) -> String? {
        guard let spoken = configuration.subprotocol, headers.contains(name: "sec-websocket-protocol") else {
            return nil
        }
        guard headers[canonicalForm: "sec-websocket-protocol"].contains(Substring(spoken)) else {
            throw .badSubprotocol
        }
        return spoken
    }

    /// The bearer token; another scheme, or two tokens, are refused like a bad one.
    private static func token(_ headers: HTTPHeaders) throws(UpgradeRefusal) -> String? {
        guard headers.contains(name: "authorization") else { return nil }
        guard let value = headers.single("authorization") else { throw .badToken }
        let parts = value.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { throw .badToken }
        return String(parts[1])
    }

    /// Whether `key` is the base64 form of 16 bytes: 22 characters, of which the last carries four bits, and `==`.
    private static func isKey(_ key: String) -> Bool {
        let bytes = Array(key.utf8)
        guard bytes.count == 24, bytes[22] == UInt8(ascii: "="), bytes[23] == UInt8(ascii: "=") else { return false }
        guard "AQgw".utf8.contains(bytes[21]) else { return false }
        return bytes[..<22].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"): true
            default: false
            }
        }
    }
}

extension HTTPRequestHead {
    /// Path and query of the target, which a client may also send with scheme and host before them (RFC 9112, section
    /// 3.2.2); any other target as it is.
    var originForm: Substring {
        guard !uri.hasPrefix("/"), let scheme = uri.firstRange(of: "://"),
            ["http", "https"].contains(uri[..<scheme.lowerBound].lowercased())
        else { return uri[...] }
        let rest = uri[scheme.upperBound...]
        guard let start = rest.firstIndex(where: { $0 == "/" || $0 == "?" }) else { return "/" }
        return rest[start] == "/" ? rest[start...] : "/" + rest[start...]
    }
}

extension HTTPHeaders {
    /// Whether the comma-separated list of `field` names `token`, in any case.
    func names(_ token: String, in field: String) -> Bool {
        self[canonicalForm: field].contains { $0.lowercased() == token }
    }

    /// The value of a field that came exactly once, without the spaces around it.
    fileprivate func single(_ field: String) -> String? {
        let values = self[field]
        guard values.count == 1, let value = values.first else { return nil }
        return String(Substring(value).trimmed())
    }
}
