import HTTPTypes
import Protocol

/// What browsers are told about pages of other origins (CORS, as the Fetch standard has it): those that are allowed may
/// read our answers, also with the refresh cookie; all others are told nothing, which keeps their scripts out.
struct CrossOrigin: Sendable {
    /// As browsers send them.
    let origins: Set<String>

    /// How long a browser may keep what a preflight told, in seconds.
    private static let maxAge = 3600
    private static let requestHeaders = [
        "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-Id",
    ]
    private static let exposedHeaders = [
        "Content-Disposition", "ETag", "Idempotency-Replayed", "Link", "Location", "RateLimit", "RateLimit-Policy",
        "Retry-After", "WWW-Authenticate", "X-Request-Id",
    ]

    /// Adds what an answer tells the page that asked; every answer differs by origin, and says so to caches.
    func tell(_ answer: inout RenderedAnswer, to facts: RequestFacts) {
        answer.headers.addVary("Origin")
        guard let origin = allowedOrigin(of: facts) else { return }
        answer.headers[.accessControlAllowOrigin] = origin
        answer.headers[.accessControlAllowCredentials] = "true"
        guard answer.headers[.accessControlAllowMethods] == nil else { return }
        answer.headers[.accessControlExposeHeaders] = Self.exposedHeaders.joined(separator: ", ")
    }

    /// The answer to a browser that asks, before its script's request, what an allowed page may do with a path; nil for
    /// any other request.
    ///
    /// - Parameter methods: those that are declared for the path.
    func preflight(_ facts: RequestFacts, methods: [String]) -> RenderedAnswer? {
        guard facts.method == .options, facts.headers[.accessControlRequestMethod] != nil,
            allowedOrigin(of: facts) != nil
        else { return nil }
        var answer = RenderedAnswer(status: .noContent, headers: [.cacheControl: "no-store"])
        answer.headers[.accessControlAllowMethods] = methods.joined(separator: ", ")
        answer.headers[.accessControlAllowHeaders] = Self.requestHeaders.joined(separator: ", ")
        answer.headers[.accessControlMaxAge] = String(Self.maxAge)
        answer.headers.addVary("Access-Control-Request-Method")
        return answer
    }

    private func allowedOrigin(of facts: RequestFacts) -> String? {
        facts.headers[.origin].flatMap { origins.contains($0) ? $0 : nil }
    }
}

extension HTTPFields {
    /// Says that the answer depends on a request header, beside those said already.
    mutating func addVary(_ name: String) {
        self[.vary] = self[.vary].map { "\($0), \(name)" } ?? name
    }
}
