import Protocol

extension SpecificationWriter {
    /// A UUIDv7 as the readers of bodies and paths take it.
    static let idPattern =
        "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"

    /// An object that is sent.
    static func schema(of members: [MemberSchema]) -> DocumentValue {
        var properties: [String: DocumentValue] = [:]
        for member in members { properties[member.name] = schema(of: member) }
        var object: DocumentValue = ["type": "object", "properties": .object(properties)]
        let required = members.filter(\.isRequired).map(\.name).sorted()
        if !required.isEmpty { object["required"] = .array(required.map { .string($0) }) }
        return object
    }

    static func schema(of member: MemberSchema) -> DocumentValue {
        var schema = schema(of: member.schema)
        if member.isNullable { schema = nullable(schema) }
        schema["description"] = .string(member.summary)
        return schema
    }

    /// A value that is sent, with its bounds.
    static func schema(of value: ValueSchema) -> DocumentValue {
        switch value {
        // The format makes it a UUID in generated clients, the pattern says which version.
        case .string(_, "uuid", _): return ["type": "string", "format": "uuid", "pattern": .string(idPattern)]
        case .string(let length, let format, let pattern):
            var schema: DocumentValue = ["type": "string"]
            if let format { schema["format"] = .string(format) }
            if let pattern { schema["pattern"] = .string(pattern) }
            if let length {
                schema["minLength"] = .integer(Int64(length.lowerBound))
                schema["maxLength"] = .integer(Int64(length.upperBound))
            }
            return schema
        case .choice(_, let name): return ["$ref": .string("#/components/schemas/\(name)")]
        case .integer(let range):
            return [
                "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
            ]
        case .number(let range, let step):
            var schema: DocumentValue = [
                "type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound),
            ]
            if let step { schema["multipleOf"] = .number(step) }
            return schema
        case .boolean: return ["type": "boolean"]
        case .array(let item, let count, let isDistinct):
            var schema: DocumentValue = [
                "type": "array", "items": Self.schema(of: item), "minItems": .integer(Int64(count.lowerBound)),
                "maxItems": .integer(Int64(count.upperBound)),
            ]
            if isDistinct { schema["uniqueItems"] = true }
            return schema
        case .object(_, let members): return schema(of: members)
        }
    }

    /// The enumerations of bodies, queries and answers, each once: one type in generated clients, wherever it stands.
    func enumerations(of routes: [Route]) throws -> [String: DocumentValue] {
        var found = recorder.enumerations
        func look(at schema: ValueSchema) throws {
            switch schema {
            case .choice(let choices, let name):
                if let known = found[name], known != choices {
                    throw SchemaFault(description: "two enumerations are called \(name)")
                }
                found[name] = choices
            case .array(let item, _, _): try look(at: item)
            case .object(_, let members): for member in members { try look(at: member.schema) }
            case .string, .integer, .number, .boolean: break
            }
        }
        for route in routes {
            for member in route.query + (route.body?.members ?? []) { try look(at: member.schema) }
        }
        return found.mapValues { ["type": "string", "enum": .array($0.map { .string($0) })] }
    }

    /// An object that is answered. Members may be added in later versions, so it is open.
    static func schema(of object: ObjectSchema, isCut: Bool = false) -> DocumentValue {
        var schema: DocumentValue = [
            "type": "object", "properties": .object(object.members.mapValues { self.schema(of: $0.schema) }),
        ]
        let required = object.members.filter(\.value.isRequired).keys.sorted()
        if !isCut {
            schema["example"] = object.example
            if !required.isEmpty { schema["required"] = .array(required.map { .string($0) }) }
        }
        return schema
    }

    /// A value that is answered.
    static func schema(of output: OutputSchema) -> DocumentValue {
        switch output {
        case .string(let format?): return ["type": "string", "format": .string(format)]
        case .string(nil): return ["type": "string"]
        case .choice(_, let name): return ["$ref": .string("#/components/schemas/\(name)")]
        case .integer: return ["type": "integer"]
        case .number: return ["type": "number"]
        case .boolean: return ["type": "boolean"]
        case .array(let item): return ["type": "array", "items": schema(of: item)]
        case .map(let item): return ["type": "object", "additionalProperties": schema(of: item)]
        case .object(let name): return ["$ref": .string("#/components/schemas/\(name)")]
        case .anyObject: return ["type": "object"]
        case .nullable(let inner): return nullable(schema(of: inner))
        }
    }

    private static func nullable(_ schema: DocumentValue) -> DocumentValue {
        var schema = schema
        guard case .string(let type)? = schema["type"] else { return ["anyOf": [schema, ["type": "null"]]] }
        schema["type"] = [.string(type), "null"]
        return schema
    }
}
