import Foundation
import Protocol
import Synchronization

/// The OpenAPI 3.1 document of a set of routes, made from the declarations that route and decode.
package final class Specification: Sendable {
    package static let path = "/v1/openapi.json"

    private let routes: [Route]
    private let version: String
    private let made = Mutex<SpecificationDocument?>(nil)

    init(of routes: [Route], version: String) {
        self.routes = routes
        self.version = version
    }

    /// The document, made at the first call.
    ///
    /// - Throws: `SchemaFault` for an output type whose shape cannot be found; a test makes the document of all routes.
    package func document() throws -> SpecificationDocument {
        try made.withLock { made in
            if let made { return made }
            let document = try SpecificationDocument(SpecificationWriter(version: version).document(of: routes))
            made = document
            return document
        }
    }
}

/// A finished document, with the bytes that are served.
package struct SpecificationDocument: Sendable, RenderedOutput {
    package let value: DocumentValue
    package let json: [UInt8]
    let entityTag: EntityTag

    init(_ value: DocumentValue) throws {
        self.value = value
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        json = Array(try encoder.encode(value))
        entityTag = EntityTag(hashing: json)
    }
}

extension SpecificationDocument: Encodable {
    package func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

extension SpecificationDocument: DeclaredSchema {
    package static let outputSchema = OutputSchema.anyObject

    package init(from decoder: any Decoder) throws { try self.init(DocumentValue(from: decoder)) }

    package static func sample(for member: String) -> SpecificationDocument {
        do {
            return try SpecificationDocument(["openapi": "3.1.0"])
        } catch {
            preconditionFailure("one member does not encode: \(error)")
        }
    }
}

extension RouteTable {
    /// Declares the route that serves the specification of all routes in the table, itself included.
    mutating func declareSpecification(version: String) -> Specification {
        let summary = "This specification"
        let options = RouteOptions(caching: .shared(seconds: 300))
        var described = self
        described.get(Specification.path, summary, options) {
            (call: Call<Anyone, NoQuery, NoBody>) -> Answer<SpecificationDocument> in throw Problem(.notFound)
        }
        let specification = Specification(of: described.routes, version: version)
        get(Specification.path, summary, options) {
            (call: Call<Anyone, NoQuery, NoBody>) -> Answer<SpecificationDocument> in
            let document = try specification.document()
            return Answer(document, entityTag: document.entityTag)
        }
        return specification
    }
}
