import HTTPTypes
import Protocol

extension SpecificationWriter {
    /// Headers that responses name.
    static let headers: [String: DocumentValue] = [
        "ETag": header("Names this version of the resource."),
        "Location": header("Where the new resource is."),
        "Retry-After": [
            "description": "Seconds after which to try again.", "schema": ["type": "integer", "minimum": 0],
        ],
        "X-Request-Id": header("Under which the server's log knows the request."),
    ]

    private static func header(_ description: String) -> DocumentValue {
        ["description": .string(description), "schema": ["type": "string"]]
    }

    private static func named(_ names: String...) -> DocumentValue {
        .object(
            Dictionary(
                uniqueKeysWithValues: names.map { ($0, ["$ref": .string("#/components/headers/\($0)")]) }))
    }

    /// Every status a route answers with, the body of each, and for problems which.
    func responses(of route: Route) throws -> [String: DocumentValue] {
        var responses: [String: DocumentValue] = [:]
        for status in [route.status] + route.options.alsoAnswers {
            responses[String(status.code)] = try success(of: route, status)
        }
        if route.method == .get, route.options.caching.isTagged {
            responses["304"] = [
                "description": "The version that If-None-Match names still holds.", "headers": Self.named("ETag"),
            ]
        }
        for (status, codes) in Dictionary(grouping: route.problems, by: \.status) {
            responses[String(status)] = Self.problems(Self.sorted(codes), of: route)
        }
        return responses
    }

    private func success(of route: Route, _ status: HTTPResponse.Status) throws -> DocumentValue {
        var response: DocumentValue = ["description": .string(status.reasonPhrase)]
        var headers = ["X-Request-Id"]
        if route.options.caching.isTagged { headers.append("ETag") }
        if status == .created || status == .accepted && !route.options.alsoAnswers.isEmpty {
            headers.append("Location")
        }
        response["headers"] = .object(
            Dictionary(uniqueKeysWithValues: headers.map { ($0, ["$ref": .string("#/components/headers/\($0)")]) }))
        guard route.output != NoContent.self else { return response }
        if let output = media(of: route, status) {
            let content = output.declaredTypes.map { ($0.name, ["schema": Self.bytes(of: $0)] as DocumentValue) }
            response["content"] = .object(Dictionary(uniqueKeysWithValues: content))
            return response
        }
        let later: (any Decodable.Type)? = (route.output as? any LaterOutput.Type)?.laterType
        guard let output = later ?? route.output as? any Decodable.Type else {
            throw SchemaFault(description: "\(route.path): \(route.output) is no Decodable, so its shape is not found")
        }
        let schema = try recorder.sample(of: output).schema
        var content: DocumentValue = ["application/json": ["schema": Self.schema(of: schema)]]
        if route.options.hasFields, let partial = partial(of: schema) {
            content[FieldSelection.mediaType] = ["schema": partial]
        }
        if route.options.linkAdvice != nil { content["text/html"] = ["schema": ["type": "string"]] }
        response["content"] = content
        return response
    }

    /// Nil where the answer is JSON.
    private func media(of route: Route, _ status: HTTPResponse.Status) -> (any MediaOutput.Type)? {
        if let output = route.output as? any LaterOutput.Type {
            return status == route.status ? output.downloadType : nil
        }
        return route.output as? any MediaOutput.Type
    }

    /// What `?fields=` leaves: it may lack every member of the object, or of a page's items.
    private func partial(of output: OutputSchema) -> DocumentValue? {
        guard case .object(let name) = output, let object = recorder.objects[name] else { return nil }
        var cut = Self.schema(of: object, isCut: true)
        if case .array(.object(let item))? = object.members["items"]?.schema, let row = recorder.objects[item] {
            cut["required"] = .array(object.members.filter(\.value.isRequired).keys.sorted().map { .string($0) })
            var properties = cut["properties"] ?? [:]
            properties["items"] = ["type": "array", "items": Self.schema(of: row, isCut: true)]
            cut["properties"] = properties
        }
        cut["description"] = "What `fields` asked for."
        return cut
    }

    /// Which members `?fields=` may name: those of the answer, or of a page's items.
    func naming(membersOf route: Route, in parameter: DocumentValue) throws -> DocumentValue {
        guard let output = route.output as? any Decodable.Type,
            case .object(let name) = try recorder.sample(of: output).schema, let object = recorder.objects[name]
        else { return parameter }
        var members = object.members
        if case .array(.object(let item))? = members["items"]?.schema {
            members = recorder.objects[item]?.members ?? [:]
        }
        var (parameter, schema) = (parameter, parameter["schema"] ?? [:])
        schema["items"] = ["type": "string", "enum": .array(members.keys.sorted().map { .string($0) })]
        parameter["schema"] = schema
        return parameter
    }

    private static func problems(_ codes: [ProblemCode], of route: Route) -> DocumentValue {
        let lines = codes.map { "- `\($0.rawValue)`: \($0.title)" }
        let needsWait = [429, 503].contains(codes[0].status)
        var content: DocumentValue = [
            "application/problem+json": [
                "schema": ["$ref": .string("#/components/schemas/\(problemName(codes))")],
                "example": example(of: codes[0]),
            ]
        ]
        if route.options.linkAdvice != nil { content["text/html"] = ["schema": ["type": "string"]] }
        return [
            "description": .string(lines.joined(separator: "\n")),
            "headers": needsWait ? named("X-Request-Id", "Retry-After") : named("X-Request-Id"),
            "content": content,
        ]
    }

    /// The problems that routes answer with one status, each such set once: a Problem whose codes are known.
    static func problemSchemas(of routes: [Route]) -> [String: DocumentValue] {
        let sets = routes.flatMap { Dictionary(grouping: $0.problems, by: \.status).values.map(sorted) }
        let named = sets.map { codes -> (String, DocumentValue) in
            let status = Int64(codes[0].status)
            // Bounds and no `const`: generators that merge the members of both schemas know how to merge two integers.
            let narrowed: DocumentValue = [
                "type": "object",
                "properties": [
                    "code": ["type": "string", "enum": .array(codes.map { .string($0.rawValue) })],
                    "status": ["type": "integer", "minimum": .integer(status), "maximum": .integer(status)],
                ],
            ]
            return (problemName(codes), ["allOf": [["$ref": "#/components/schemas/Problem"], narrowed]])
        }
        return Dictionary(named, uniquingKeysWith: { first, _ in first })
    }

    /// EmailTakenOrUsernameTakenProblem.
    private static func problemName(_ codes: [ProblemCode]) -> String {
        codes.map(\.rawValue.capitalizedFirst).joined(separator: "Or") + "Problem"
    }

    private static func sorted(_ codes: [ProblemCode]) -> [ProblemCode] { codes.sorted { $0.rawValue < $1.rawValue } }

    private static func example(of code: ProblemCode) -> DocumentValue {
        var example: DocumentValue = [
            "type": .string("urn:fitai:problem:\(code.rawValue)"), "title": .string(code.title),
            "status": .integer(Int64(code.status)), "code": .string(code.rawValue),
            "requestId": .string(Examples.id.description),
        ]
        if code == .invalidValues {
            example["errors"] = [
                ["pointer": "/weightKg", "code": "outOfRange", "detail": "Must be 0.0 to 1000.0."]
            ]
        }
        return example
    }
}
