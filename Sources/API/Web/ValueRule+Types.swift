import Protocol

extension ValueRule where Value == UUIDv7 {
    /// A UUIDv7 in its 36-character form.
    package static var id: ValueRule {
        ValueRule<String>.text(0...100)
            .map(as: .string(length: 36...36, format: "uuid"), .badFormat, "Must be a UUIDv7.") { UUIDv7($0) }
    }
}

extension ValueRule where Value == Timestamp {
    /// An RFC 3339 time.
    package static var time: ValueRule {
        ValueRule<String>.text(0...64)
            .map(as: .string(length: nil, format: "date-time"), .badFormat, "Must be an RFC 3339 time.") {
                Timestamp(rfc3339: $0)
            }
    }
}

extension ValueRule where Value == CalendarDate {
    /// A date, `YYYY-MM-DD`.
    package static var date: ValueRule {
        ValueRule<String>.text(0...32)
            .map(as: .string(length: nil, format: "date"), .badFormat, "Must be a date, YYYY-MM-DD.") {
                CalendarDate($0)
            }
    }
}

extension ValueRule where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of the enumeration's values.
    package static var choice: ValueRule {
        let allowed = Value.allCases.map(\.rawValue)
        return ValueRule(.choice(allowed, of: SchemaRecorder.componentName(of: Value.self))) { value, pointer, faults in
            guard case .string(let text) = value else {
                faults.append(.wrongType(pointer, "a string", value))
                return nil
            }
            if let choice = Value(rawValue: text) { return choice }
            let list = allowed.joined(separator: ", ")
            faults.append(Problem.Fault(pointer: pointer, code: .notAllowed, detail: "Must be one of: \(list)."))
            return nil
        }
    }
}

extension ValueRule {
    /// A list of values that each keep the rule; every bad one is told.
    package static func list<Item>(
        of item: ValueRule<Item>, count: ClosedRange<Int>, distinct: Bool = false
    ) -> ValueRule<[Item]> where Value == [Item], Item: Hashable {
        ValueRule<[Item]>(.array(of: item.schema, count: count, isDistinct: distinct)) { value, pointer, faults in
            guard case .array(let values) = value else {
                faults.append(.wrongType(pointer, "an array", value))
                return nil
            }
            guard count.contains(values.count) else {
                let code: FaultCode = values.count < count.lowerBound ? .tooShort : .tooMany
                let bounds = "\(count.lowerBound) to \(count.upperBound)"
                faults.append(Problem.Fault(pointer: pointer, code: code, detail: "Must hold \(bounds) values."))
                return nil
            }
            var items: [Item] = []
            for (index, value) in values.enumerated() {
                guard let item = item.read(value, "\(pointer)/\(index)", &faults) else { continue }
                if distinct, items.contains(item) {
                    faults.append(
                        Problem.Fault(pointer: "\(pointer)/\(index)", code: .repeated, detail: "Stands there twice."))
                }
                items.append(item)
            }
            return items.count == values.count ? items : nil
        }
    }

    /// An object that is read like a body.
    package static func object(_ type: Value.Type = Value.self) -> ValueRule where Value: BodyInput {
        ValueRule(.object(name: "\(Value.self)", members: Value.specifiedMembers)) { value, pointer, faults in
            var reader = BodyReader(value, at: pointer)
            let before = faults.count
            let object = Value(reading: &reader)
            faults.append(contentsOf: reader.faults)
            return faults.count == before ? object : nil
        }
    }
}

extension Problem.Fault {
    static func wrongType(_ pointer: String, _ expected: String, _ value: JSONValue) -> Problem.Fault {
        Problem.Fault(pointer: pointer, code: .wrongType, detail: "Must be \(expected), not \(value.kind).")
    }
}

extension String {
    func trimmingSpaces() -> String {
        let isSpace: (Unicode.Scalar) -> Bool = { $0.properties.isWhitespace }
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(scalars[first...last])
    }
}
