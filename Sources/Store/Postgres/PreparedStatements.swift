/// The statements a connection has prepared, by text and parameter types.
struct PreparedStatements {
    /// Beyond this many the connection forgets all and begins anew: more texts than this are made, not written.
    static let limit = 256

    private struct Key: Hashable {
        let text: String
        let types: [UInt32]

        func hash(into hasher: inout Hasher) {
            hasher.combine(text)
        }
    }

    private var names: [Key: String] = [:]
    private var made = 0

    var isFull: Bool { names.count >= Self.limit }

    func name(of sql: SQL) -> String? {
        names[Key(text: sql.text, types: sql.parameters.entries.map(\.type))]
    }

    /// A name that this connection has not used before.
    mutating func nextName() -> String {
        made += 1
        return "s\(made)"
    }

    mutating func remember(_ name: String, for sql: SQL) {
        names[Key(text: sql.text, types: sql.parameters.entries.map(\.type))] = name
    }

    mutating func forgetAll() {
        names = [:]
    }
}
