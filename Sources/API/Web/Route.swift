import HTTPTypes
import Protocol

/// The declaration of one route; routing, decoding and the specification all use it.
package struct Route: Sendable {
    package let method: HTTPRequest.Method
    /// With parameters as `:name`.
    package let path: String
    package let summary: String
    package let access: Access
    package let query: [MemberSchema]
    package let body: BodyShape?
    package let output: any (Encodable & Sendable).Type
    package let status: HTTPResponse.Status
    package let options: RouteOptions

    /// Everything the route may answer besides its success, the common problems included.
    package var problems: [ProblemCode] {
        var codes = options.problems + [.tooManyRequests, .internalError, .unavailable]
        if access != .anyone { codes += [.unauthenticated, .tokenExpired, .sessionEnded] }
        if access == .verified { codes.append(.emailUnverified) }
        if access == .admin { codes.append(.forbidden) }
        if codes.contains(.forbidden) { codes.append(.secondFactorMissing) }
        if body != nil { codes += [.malformedBody, .unsupportedMediaType, .bodyTooLarge, .requestTimeout] }
        if body != nil || !options.ignoresUnknownQuery || !query.isEmpty { codes.append(.invalidValues) }
        if path.contains(":") { codes.append(.notFound) }
        if options.isKeyed { codes += [.malformedRequest, .idempotencyKeyInUse, .idempotencyKeyReused] }
        var seen: Set<ProblemCode> = []
        return codes.filter { seen.insert($0).inserted }
    }
}

/// What a route needs said beyond its types.
package struct RouteOptions: Sendable {
    /// The problems of this route's own rules.
    package var problems: [ProblemCode]
    package var limit: LimitClass
    /// Whether an `Idempotency-Key` is honoured (all POSTs that create, and writes to workouts).
    package var isKeyed: Bool
    /// Whether `?fields=` may cut the answer.
    package var hasFields: Bool
    package var caching: Caching
    /// The largest body, in bytes.
    package var bodyLimit: Int
    /// How long the body may take to arrive; nil for the server's usual limit.
    package var bodyTimeout: Duration?
    /// How long the handler may take; nil for the server's usual limit.
    package var handlerTimeout: Duration?
    /// Statuses of success besides the declared one, such as 202 for what takes longer; the body is the same.
    package var alsoAnswers: [HTTPResponse.Status]
    /// For links in mails, to which mail programs may add parameters.
    package var ignoresUnknownQuery: Bool
    /// For links that people follow: a browser gets pages, and this tells what to do where the link does not work.
    package var linkAdvice: String?

    package init(
        problems: [ProblemCode] = [], limit: LimitClass = .read, isKeyed: Bool = false, hasFields: Bool = false,
        caching: Caching = .none, bodyLimit: Int = 1 << 20, bodyTimeout: Duration? = nil,
        handlerTimeout: Duration? = nil, alsoAnswers: [HTTPResponse.Status] = [], ignoresUnknownQuery: Bool = false,
        linkAdvice: String? = nil
    ) {
        self.problems = problems
        self.limit = limit
        self.isKeyed = isKeyed
        self.hasFields = hasFields
        self.caching = caching
        self.bodyLimit = bodyLimit
        self.bodyTimeout = bodyTimeout
        self.handlerTimeout = handlerTimeout
        self.alsoAnswers = alsoAnswers
        self.ignoresUnknownQuery = ignoresUnknownQuery
        self.linkAdvice = linkAdvice
    }
}

/// How answers may be kept.
package enum Caching: Sendable {
    /// Never.
    case none
    /// Never, but the answer carries an entity tag for `If-None-Match` and `If-Match`.
    case tagged
    /// By the client, which has to ask each time whether the tag still holds.
    case revalidated
    /// By anyone for so many seconds.
    case shared(seconds: Int)
}

/// Which bucket a call is paid from.
package enum LimitClass: String, Sendable, CaseIterable, Hashable {
    case read, write, account
}
