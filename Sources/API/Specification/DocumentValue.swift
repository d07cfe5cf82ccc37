/// A JSON document under construction; rendered with sorted names, so that equal documents are equal bytes.
package enum DocumentValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([DocumentValue])
    case object([String: DocumentValue])

    package subscript(name: String) -> DocumentValue? {
        get { if case .object(let members) = self { members[name] } else { nil } }
        set {
            guard case .object(var members) = self else { preconditionFailure("\(name) set on what is no object") }
            members[name] = newValue
            self = .object(members)
        }
    }

    package var members: [String: DocumentValue]? { if case .object(let members) = self { members } else { nil } }
    package var items: [DocumentValue]? { if case .array(let items) = self { items } else { nil } }
    package var text: String? { if case .string(let text) = self { text } else { nil } }
}

extension DocumentValue: Codable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .array(let items):
            var container = encoder.unkeyedContainer()
            for item in items { try container.encode(item) }
        case .object(let members):
            var container = encoder.container(keyedBy: Name.self)
            for (name, value) in members { try container.encode(value, forKey: Name(stringValue: name)) }
        case .null, .boolean, .integer, .number, .string:
            var container = encoder.singleValueContainer()
            switch self {
            case .boolean(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            case .string(let value): try container.encode(value)
            case .null, .array, .object: try container.encodeNil()
            }
        }
    }

    package init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Name.self) {  // not an object: the next kind is tried
            var members: [String: DocumentValue] = [:]
            for name in container.allKeys {
                members[name.stringValue] = try container.decode(DocumentValue.self, forKey: name)
            }
            self = .object(members)
            return
        }
        // Not an array: the next kind is tried.
        if var container = try? decoder.unkeyedContainer() {
            var items: [DocumentValue] = []
            while !container.isAtEnd { items.append(try container.decode(DocumentValue.self)) }
            self = .array(items)
            return
        }
        let container = try decoder.singleValueContainer()
        // Each failed kind leads to the next; the last one throws.
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {  // no whole number: perhaps a fraction
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .string(try container.decode(String.self))
        }
    }
}

extension DocumentValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .boolean(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(arrayLiteral elements: DocumentValue...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, DocumentValue)...) {
        self = .object(Dictionary(elements, uniquingKeysWith: { _, last in last }))
    }
}
