/// The statements a connection has prepared, by text and parameter types.
struct PreparedStatements {
    /// Beyond this many the connection forgets all and begins anew: more texts than this are made, not written.
    static let limit = 256

    private struct Prepared {
        let types: [UInt32]
        let name: String
    }

    /// Nearly always one a text; the types differ where one text is used with values of several.
    private var byText: [String: [Prepared]] = [:]
    private var count = 0
    private var made = 0

    var isFull: Bool { count >= Self.limit }

    func name(of sql: SQL) -> String? {
        guard let prepared = byText[sql.text] else { return nil }
        return prepared.first { prepared in
            prepared.types.elementsEqual(sql.parameters.entries.lazy.map(\.type))
        }?.name
    }

    /// A name that this connection has not used before.
    mutating func nextName() -> String {
        made += 1
        return "s\(made)"
    }

    mutating func remember(_ name: String, for sql: SQL) {
        let prepared = Prepared(types: sql.parameters.entries.map(\.type), name: name)
        byText[sql.text, default: []].append(prepared)
        count += 1
    }

    mutating func forgetAll() {
        byText = [:]
        count = 0
    }
}
