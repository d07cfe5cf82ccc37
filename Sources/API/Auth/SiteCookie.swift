import HTTPTypes
import Protocol

/// A cookie of this site that no script reads.
///
/// Over https its name begins with `__Host-`: a browser takes it only from this very host over TLS, for all paths, so
/// that no other host of the domain plants one. On plain http, where browsers refuse such names, it has none.
struct SiteCookie: Sendable {
    enum SameSite: String, Sendable {
        case strict = "Strict"
        /// Goes along when a link from another site leads here.
        case lax = "Lax"
    }

    let name: String
    private let attributes: String

    init(_ base: String, isSecure: Bool, sameSite: SameSite = .strict) {
        name = isSecure ? "__Host-\(base)" : base
        let path = isSecure ? "/" : "/v1/auth"
        attributes = "Path=\(path); HttpOnly; SameSite=\(sameSite.rawValue)\(isSecure ? "; Secure" : "")"
    }

    /// The header that sets it.
    func header(_ value: String, lifetime: Duration) -> String {
        "\(name)=\(value); Max-Age=\(max(0, lifetime.components.seconds)); \(attributes)"
    }

    /// The header that removes it.
    var removal: String { header("", lifetime: .zero) }

    /// What the request's cookie holds; nil without one.
    func value(in facts: RequestFacts) -> String? { facts.cookie(name) }
}

extension HTTPFields {
    /// Adds a cookie beside those that are set already.
    mutating func addCookie(_ header: String) { append(HTTPField(name: .setCookie, value: header)) }
}

extension RequestFacts {
    /// A cookie's value; nil without it.
    func cookie(_ name: String) -> String? {
        for header in headers[values: .cookie] {
            for pair in header.split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2, String(parts[0]).trimmingSpaces() == name {
                    return String(parts[1]).trimmingSpaces()
                }
            }
        }
        return nil
    }
}
