import HTTPTypes
import Protocol

/// The cookie in which pages keep their refresh token, out of their scripts' reach.
struct RefreshCookie: Sendable {
    let isSecure: Bool
    /// Our pages' origins, such as `http://127.0.0.1:8080`; requests that use the cookie have to carry one.
    let origins: Set<String>
    private let cookie: SiteCookie

    init(isSecure: Bool, origins: Set<String>) {
        self.isSecure = isSecure
        self.origins = origins
        cookie = SiteCookie("fitai_refresh", isSecure: isSecure)
    }

    /// The header that sets the token until it expires.
    func header(_ opened: Sessions.Opened, at time: Timestamp) -> String {
        cookie.header(opened.refreshToken.text, lifetime: opened.refreshExpiresAt - time)
    }

    /// The header that removes the token.
    var removal: String { cookie.removal }

    /// The token in the request's cookies, if there is one.
    func token(in facts: RequestFacts) -> String? { cookie.value(in: facts) }

    /// Throws `originRefused` unless the request comes from one of our pages.
    func checkOrigin(of facts: RequestFacts) throws(Problem) {
        guard let origin = facts.headers[.origin], origins.contains(origin) else { throw Problem(.originRefused) }
    }
}
