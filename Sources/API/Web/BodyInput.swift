import Protocol

/// A request body: declares its members and is read from JSON, telling every fault.
package protocol BodyInput: Sendable {
    /// All members, for the specification.
    static var members: [MemberSchema] { get }
    /// What the example holds, where a usual value of each member would be refused: examples can be sent as they are.
    static var examples: [String: MemberExample] { get }
    /// Reads the members; nil only if the reader was told a fault.
    init?(reading body: inout BodyReader)
}

extension BodyInput {
    package static var examples: [String: MemberExample] { [:] }

    /// The members with what only their reading tells: whether null may stand for them.
    package static var specifiedMembers: [MemberSchema] {
        var reader = BodyReader(.object(JSONObject()))
        // Only the questions count; the faults of an empty body are expected.
        _ = Self(reading: &reader)
        return members.map { member in
            var member = member
            member.isNullable = reader.takesNull[member.name] ?? false
            member.example = examples[member.name] ?? .usual
            return member
        }
    }

    /// Members that are read but not declared, declared but not read, or only in the example; a test holds every route's
    /// body to none.
    static var undeclaredMembers: Set<String> {
        var reader = BodyReader(.object(JSONObject()))
        _ = Self(reading: &reader)
        let declared = Set(members.map(\.name))
        return declared.symmetricDifference(reader.takesNull.keys).union(Set(examples.keys).subtracting(declared))
    }
}

/// No body: whatever is sent with the request is not read.
package struct NoBody: Sendable {
    package init() {}
}

/// A member of a body: its name, the rule of its value, and what it is for.
package struct Field<Value: Sendable>: Sendable {
    package let name: String
    package let rule: ValueRule<Value>
    package let isRequired: Bool
    package let summary: String

    package init(_ name: String, _ rule: ValueRule<Value>, isRequired: Bool = true, _ summary: String) {
        self.name = name
        self.rule = rule
        self.isRequired = isRequired
        self.summary = summary
    }

    /// A member that may be left out.
    package static func optional(_ name: String, _ rule: ValueRule<Value>, _ summary: String) -> Field {
        Field(name, rule, isRequired: false, summary)
    }

    package var schema: MemberSchema {
        MemberSchema(name: name, schema: rule.schema, isRequired: isRequired, summary: summary)
    }
}

/// What a member of a PUT asks for.
package enum Change<Value: Sendable>: Sendable {
    /// The member was not sent.
    case keep
    /// The member is null.
    case clear
    case set(Value)
}

/// Reads the members of one object and gathers all that is wrong with them.
package struct BodyReader {
    /// nil when the value is no object; that fault has been told.
    private let object: JSONObject?
    private let pointer: String
    package private(set) var faults: [Problem.Fault] = []
    /// The members that were asked for, and whether null was taken for each: what the specification says of it.
    private(set) var takesNull: [String: Bool] = [:]

    package init(_ value: JSONValue, at pointer: String = "") {
        object = value.object
        self.pointer = pointer
        if object == nil { faults.append(.wrongType(pointer, "an object", value)) }
    }

    /// The member, which has to be there and not null.
    package mutating func required<Value>(_ field: Field<Value>) -> Value? {
        takesNull[field.name] = false
        guard let object else { return nil }
        guard let value = object[field.name], value != .null else {
            fault(field.name, .required, "Is required.")
            return nil
        }
        return field.rule.read(value, "\(pointer)/\(field.name)", &faults)
    }

    /// The member, or nil where it is missing or at fault; null is a value of the wrong type.
    package mutating func optional<Value>(_ field: Field<Value>) -> Value? {
        takesNull[field.name] = false
        guard let value = object?[field.name] else { return nil }
        return field.rule.read(value, "\(pointer)/\(field.name)", &faults)
    }

    /// The member, or nil where it is missing, null or at fault: for what answers show as null where it has no value, so that
    /// an answer can be sent back.
    package mutating func nullable<Value>(_ field: Field<Value>) -> Value? {
        takesNull[field.name] = true
        guard let value = object?[field.name], value != .null else { return nil }
        return field.rule.read(value, "\(pointer)/\(field.name)", &faults)
    }

    /// What a PUT asks for a member that may be null.
    package mutating func change<Value>(_ field: Field<Value>) -> Change<Value> {
        takesNull[field.name] = true
        guard let value = object?[field.name] else { return .keep }
        if value == .null { return .clear }
        return field.rule.read(value, "\(pointer)/\(field.name)", &faults).map { .set($0) } ?? .keep
    }

    /// What a PUT asks for a member that always has a value: nil to keep it.
    package mutating func replacement<Value>(_ field: Field<Value>) -> Value? {
        takesNull[field.name] = false
        guard let value = object?[field.name] else { return nil }
        if value == .null {
            fault(field.name, .required, "Cannot be null.")
            return nil
        }
        return field.rule.read(value, "\(pointer)/\(field.name)", &faults)
    }

    /// Tells a fault of one member that its own rule cannot see.
    package mutating func fault(_ name: String, _ code: FaultCode, _ detail: String) {
        faults.append(Problem.Fault(pointer: "\(pointer)/\(name)", code: code, detail: detail))
    }
}
