import Protocol

/// How one JSON value is read and what it must hold; the same rule renders into the specification.
package struct ValueRule<Value: Sendable>: Sendable {
    package let schema: ValueSchema
    /// Gives nil after having told every fault at the pointer.
    package let read: @Sendable (_ value: JSONValue, _ pointer: String, _ faults: inout [Problem.Fault]) -> Value?

    package init(
        _ schema: ValueSchema,
        read: @escaping @Sendable (JSONValue, String, inout [Problem.Fault]) -> Value?
    ) {
        self.schema = schema
        self.read = read
    }

    /// The value turned into another, or the fault that the closure names.
    package func map<Other>(
        as schema: ValueSchema? = nil, _ code: FaultCode, _ detail: String,
        _ transform: @escaping @Sendable (Value) -> Other?
    ) -> ValueRule<Other> {
        let read = read
        return ValueRule<Other>(schema ?? self.schema) { value, pointer, faults in
            guard let inner = read(value, pointer, &faults) else { return nil }
            if let other = transform(inner) { return other }
            faults.append(Problem.Fault(pointer: pointer, code: code, detail: detail))
            return nil
        }
    }
}

extension ValueRule where Value == String {
    /// Text of so many characters (Unicode scalars), without control characters; line breaks only if asked for.
    package static func text(_ length: ClosedRange<Int>, lines: Bool = false) -> ValueRule {
        let plain = lines ? #"^[^\u0000-\u0008\u000B-\u001F\u007F-\u009F]*$"# : #"^[^\u0000-\u001F\u007F-\u009F]*$"#
        return ValueRule(.string(length: length, format: nil, pattern: plain)) { value, pointer, faults in
            guard case .string(let text) = value else {
                faults.append(.wrongType(pointer, "a string", value))
                return nil
            }
            let count = text.unicodeScalars.count
            if count < length.lowerBound {
                let least = length.lowerBound
                faults.append(
                    Problem.Fault(pointer: pointer, code: .tooShort, detail: "At least \(least) characters."))
                return nil
            }
            if count > length.upperBound {
                let most = length.upperBound
                faults.append(
                    Problem.Fault(pointer: pointer, code: .tooLong, detail: "At most \(most) characters."))
                return nil
            }
            let hasControls = text.unicodeScalars.contains { scalar in
                scalar.properties.generalCategory == .control && !(lines && (scalar == "\n" || scalar == "\t"))
            }
            if hasControls {
                faults.append(
                    Problem.Fault(pointer: pointer, code: .badFormat, detail: "Control characters are not allowed."))
                return nil
            }
            return text
        }
    }
}

extension ValueRule where Value == Bool {
    /// true or false.
    package static var flag: ValueRule {
        ValueRule(.boolean) { value, pointer, faults in
            if case .bool(let flag) = value { return flag }
            faults.append(.wrongType(pointer, "a boolean", value))
            return nil
        }
    }
}

extension ValueRule where Value == Int {
    /// A whole number in the range.
    package static func integer(_ range: ClosedRange<Int>) -> ValueRule {
        ValueRule(.integer(Int64(range.lowerBound)...Int64(range.upperBound))) { value, pointer, faults in
            guard case .number(let number) = value else {
                faults.append(.wrongType(pointer, "a whole number", value))
                return nil
            }
            guard let whole = number.scaled(places: 0) else {
                faults.append(Problem.Fault(pointer: pointer, code: .badFormat, detail: "Must be a whole number."))
                return nil
            }
            guard let integer = Int(exactly: whole), range.contains(integer) else {
                let bounds = "\(range.lowerBound) to \(range.upperBound)"
                faults.append(Problem.Fault(pointer: pointer, code: .outOfRange, detail: "Must be \(bounds)."))
                return nil
            }
            return integer
        }
    }
}

extension ValueRule where Value == Double {
    /// A number in the range; with `step`, a multiple of it.
    package static func number(_ range: ClosedRange<Double>, step: Double? = nil) -> ValueRule {
        ValueRule(.number(range, step: step)) { value, pointer, faults in
            guard case .number(let decimal) = value else {
                faults.append(.wrongType(pointer, "a number", value))
                return nil
            }
            guard let number = decimal.double, range.contains(number) else {
                let bounds = "\(range.lowerBound) to \(range.upperBound)"
                faults.append(Problem.Fault(pointer: pointer, code: .outOfRange, detail: "Must be \(bounds)."))
                return nil
            }
            if let step, (number / step).rounded() * step != number {
                faults.append(
                    Problem.Fault(pointer: pointer, code: .badFormat, detail: "Must be a multiple of \(step)."))
                return nil
            }
            return number
        }
    }
}
