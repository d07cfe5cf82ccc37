import Foundation
import Protocol

/// The place behind the last row of a page, opaque to clients: the list it belongs to and the row's sort keys, under a
/// seal.
package struct Cursor: Hashable, Sendable {
    package enum Key: Sendable { case text, integer, time, id }

    /// What keys that are whole numbers may be: they can be negated, and a JSON number holds them.
    static let integers = -(1 << 53)...(1 << 53)

    package static let mostBytes = 2048

    package let values: [String]

    /// The cursor behind a row with these keys.
    package init(after values: String...) { self.init(values: values) }

    init(values: [String]) { self.values = values }

    /// Reads the text a client sent; nil unless it was made here for the same list with keys of these kinds.
    init?(_ text: String, list: String, keys: [Key], seal: Seal) {
        guard text.utf8.count <= Cursor.mostBytes, let data = Data(base64URL: text), data.count > Seal.tagBytes
        else { return nil }
        let body = Array(data.dropFirst(Seal.tagBytes))
        // The seal shows that we wrote this, so text that isn't JSON comes from an older version.
        guard seal.isTag(data.prefix(Seal.tagBytes), of: body), let parts = try? JSONReader.parse(body).array,
            parts.count == keys.count + 1, parts[0].string == list
        else { return nil }
        values = parts.dropFirst().compactMap(\.string)
        guard values.count == keys.count else { return nil }
        for (value, key) in zip(values, keys) {
            switch key {
            case .text: guard !value.unicodeScalars.contains("\0") else { return nil }
            case .integer: guard let value = Int(value), Cursor.integers.contains(value) else { return nil }
            case .time: guard Timestamp(rfc3339: value) != nil else { return nil }
            case .id: guard UUIDv7(value) != nil else { return nil }
            }
        }
    }

    /// The key at a place as an id. Throws `invalidValues` for what the kinds given at reading do not hold there.
    package func id(_ place: Int) throws(Problem) -> UUIDv7 { try key(place) { UUIDv7($0) } }

    /// The key at a place as a time.
    package func time(_ place: Int) throws(Problem) -> Timestamp { try key(place) { Timestamp(rfc3339: $0) } }

    /// The key at a place as a whole number.
    package func integer(_ place: Int) throws(Problem) -> Int { try key(place) { Int($0) } }

    private func key<Value>(_ place: Int, _ read: (String) -> Value?) throws(Problem) -> Value {
        guard values.indices.contains(place), let value = read(values[place]) else {
            let fault = Problem.Fault(
                pointer: "?cursor", code: .invalidCursor, detail: "Is not a cursor of this list.")
            throw Problem(.invalidValues, errors: [fault])
        }
        return value
    }

    /// What the client gets.
    package func text(list: String, seal: Seal) -> String {
        var writer = JSONWriter(capacity: 128)
        writer.array([list] + values) { $0.string($1) }
        return Data(seal.tag(of: writer.bytes) + writer.bytes).base64URL
    }
}

/// `limit` and `cursor` of a list.
package struct PageRequest: Sendable {
    package static let limit = Field.optional("limit", .integer(1...100), "Rows on a page; 20 unless told.")
    package static let cursor = Field.optional(
        "cursor", .text(1...Cursor.mostBytes), "`nextCursor` of the page before.")
    package static let parameters = [limit.schema, cursor.schema]

    package let limit: Int
    package let after: Cursor?
    private let list: String
    private let seal: Seal

    /// Reads both; `list` names the list and its order, `keys` are the kinds of its sort keys.
    package init(reading query: inout QueryReader, list: String, keys: [Cursor.Key]) {
        self.list = list
        seal = query.seal
        limit = query.optional(Self.limit) ?? 20
        guard let text = query.optional(Self.cursor) else {
            after = nil
            return
        }
        after = Cursor(text, list: list, keys: keys, seal: seal)
        if after == nil { query.fault("cursor", .invalidCursor, "Is not a cursor of this list.") }
    }

    /// How many rows to read: one more than the page holds tells whether there is a next one.
    package var rowsToRead: Int { limit + 1 }

    /// Cuts what was read to a page.
    package func page<Row, Item: Codable & Sendable>(
        of rows: [Row], cursor: (Row) -> Cursor, item: (Row) -> Item
    ) -> Page<Item> {
        let shown = rows.prefix(limit)
        let next = rows.count > limit ? shown.last.map { cursor($0).text(list: list, seal: seal) } : nil
        return Page(items: shown.map(item), nextCursor: next)
    }
}

/// A list without filters; `Order` names it and its sort keys.
package struct ListQuery<Order: ListOrder>: RouteQuery {
    package static var parameters: [MemberSchema] { PageRequest.parameters }
    package let page: PageRequest

    package init?(reading query: inout QueryReader) {
        page = PageRequest(reading: &query, list: Order.name, keys: Order.keys)
    }
}

/// The order of a list, by which its cursors are told from others'.
package protocol ListOrder: Sendable {
    static var name: String { get }
    static var keys: [Cursor.Key] { get }
}
