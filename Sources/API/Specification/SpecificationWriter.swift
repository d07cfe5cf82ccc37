import HTTPTypes
import Protocol

/// Writes the document of a set of routes.
struct SpecificationWriter {
    let version: String
    let recorder = SchemaRecorder()
    /// Bodies by component name; filled while operations are written.
    private var bodies: [String: DocumentValue] = [:]

    init(version: String) { self.version = version }

    func document(of routes: [Route]) throws -> DocumentValue {
        var writer = self
        return try writer.write(routes)
    }

    private mutating func write(_ routes: [Route]) throws -> DocumentValue {
        // Answers first: a body of the same name as an answer is told apart by an ending.
        _ = try recorder.sample(of: Problem.self)
        for case let output as any Decodable.Type in routes.map(\.output) { _ = try recorder.sample(of: output) }
        var paths: [String: DocumentValue] = [:]
        for route in routes {
            let path = SpecificationWriter.template(of: route.path)
            var item = paths[path] ?? [:]
            item[route.method.rawValue.lowercased()] = try operation(of: route)
            paths[path] = item
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "FitAI", "version": .string(version), "description": .string(SpecificationWriter.summary),
            ],
            "servers": [["url": "/"]],
            "tags": .array(Set(routes.map(\.tag)).sorted().map { ["name": .string($0)] }),
            "paths": .object(paths),
            "components": [
                "schemas": .object(try schemas(of: routes)),
                "headers": .object(SpecificationWriter.headers),
                "securitySchemes": [
                    "accessToken": [
                        "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                        "description": "The accessToken of /v1/auth/login, /v1/auth/register and /v1/auth/refresh.",
                    ]
                ],
            ],
        ]
    }

    private func schemas(of routes: [Route]) throws -> [String: DocumentValue] {
        let objects = recorder.objects.mapValues { SpecificationWriter.schema(of: $0) }
        var schemas: [String: DocumentValue] = [:]
        for kind in [bodies, objects, try enumerations(of: routes), Self.problemSchemas(of: routes)] {
            try schemas.merge(kind) { _, _ in throw SchemaFault(description: "two schemas have one name") }
        }
        return schemas
    }

    private mutating func operation(of route: Route) throws -> DocumentValue {
        var operation: DocumentValue = [
            "operationId": .string(route.operationId), "summary": .string(route.summary),
            "tags": [.string(route.tag)], "responses": .object(try responses(of: route)),
        ]
        let parameters = try SpecificationWriter.parameters(of: route).map { parameter in
            parameter["name"] == .string(FieldSelection.field.name)
                ? try naming(membersOf: route, in: parameter) : parameter
        }
        if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
        operation["security"] = route.access == .anyone ? [] : [["accessToken": []]]
        switch route.access {
        case .verified: operation["description"] = "For users whose email address is verified."
        case .admin: operation["description"] = "For administrators."
        case .anyone, .user: break
        }
        if let body = route.body { operation["requestBody"] = try requestBody(of: body) }
        return operation
    }

    private mutating func requestBody(of body: BodyShape) throws -> DocumentValue {
        guard body.media.isEmpty else { return SpecificationWriter.content(ofBytes: body) }
        let members = SpecificationWriter.schema(of: body.members)
        let answer = recorder.objects[body.name] != nil
        let name = answer ? body.name + "Body" : body.name
        if let other = bodies[name], other != members {
            throw SchemaFault(description: "two bodies are called \(name)")
        }
        bodies[name] = members
        let schema: DocumentValue = ["$ref": .string("#/components/schemas/\(name)")]
        var content: DocumentValue = ["application/json": ["schema": schema, "example": Examples.object(body.members)]]
        if body.hasForm { content["application/x-www-form-urlencoded"] = ["schema": schema] }
        return ["required": .boolean(body.isRequired), "content": content]
    }

    /// A body that is taken as bytes; of a form the part with the file is named.
    private static func content(ofBytes body: BodyShape) -> DocumentValue {
        var content: [String: DocumentValue] = [:]
        for type in body.media {
            var schema = bytes(of: type)
            if let part = body.filePart, type.name.hasPrefix("multipart/") {
                schema = ["type": "object", "required": [.string(part)], "properties": .object([part: bytes(of: nil)])]
            }
            content[type.name] = ["schema": schema]
        }
        return ["required": .boolean(body.isRequired), "content": .object(content)]
    }

    /// Bytes of a media type, which JSON Schema sees as text.
    static func bytes(of type: MediaType?) -> DocumentValue {
        type?.isText == true ? ["type": "string"] : ["type": "string", "format": "binary"]
    }

    /// `/v1/users/:userId` as `/v1/users/{userId}`.
    static func template(of path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : String($0) }.joined(separator: "/")
    }

    private static let summary = """
        A fitness backend: accounts, the exercise library, workouts, progress and people. Ids are UUIDv7, times RFC \
        3339 in UTC with milliseconds, weights kilograms. Unknown members of a body are ignored, unknown query \
        parameters refused. Lists are asked for page by page: `cursor` takes the `nextCursor` of the page before. \
        Every error is a problem (RFC 9457) with a stable `code`; 422 tells every fault at once. An unknown path is \
        404, another method 405 with `Allow`; each GET also takes HEAD. The live protocol has a specification of its \
        own.
        """
}

extension Route {
    /// The feature, for grouping: the path's first segment under /v1.
    var tag: String {
        let segments = path.split(separator: "/").map(String.init)
        return segments.first == "v1" ? segments.dropFirst().first ?? "server" : "server"
    }

    /// A name for generated clients: `GET /v1/users/:userId` is getUsersByUserId.
    var operationId: String {
        let words = path.split { "/.-_".contains($0) }.filter { $0 != "v1" }.map { segment in
            segment.hasPrefix(":")
                ? "By" + String(segment.dropFirst()).capitalizedFirst : String(segment).capitalizedFirst
        }
        return method.rawValue.lowercased() + words.joined()
    }
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
