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
            responses[String(status)] = Self.problems(codes.sorted { $0.rawValue < $1.rawValue }, status: status)
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
        let sample = try recorder.sample(of: output)
        var content: DocumentValue = [
            "application/json": ["schema": try schema(of: sample.schema, hasFields: route.options.hasFields)]
        ]
        if route.options.hasPage { content["text/html"] = ["schema": ["type": "string"]] }
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

    /// `?fields=` may leave out every member of an object, or of a page's items.
    private func schema(of output: OutputSchema, hasFields: Bool) throws -> DocumentValue {
        let whole = Self.schema(of: output)
        guard hasFields, case .object(let name) = output, let object = recorder.objects[name] else { return whole }
        var cut = Self.schema(of: object, isCut: true)
        if case .array(.object(let item))? = object.members["items"]?.schema, let row = recorder.objects[item] {
            cut["required"] = ["items", "nextCursor"]
            var properties = cut["properties"] ?? [:]
            properties["items"] = ["type": "array", "items": Self.schema(of: row, isCut: true)]
            cut["properties"] = properties
        }
        cut["description"] = "What `fields` asked for."
        return ["anyOf": [whole, cut]]
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

    private static func problems(_ codes: [ProblemCode], status: Int) -> DocumentValue {
        let lines = codes.map { "- `\($0.rawValue)`: \($0.title)" }
        var response: DocumentValue = [
            "description": .string(lines.joined(separator: "\n")),
            "content": [
                "application/problem+json": [
                    "schema": [
                        "allOf": [
                            ["$ref": "#/components/schemas/Problem"],
                            [
                                "properties": [
                                    "code": ["enum": .array(codes.map { .string($0.rawValue) })],
                                    "status": ["const": .integer(Int64(status))],
                                ]
                            ],
                        ]
                    ],
                    "example": example(of: codes[0]),
                ]
            ],
        ]
        response["headers"] =
            [429, 503].contains(status) ? named("X-Request-Id", "Retry-After") : named("X-Request-Id")
        return response
    }

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
