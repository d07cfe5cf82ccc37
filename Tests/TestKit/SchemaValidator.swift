import API
import Protocol

/// Checks values against the part of JSON Schema that the specification uses; members it does not name are faults too.
struct SchemaValidator {
    let document: DocumentValue

    func faults(of value: DocumentValue, against schema: DocumentValue, at place: String) -> [String] {
        if let reference = schema["$ref"]?.text {
            let name = reference.split(separator: "/").last.map(String.init) ?? ""
            guard let target = document["components"]?["schemas"]?[name] else { return ["\(place): no \(reference)"] }
            return faults(of: value, against: target, at: place)
        }
        if let choices = schema["anyOf"]?.items {
            let each = choices.map { faults(of: value, against: $0, at: place) }
            return each.contains(where: \.isEmpty) ? [] : each.first ?? []
        }
        if let parts = schema["allOf"]?.items {
            return parts.enumerated().flatMap { index, part in
                faults(of: value, against: part, at: place).filter { index == 0 || !$0.hasSuffix("is not specified") }
            }
        }
        var found: [String] = []
        if let choices = schema["enum"]?.items, !choices.contains(value) { found.append("\(place) is not in the enum") }
        if let only = schema["const"], only != value { found.append("\(place) is not \(only)") }
        if let types = types(of: schema), !types.contains(where: { fits(value, $0) }) {
            return found + ["\(place) is no \(types.joined(separator: " or "))"]
        }
        switch value {
        case .object(let members): found += faults(of: members, against: schema, at: place)
        case .array(let items):
            for (index, item) in items.enumerated() {
                found += faults(of: item, against: schema["items"] ?? [:], at: "\(place)/\(index)")
            }
        case .string(let text): if !fits(text, format: schema["format"]?.text) { found.append("\(place) is malformed") }
        case .null, .boolean, .integer, .number: break
        }
        return found
    }

    private func faults(
        of members: [String: DocumentValue], against schema: DocumentValue, at place: String
    ) -> [String] {
        var found = (schema["required"]?.items ?? []).compactMap(\.text).filter { members[$0] == nil }
            .map { "\(place)/\($0) is missing" }
        // An object of which nothing is told may hold anything.
        guard schema["properties"] != nil || schema["additionalProperties"] != nil else { return found }
        for (name, value) in members {
            if let property = schema["properties"]?[name] ?? schema["additionalProperties"] {
                found += faults(of: value, against: property, at: "\(place)/\(name)")
            } else {
                found.append("\(place)/\(name) is not specified")
            }
        }
        return found
    }

    private func types(of schema: DocumentValue) -> [String]? {
        switch schema["type"] {
        case .string(let type)?: [type]
        case .array(let types)?: types.compactMap(\.text)
        default: nil
        }
    }

    private func fits(_ value: DocumentValue, _ type: String) -> Bool {
        switch (value, type) {
        case (.null, "null"), (.boolean, "boolean"), (.integer, "integer"), (.integer, "number"), (.number, "number"),
            (.string, "string"), (.array, "array"), (.object, "object"):
            true
        default: false
        }
    }

    private func fits(_ text: String, format: String?) -> Bool {
        switch format {
        case "uuid": UUIDv7(text) != nil
        case "date-time": Timestamp(rfc3339: text) != nil
        case "date": CalendarDate(text) != nil
        default: true
        }
    }
}
