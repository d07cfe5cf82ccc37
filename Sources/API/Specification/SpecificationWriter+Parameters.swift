import HTTPTypes
import Protocol

extension SpecificationWriter {
    /// Path, query and header parameters of a route.
    static func parameters(of route: Route) -> [DocumentValue] {
        let path = route.path.split(separator: "/").filter { $0.hasPrefix(":") }.map { pathParameter($0.dropFirst()) }
        return path + route.query.map { queryParameter($0) } + headerParameters(of: route)
    }

    private static func pathParameter(_ name: Substring) -> DocumentValue {
        let isId = String(name).isNameOfID
        return [
            "name": .string(String(name)), "in": "path", "required": true,
            "schema": isId
                ? schema(of: .string(length: nil, format: "uuid")) : ["type": "string", "minLength": 1],
            "example": isId ? .string(Examples.id.description) : .string(Examples.text(for: String(name))),
        ]
    }

    private static func queryParameter(_ member: MemberSchema) -> DocumentValue {
        var parameter: DocumentValue = [
            "name": .string(member.name), "in": "query", "required": .boolean(member.isRequired),
            "description": .string(member.summary), "schema": schema(of: member.schema),
        ]
        if case .array = member.schema {
            parameter["style"] = "form"
            parameter["explode"] = false
        }
        return parameter
    }

    private static func headerParameters(of route: Route) -> [DocumentValue] {
        func header(_ name: String, _ description: String, _ schema: DocumentValue) -> DocumentValue {
            [
                "name": .string(name), "in": "header", "required": false, "description": .string(description),
                "schema": schema,
            ]
        }
        var parameters: [DocumentValue] = []
        if route.options.isKeyed {
            let schema: DocumentValue = ["type": "string", "pattern": "^[!-~]{1,200}$"]
            parameters.append(
                header("Idempotency-Key", "A repeat with the same key and body gets the first answer again.", schema))
        }
        if route.options.problems.contains(.preconditionFailed) {
            parameters.append(
                header("If-Match", "The ETag that the change is meant for; another one is 412.", ["type": "string"]))
        }
        if route.method == .get, route.options.caching.isTagged {
            parameters.append(
                header("If-None-Match", "The ETag the client has; when it still holds, 304.", ["type": "string"]))
        }
        return parameters
    }
}

extension Caching {
    /// Whether every answer carries an entity tag.
    var isTagged: Bool { if case .none = self { false } else { true } }
}

extension String {
    /// Whether a path parameter of this name is an id.
    var isNameOfID: Bool { self == "id" || hasSuffix("Id") }
}
