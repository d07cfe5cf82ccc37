/// Typed access to the members of a JSON object; a member of the wrong type is refused by name, null counts as absent.
public struct Fields: Sendable {
    public let json: JSONValue

    public init(_ json: JSONValue) { self.json = json }

    public func required<Value>(_ name: String, _ value: Value?) throws(Refusal) -> Value {
        guard let value else { throw Refusal(.badRequest, "\(name) is missing") }
        return value
    }

    public func string(_ name: String) throws(Refusal) -> String? { try read(name, "a string") { $0.string } }
    public func bool(_ name: String) throws(Refusal) -> Bool? { try read(name, "true or false") { $0.bool } }
    public func integer(_ name: String) throws(Refusal) -> Int64? { try read(name, "a whole number") { $0.integer } }
    public func id(_ name: String) throws(Refusal) -> UUIDv7? { try read(name, "a UUIDv7") { $0.id } }

    /// Unix milliseconds.
    public func time(_ name: String) throws(Refusal) -> Timestamp? {
        try read(name, "a time in Unix milliseconds") { $0.integer.flatMap { Timestamp(checking: $0) } }
    }

    /// How many milliseconds to wait: at most a day, whatever is asked for.
    public func wait(_ name: String) throws(Refusal) -> Int64? {
        try integer(name).map { $0.clamped(to: 0...86_400_000) }
    }

    /// A number times 10^places. More decimals are `invalid`: nothing is rounded behind somebody's back.
    public func decimal(_ name: String, places: Int) throws(Refusal) -> Int64? {
        let number = try read(name, "a number") { value in
            if case .number(let number) = value, number.rounded(places: places) != nil { number } else { nil }
        }
        guard let number else { return nil }
        guard let whole = number.scaled(places: places) else {
            throw Refusal(.invalid, "\(name) may have at most \(places == 1 ? "one decimal" : "\(places) decimals")")
        }
        return whole
    }

    public func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String) throws(Refusal) -> Choice? {
        let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return try read(name, "one of \(choices)") { $0.string.flatMap { Choice(rawValue: $0) } }
    }

    /// Empty when the member is missing.
    public func ids(_ name: String) throws(Refusal) -> [UUIDv7] { try list(name, "an array of UUIDv7") { $0.id } }
    public func requiredIds(_ name: String) throws(Refusal) -> [UUIDv7] {
        _ = try required(name, json[name])
        return try ids(name)
    }

    public func strings(_ name: String) throws(Refusal) -> [String] {
        try list(name, "an array of strings") { $0.string }
    }

    public func integers(_ name: String) throws(Refusal) -> [Int64] {
        try list(name, "an array of whole numbers") { $0.integer }
    }

    public func object(_ name: String) throws(Refusal) -> Fields {
        let value = try required(name, json[name])
        guard value.object != nil else { throw Refusal(.badRequest, "\(name) must be an object") }
        return Fields(value)
    }

    private func read<Value>(
        _ name: String, _ expected: @autoclosure () -> String, _ body: (JSONValue) -> Value?
    ) throws(Refusal) -> Value? {
        guard let value = json[name] else { return nil }
        guard let read = body(value) else { throw Refusal(.badRequest, "\(name) must be \(expected())") }
        return read
    }

    private func list<Value>(
        _ name: String, _ expected: String, _ body: (JSONValue) -> Value?
    ) throws(Refusal) -> [Value] {
        guard let value = json[name] else { return [] }
        guard let elements = value.array else { throw Refusal(.badRequest, "\(name) must be \(expected)") }
        var list: [Value] = []
        list.reserveCapacity(elements.count)
        for element in elements {
            guard let read = body(element) else { throw Refusal(.badRequest, "\(name) must be \(expected)") }
            list.append(read)
        }
        return list
    }
}

extension JSONWriter {
    mutating func strings(_ name: StaticString, _ values: [String]) {
        self.name(name)
        array(values) { $0.string($1) }
    }
}
