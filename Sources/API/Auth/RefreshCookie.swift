import HTTPTypes
import Protocol

/// The cookie in which pages keep their refresh token, out of their scripts' reach.
struct RefreshCookie: Sendable {
    static let name = "fitai_refresh"
    let isSecure: Bool
    /// Our pages' origins, such as `http://127.0.0.1:8080`; requests that use the cookie have to carry one.
    let origins: Set<String>

    /// The header that sets the token; nil removes it.
    func header(_ token: String?, lifetime: Duration) -> String {
        let age = token == nil ? 0 : lifetime.components.seconds
        let secure = isSecure ? "; Secure" : ""
        return "\(Self.name)=\(token ?? ""); Path=/v1/auth; Max-Age=\(age); HttpOnly; SameSite=Strict\(secure)"
    }

    /// The token in the request's cookies, if there is one.
    func token(in facts: RequestFacts) -> String? { facts.cookie(Self.name) }

    /// Throws `originRefused` unless the request comes from one of our pages.
    func checkOrigin(of facts: RequestFacts) throws(Problem) {
        guard let origin = facts.headers[.origin], origins.contains(origin) else { throw Problem(.originRefused) }
    }
}
