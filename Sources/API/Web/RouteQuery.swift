import Protocol

/// The query parameters of a route; those it does not declare are refused by name.
package protocol RouteQuery: Sendable {
    static var parameters: [MemberSchema] { get }
    init?(reading query: inout QueryReader)
}

/// A route without query parameters.
package struct NoQuery: RouteQuery {
    package static let parameters: [MemberSchema] = []
    package init(reading query: inout QueryReader) {}
    package init() {}
}

/// Reads query parameters by the rules of their fields and gathers all that is wrong with them.
package struct QueryReader {
    private let values: [(name: String, value: String)]
    package private(set) var faults: [Problem.Fault] = []
    /// Of the cursors that it reads.
    let seal: Seal

    /// Takes the text behind the question mark.
    package init(_ query: String?, seal: Seal) {
        self.seal = seal
        var values: [(name: String, value: String)] = []
        var faults: [Problem.Fault] = []
        for pair in (query ?? "").split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts[0].percentDecoded(plusIsSpace: true),
                let value = parts.count > 1 ? parts[1].percentDecoded(plusIsSpace: true) : ""
            else {
                faults.append(
                    Problem.Fault(
                        pointer: "?\(String(parts[0]).cut(to: 64))", code: .malformed,
                        detail: "Is not percent-encoded UTF-8."))
                continue
            }
            values.append((name, value))
        }
        self.values = values
        self.faults = faults
    }

    /// The parameter, nil where it is missing or at fault.
    package mutating func optional<Value>(_ field: Field<Value>) -> Value? {
        guard let text = single(field.name) else { return nil }
        return field.rule.read(QueryReader.value(of: text, for: field.rule.schema), "?\(field.name)", &faults)
    }

    /// The parameter, which has to be there.
    package mutating func required<Value>(_ field: Field<Value>) -> Value? {
        guard values.contains(where: { $0.name == field.name }) else {
            fault(field.name, .required, "Is required.")
            return nil
        }
        return optional(field)
    }

    /// Tells a fault of one parameter.
    package mutating func fault(_ name: String, _ code: FaultCode, _ detail: String) {
        faults.append(Problem.Fault(pointer: "?\(name)", code: code, detail: detail))
    }

    /// Tells every parameter that is not among the declared ones.
    mutating func refuse(unknownTo declared: [MemberSchema]) {
        for (name, _) in values where !declared.contains(where: { $0.name == name }) {
            fault(name.cut(to: 64), .unknownParameter, "This route has no such parameter.")
        }
    }

    private mutating func single(_ name: String) -> String? {
        let found = values.filter { $0.name == name }
        if found.count > 1 { fault(name, .repeated, "Stands there twice.") }
        return found.first?.value
    }

    /// Query values are text: what the rule wants as a number, boolean or list is turned into one first.
    private static func value(of text: String, for schema: ValueSchema) -> JSONValue {
        switch schema {
        case .integer, .number: JSONNumber(text: text).map { .number($0) } ?? .string(text)
        case .boolean: text == "true" ? .bool(true) : text == "false" ? .bool(false) : .string(text)
        case .array(let item, _, _):
            .array(text.split(separator: ",").map { value(of: String($0), for: item) })
        case .string, .choice, .object: .string(text)
        }
    }
}

extension Substring {
    /// Decodes `%XX`; nil for bad escapes and bytes that are not UTF-8.
    func percentDecoded(plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count)
        var iterator = utf8.makeIterator()
        func digit(_ byte: UInt8?) -> UInt8? {
            guard let byte, byte < 0x80 else { return nil }
            return Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
        }
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = digit(iterator.next()), let low = digit(iterator.next()) else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
