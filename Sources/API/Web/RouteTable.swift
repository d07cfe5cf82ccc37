import HTTPTypes
import Protocol

/// All routes, each declared once: its handler's types say who may call it, what it reads and what it answers.
package struct RouteTable: Sendable {
    /// In the order of their declaration, for the specification.
    package private(set) var routes: [Route] = []
    private(set) var tree = RouteTree<Endpoint>()

    /// A route with the typed way through it closed over.
    struct Endpoint: Sendable {
        let route: Route
        let respond: @Sendable (Exchange) async throws -> RenderedAnswer
    }

    package init() {}

    /// Declares a route. A path and method that exist already are a mistake of ours and stop the process.
    package mutating func add<Who: Caller, Query: RouteQuery, Body: RouteBody, Output: Encodable & Sendable>(
        _ method: HTTPRequest.Method, _ path: String, _ summary: String, status: HTTPResponse.Status = .ok,
        _ options: RouteOptions,
        use handler: @escaping @Sendable (Call<Who, Query, Body>) async throws -> Answer<Output>
    ) {
        var options = options
        // Of every list one may ask for some members only.
        options.hasFields =
            options.hasFields || (method == .get && Query.parameters.contains(PageRequest.cursor.schema))
        let route = Route(
            method: method, path: path, summary: summary, access: Who.access,
            query: Query.parameters + (options.hasFields ? [FieldSelection.parameter] : []), body: Body.shape,
            output: Output.self, status: status, options: options)
        precondition(
            !options.isKeyed || !(Output.self is any MediaOutput.Type),
            "\(method) \(path): an answer of bytes is not kept under a key")
        let endpoint = Endpoint(route: route) { exchange in try await exchange.run(route, handler) }
        let isNew = tree.insert(endpoint, method: method.rawValue, path: path)
        precondition(isNew, "\(method) \(path) is declared twice")
        routes.append(route)
    }

    /// Declares a GET, by default tagged for nobody and paid as a read.
    package mutating func get<Who: Caller, Query: RouteQuery, Output: Encodable & Sendable>(
        _ path: String, _ summary: String, _ options: RouteOptions = RouteOptions(),
        use handler: @escaping @Sendable (Call<Who, Query, NoBody>) async throws -> Answer<Output>
    ) {
        add(.get, path, summary, options, use: handler)
    }

    /// Declares a POST, by default paid as a write.
    package mutating func post<Who: Caller, Query: RouteQuery, Body: RouteBody, Output: Encodable & Sendable>(
        _ path: String, _ summary: String, status: HTTPResponse.Status = .ok,
        _ options: RouteOptions = RouteOptions(limit: .write),
        use handler: @escaping @Sendable (Call<Who, Query, Body>) async throws -> Answer<Output>
    ) {
        add(.post, path, summary, status: status, options, use: handler)
    }

    /// Declares a PUT, by default paid as a write.
    package mutating func put<Who: Caller, Query: RouteQuery, Body: RouteBody, Output: Encodable & Sendable>(
        _ path: String, _ summary: String, _ options: RouteOptions = RouteOptions(limit: .write),
        use handler: @escaping @Sendable (Call<Who, Query, Body>) async throws -> Answer<Output>
    ) {
        add(.put, path, summary, options, use: handler)
    }

    /// Declares a DELETE that answers 204, by default paid as a write.
    package mutating func delete<Who: Caller, Query: RouteQuery>(
        _ path: String, _ summary: String, _ options: RouteOptions = RouteOptions(limit: .write),
        use handler: @escaping @Sendable (Call<Who, Query, NoBody>) async throws -> Answer<NoContent>
    ) {
        add(.delete, path, summary, status: .noContent, options, use: handler)
    }
}

/// `?fields=id,name`
enum FieldSelection {
    static let field = Field.optional(
        "fields", .list(of: .text(1...64), count: 1...50),
        "Only these members of the answer, or of its items; what is left is a \(mediaType).")
    static var parameter: MemberSchema { field.schema }
    /// Of an answer that was cut: it lacks members that the whole one always has.
    static let mediaType = "application/vnd.fitai.partial+json"
}
