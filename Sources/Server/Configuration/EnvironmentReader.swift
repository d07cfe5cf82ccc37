/// A variable that holds what it may not.
package struct ConfigurationFault: Error, Hashable, CustomStringConvertible {
    package let variable: String
    package let description: String

    init(_ variable: Variable, value: String) {
        self.variable = variable.name
        let shown = variable.isSecret ? "what it holds" : "'\(value)'"
        description = "\(variable.name) cannot be \(shown): it takes \(variable.allowed)"
    }

    init(_ variable: Variable, message: String) {
        self.variable = variable.name
        description = message
    }
}

/// Every fault found in the environment, so that one start names them all.
package struct ConfigurationFaults: Error, CustomStringConvertible {
    package let faults: [ConfigurationFault]

    package var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// Reads typed values from an environment and collects what is wrong with it. An empty value counts as unset.
struct EnvironmentReader {
    let environment: [String: String]
    private(set) var faults: [ConfigurationFault] = []

    init(_ environment: [String: String]) { self.environment = environment }

    /// The variable's own text, else its default's.
    func text(_ variable: Variable) -> String? {
        if let text = environment[variable.name], !text.isEmpty { return text }
        if case .text(let text) = variable.fallback { return text }
        return nil
    }

    /// The parsed value; nil when unset without a default, or when faulty, which is then noted.
    mutating func value<Value>(_ variable: Variable, _ parse: (String) -> Value?) -> Value? {
        guard let text = text(variable) else { return nil }
        if let value = parse(text) { return value }
        faults.append(ConfigurationFault(variable, value: text))
        return nil
    }

    /// A whole number; the range's lower bound stands in for a faulty one, since a fault stops the start anyway.
    mutating func number(_ variable: Variable, in range: ClosedRange<Int>) -> Int {
        optionalNumber(variable, in: range) ?? range.lowerBound
    }

    mutating func optionalNumber(_ variable: Variable, in range: ClosedRange<Int>) -> Int? {
        value(variable) { text in
            guard let number = Int(text), range.contains(number) else { return nil }
            return number
        }
    }

    /// The parts of a comma-separated list, each parsed; an empty list when unset or faulty.
    mutating func list<Element>(_ variable: Variable, _ parse: (String) -> Element?) -> [Element] {
        let elements: [Element]? = value(variable) { text in
            var elements: [Element] = []
            for part in text.split(separator: ",") {
                guard let element = parse(part.trimmingSpaces()) else { return nil }
                elements.append(element)
            }
            return elements
        }
        return elements ?? []
    }

    /// The texts of two variables that go together; nil without both, and one alone is a fault.
    mutating func both(_ first: Variable, _ second: Variable) -> (String, String)? {
        switch (text(first), text(second)) {
        case (let one?, let two?): return (one, two)
        case (nil, nil): return nil
        case (nil, _):
            note(first, message: "\(first.name) must be set together with \(second.name)")
            return nil
        case (_, nil):
            note(second, message: "\(second.name) must be set together with \(first.name)")
            return nil
        }
    }

    mutating func note(_ variable: Variable, message: String) {
        faults.append(ConfigurationFault(variable, message: message))
    }
}

extension StringProtocol {
    func trimmingSpaces() -> String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
