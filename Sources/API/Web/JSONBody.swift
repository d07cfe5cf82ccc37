import Foundation
import Protocol

extension JSONValue {
    /// Reads a body. Throws `malformedBody`, saying at which byte the text stops being JSON.
    init(body bytes: [UInt8]) throws(Problem) {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Problem(.malformedBody, detail: "The body is not UTF-8.")
        }
        do throws(JSONReader.Fault) {
            self = try JSONReader.parse(bytes)
        } catch {
            let detail = "\(error.reason) at byte \(error.position)"
            throw Problem(
                .malformedBody, detail: "The body is not JSON: \(detail).",
                errors: [Problem.Fault(pointer: "", code: .malformed, detail: detail)])
        }
    }

    /// How the value is called in messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONNumber {
    /// The nearest double; nil beyond its range.
    var double: Double? {
        guard let value = Double("\(roundedDigits)e\(exponent)"), value.isFinite else { return nil }
        return value
    }

    /// Reads a query value; nil unless it is written as JSON writes numbers.
    init?(text: String) {
        // The reader's fault says nothing that the rule's own message does not.
        guard case .number(let number)? = try? JSONReader.parse(text) else { return nil }
        self = number
    }
}
