import Foundation

/// Finds the shapes of the types that answers are encoded from.
///
/// A type is decoded from a decoder that notes what is asked for, twice: once everything is there, once all that may
/// be missing is. Both values are then encoded the way answers are: what the encoder writes decides which members an
/// answer has and which of them may be null. So neither a list of members nor a sample is kept beside the type.
final class SchemaRecorder {
    /// The object types found so far, by component name.
    private(set) var objects: [String: ObjectSchema] = [:]
    /// The values of the enumerations found so far, by component name.
    private(set) var enumerations: [String: [String]] = [:]
    private var samples: [ObjectIdentifier: Sample] = [:]
    private var underway: Set<ObjectIdentifier> = []

    /// One type's shape, and its values with everything and with the least.
    struct Sample {
        let schema: OutputSchema
        let full: Any
        let least: Any
    }

    func isUnderway(_ type: Any.Type) -> Bool {
        if let list = type as? any ListShape.Type { return isUnderway(list.element) }
        return underway.contains(ObjectIdentifier(type))
    }

    /// The shape and the values of a type. Throws `SchemaFault`.
    func sample<Value: Decodable>(of type: Value.Type, for member: String = "") throws -> Sample {
        if let declared = type as? any DeclaredSchema.Type {
            let value: Any = declared.sample(for: member)
            return Sample(schema: declared.outputSchema, full: value, least: value)
        }
        if let list = type as? any ListShape.Type { return try sample(ofList: list, for: member) }
        if let (choices, first) = SchemaRecorder.choices(of: type) {
            let name = SchemaRecorder.componentName(of: type)
            enumerations[name] = choices
            return Sample(schema: .choice(choices, of: name), full: first, least: first)
        }
        if let known = samples[ObjectIdentifier(type)] { return known }
        underway.insert(ObjectIdentifier(type))
        defer { underway.remove(ObjectIdentifier(type)) }
        let full = RecordingDecoder(recorder: self, isFull: true)
        let least = RecordingDecoder(recorder: self, isFull: false)
        let values: (full: Value, least: Value)
        do {
            values = (try Value(from: full), try Value(from: least))
        } catch let fault as SchemaFault {
            throw fault
        } catch {
            throw SchemaFault(
                description: "\(type) does not decode from samples, it has to declare its schema: \(error)")
        }
        let schema = try full.notes.value ?? object(type, full.notes.members, values.full, values.least)
        let sample = Sample(schema: schema, full: values.full, least: values.least)
        samples[ObjectIdentifier(type)] = sample
        return sample
    }

    private func sample(ofList list: any ListShape.Type, for member: String) throws -> Sample {
        let element = try sample(of: list.element, for: member)
        return Sample(
            schema: list.schema(of: element.schema), full: list.holding([element.full]), least: list.holding([]))
    }

    private func object(
        _ type: Any.Type, _ asked: [String: OutputSchema], _ full: Any, _ least: Any
    ) throws -> OutputSchema {
        let name = SchemaRecorder.componentName(of: type)
        let (all, few) = (try SchemaRecorder.encoded(full, type), try SchemaRecorder.encoded(least, type))
        guard let whole = all.members, let sparse = few.members else {
            throw SchemaFault(description: "\(type) decodes as an object but encodes as something else")
        }
        var members: [String: ObjectSchema.Member] = [:]
        for written in whole.keys {
            guard let schema = asked[written] else {
                throw SchemaFault(description: "\(type) writes \(written), which it never reads")
            }
            let isNullable = sparse[written] == .null
            members[written] = ObjectSchema.Member(
                schema: isNullable ? .nullable(schema) : schema, isRequired: sparse[written] != nil)
        }
        if objects[name] != nil { throw SchemaFault(description: "two types are called \(name)") }
        objects[name] = ObjectSchema(members: members, example: all)
        return .object(name)
    }

    /// A value as answers hold it.
    private static func encoded(_ value: Any, _ type: Any.Type) throws -> DocumentValue {
        guard let value = value as? any Encodable else { throw SchemaFault(description: "\(type) does not encode") }
        return try JSONDecoder().decode(DocumentValue.self, from: try JSONEncoder().encode(value))
    }

    /// The values of an enumeration of strings, with its first case; nil for other types.
    private static func choices(of type: Any.Type) -> ([String], Any)? {
        func all<Choice: CaseIterable & RawRepresentable>(_ type: Choice.Type) -> ([String], Any)? {
            let texts = type.allCases.compactMap { $0.rawValue as? String }
            guard let first = type.allCases.first, texts.count == type.allCases.count else { return nil }
            return (texts, first)
        }
        guard let type = type as? any (CaseIterable & RawRepresentable).Type else { return nil }
        return all(type)
    }

    /// `Page<Friend>` becomes PageOfFriend and `Friend.LiveWorkout` FriendLiveWorkout: names that every language can have.
    static func componentName(of type: Any.Type) -> String {
        String(reflecting: type)
            .replacing(/\(unknown context at \$[0-9a-f]+\)\./, with: "")
            .replacing(/[A-Za-z_]\w*(\.[A-Za-z_]\w*)+/) { match in
                match.output.0.split(separator: ".").dropFirst().joined()
            }
            .replacing("<", with: "Of").replacing(", ", with: "And").replacing(">", with: "")
    }
}

/// Lists and maps, whose shape is that of what they hold.
protocol ListShape {
    static var element: any Decodable.Type { get }
    static func schema(of element: OutputSchema) -> OutputSchema
    static func holding(_ elements: [Any]) -> Any
}

extension Array: ListShape where Element: Decodable {
    static var element: any Decodable.Type { Element.self }
    static func schema(of element: OutputSchema) -> OutputSchema { .array(of: element) }
    static func holding(_ elements: [Any]) -> Any { elements.compactMap { $0 as? Element } }
}

extension Dictionary: ListShape where Key == String, Value: Decodable {
    static var element: any Decodable.Type { Value.self }
    static func schema(of element: OutputSchema) -> OutputSchema { .map(of: element) }
    static func holding(_ elements: [Any]) -> Any {
        let values = elements.compactMap { $0 as? Value }
        return Dictionary(values.map { ("name", $0) }, uniquingKeysWith: { first, _ in first })
    }
}
