import HTTPTypes
import Logging
import Protocol

/// What is known of a request before its route has read anything.
package struct RequestFacts: Sendable {
    /// From `X-Request-Id` or made here; also in the log and in problems.
    package let id: String
    package let method: HTTPRequest.Method
    /// Without the query.
    package let path: String
    package let query: String?
    package let headers: HTTPFields
    /// The client's address, as far as the proxies are trusted.
    package let address: String
    package let receivedAt: Timestamp

    /// The user agent, cut to 200 characters.
    package var userAgent: String? { headers[.userAgent].map { $0.cut(to: 200) } }
}

/// One call of a route: who calls, with which parameters, query and body.
package struct Call<Who: Caller, Query: RouteQuery, Body: RouteBody>: Sendable {
    package let caller: Who
    package let query: Query
    package let body: Body
    package let facts: RequestFacts
    package let seed: CallSeed
    package let logger: Logger
    /// Throws `sessionEnded` when the caller's session is over by now: what works for long asks before it changes anything.
    let checkOpen: @Sendable () throws -> Void
    let parameters: [String: String]

    /// The path parameter as an id; what is not an id names nothing: `notFound`.
    package func id(_ name: String) throws(Problem) -> UUIDv7 {
        precondition(name.isNameOfID, "\(name): the specification knows an id by its name")
        guard let id = UUIDv7(text(name)) else { throw Problem(.notFound) }
        return id
    }

    /// The path parameter as text; the name must stand in the route's path.
    package func text(_ name: String) -> String {
        guard let value = parameters[name] else { preconditionFailure("the route has no parameter \(name)") }
        return value
    }

    /// Checks `If-Match` against the resource as it is: `preconditionFailed` when it names another version.
    package func checkMatch(_ current: EntityTag) throws(Problem) {
        guard let header = facts.headers[.ifMatch] else { return }
        if !current.isNamed(in: header, .strong) { throw Problem(.preconditionFailed) }
    }
}

/// What a handler gives back.
package struct Answer<Output: Encodable & Sendable>: Sendable {
    package var output: Output
    /// One of those the route declares; nil for its usual one.
    package var status: HTTPResponse.Status?
    package var entityTag: EntityTag?
    package var headers: HTTPFields
    /// The same as a page, for those who ask with a browser.
    package var page: LinkPage?

    package init(_ output: Output, entityTag: EntityTag? = nil, headers: HTTPFields = [:], page: LinkPage? = nil) {
        self.output = output
        self.entityTag = entityTag
        self.headers = headers
        self.page = page
    }
}

/// An answer without a body, 202 or 204.
package struct NoContent: Encodable, Sendable {
    package init() {}
}

extension Answer where Output == NoContent {
    package static var done: Answer { Answer(NoContent()) }
}
