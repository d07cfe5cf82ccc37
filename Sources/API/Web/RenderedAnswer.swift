import Foundation
import HTTPTypes
import Protocol

/// An output that holds its JSON already.
package protocol RenderedOutput: Encodable, Sendable {
    var json: [UInt8] { get }
}

/// An answer as bytes, before transport matters such as compression are added.
package struct RenderedAnswer: Sendable {
    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: [UInt8]
    /// What is sent in the body's place while it is made.
    var stream: DownloadStream?

    package init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Any problem as problem+json, or as the page given in its place; the one place that renders errors.
    package init(_ problem: Problem, page: LinkPage? = nil) {
        status = HTTPResponse.Status(code: problem.status)
        headers = [.contentType: "application/problem+json", .cacheControl: "no-store"]
        if let seconds = problem.retryAfterSeconds { headers[.retryAfter] = String(seconds) }
        if problem.status == 401 { headers[.wwwAuthenticate] = "Bearer" }
        body = RenderedAnswer.json(problem)
        if let page { show(page) }
    }

    /// Renders a route's output: JSON with sorted names, cut to `fields`, with its entity tag.
    package init<Output>(_ answer: Answer<Output>, of route: Route, for facts: RequestFacts, fields: [String]?) throws {
        status = answer.status ?? route.status
        precondition(
            status == route.status || route.options.alsoAnswers.contains(status),
            "\(route.path): \(status) is not declared")
        headers = answer.headers
        if let page = answer.page, facts.headers.acceptPages {
            body = []
            show(page)
            return
        }
        if let output = (answer.output as? any MediaOutput) ?? (answer.output as? any LaterOutput)?.download {
            body = []
            take(output, entityTag: answer.entityTag, of: route, for: facts)
            return
        }
        guard !(answer.output is NoContent) else {
            body = []
            headers[.cacheControl] = "no-store"
            return
        }
        let bytes =
            try (answer.output as? any RenderedOutput).map { Data($0.json) }
            ?? RenderedAnswer.encoder.encode(answer.output)
        body = try fields.map { try RenderedAnswer.cut(bytes, to: $0) } ?? Array(bytes)
        headers[.contentType] = fields == nil ? "application/json" : FieldSelection.mediaType
        tag(answer.entityTag, caching: route.options.caching, access: route.access)
        spareKnown(by: facts, of: route)
    }

    private mutating func show(_ page: LinkPage) {
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.cacheControl] = "no-store"
        headers[.contentSecurityPolicy] = LinkPage.policy
        body = Array(page.html.utf8)
    }

    private mutating func take(
        _ output: any MediaOutput, entityTag: EntityTag?, of route: Route, for facts: RequestFacts
    ) {
        headers[.contentType] = output.type.isText ? "\(output.type); charset=utf-8" : output.type.name
        headers[.contentDisposition] = output.disposition?.description
        switch output.content {
        case .bytes(let bytes):
            body = bytes
            tag(entityTag, caching: route.options.caching, access: route.access)
        case .stream(let size, let write):
            stream = DownloadStream(sizeBytes: size, write: write)
            // What is made while it is sent cannot be hashed before: its tag is given or there is none.
            tag(entityTag, caching: entityTag == nil ? .none : route.options.caching, access: route.access)
        }
        spareKnown(by: facts, of: route)
    }

    /// Turns into 304 what the client says it has.
    private mutating func spareKnown(by facts: RequestFacts, of route: Route) {
        if route.method == .get, let tag = headers[.eTag], let known = facts.headers[.ifNoneMatch],
            EntityTag(quoted: tag).isNamed(in: known, .weak)
        {
            status = .notModified
            headers[.contentType] = nil
            headers[.contentDisposition] = nil
            body = []
            stream = nil
        }
    }

    private mutating func tag(_ given: EntityTag?, caching: Caching, access: Access) {
        switch caching {
        case .none:
            headers[.cacheControl] = access == .anyone ? "no-store" : "private, no-store"
            if let given { headers[.eTag] = given.description }
        case .tagged:
            headers[.cacheControl] = "private, no-store"
            headers[.eTag] = (given ?? EntityTag(hashing: body)).description
        case .revalidated:
            headers[.cacheControl] = "private, no-cache"
            headers[.eTag] = (given ?? EntityTag(hashing: body)).description
        case .shared(let seconds):
            headers[.cacheControl] = "public, max-age=\(seconds)"
            headers[.eTag] = (given ?? EntityTag(hashing: body)).description
        }
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    private static func json(_ problem: Problem) -> [UInt8] {
        // A problem holds only strings and numbers, which always encode.
        guard let data = try? encoder.encode(problem) else { return [] }
        return Array(data)
    }

    /// Keeps the named members of an object, or of each item of a page.
    private static func cut(_ bytes: Data, to fields: [String]) throws -> [UInt8] {
        func kept(_ value: Any) throws -> Any {
            guard let members = value as? [String: Any] else { return value }
            let faults = fields.filter { members[$0] == nil }.map { name in
                Problem.Fault(pointer: "?fields", code: .notAllowed, detail: "There is no field \(name).")
            }
            guard faults.isEmpty else { throw Problem(.invalidValues, errors: faults) }
            return members.filter { fields.contains($0.key) }
        }
        var document = try JSONSerialization.jsonObject(with: bytes)
        if var page = document as? [String: Any], let items = page["items"] as? [Any] {
            page["items"] = try items.map(kept)
            document = page
        } else {
            document = try kept(document)
        }
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try JSONSerialization.data(withJSONObject: document, options: options))
    }
}

/// The content of an answer that is made while it is sent.
struct DownloadStream: Sendable {
    let sizeBytes: Int?
    let write: @Sendable (inout DownloadWriter) async throws -> Void
}

extension EntityTag {
    /// A tag as it stands in a header.
    init(quoted text: String) { self.init(String(text.dropFirst().dropLast())) }
}
