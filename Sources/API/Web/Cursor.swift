import Foundation
import Protocol

/// The place behind the last row of a page, opaque to clients: a version, the list it belongs to, the row's sort keys.
package struct Cursor: Hashable, Sendable {
    package enum Key: Sendable { case text, integer, time, id }

    package let values: [String]

    /// The cursor behind a row with these keys.
    package init(after values: String...) { self.values = values }

    /// Reads the text a client sent; nil unless it was made here for the same list with keys of these kinds.
    init?(_ text: String, list: String, keys: [Key]) {
        guard text.utf8.count <= 1024, let data = Data(base64URL: text), data.count > 4 else { return nil }
        let body = Array(data.dropFirst(4))
        guard Cursor.checksum(body) == Array(data.prefix(4)),
            let joined = String(validating: body, as: UTF8.self)
        else { return nil }
        let parts = joined.split(separator: "\u{1F}", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == keys.count + 2, parts[0] == "1", parts[1] == list else { return nil }
        values = Array(parts.dropFirst(2))
        for (value, key) in zip(values, keys) {
            switch key {
            case .text: guard !value.unicodeScalars.contains("\0") else { return nil }
            case .integer: guard Int64(value) != nil else { return nil }
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
    package func text(list: String) -> String {
        let body = Array((["1", list] + values).joined(separator: "\u{1F}").utf8)
        return Data(Cursor.checksum(body) + body).base64URL
    }

    /// Finds slips and old formats, it is no secret: a cursor gives no access that its route does not check.
    private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
        var hash: UInt32 = 2_166_136_261
        for byte in bytes { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return (0..<4).map { UInt8(truncatingIfNeeded: hash >> ($0 * 8)) }
    }
}

/// `limit` and `cursor` of a list.
package struct PageRequest: Sendable {
    package static let limit = Field.optional("limit", .integer(1...100), "Rows on a page; 20 unless told.")
    package static let cursor = Field.optional("cursor", .text(1...1024), "`nextCursor` of the page before.")
    package static let parameters = [limit.schema, cursor.schema]

    package let limit: Int
    package let after: Cursor?
    private let list: String

    /// Reads both; `list` names the list and its order, `keys` are the kinds of its sort keys.
    package init(reading query: inout QueryReader, list: String, keys: [Cursor.Key]) {
        self.list = list
        limit = query.optional(Self.limit) ?? 20
        guard let text = query.optional(Self.cursor) else {
            after = nil
            return
        }
        after = Cursor(text, list: list, keys: keys)
        if after == nil { query.fault("cursor", .invalidCursor, "Is not a cursor of this list.") }
    }

    /// How many rows to read: one more than the page holds tells whether there is a next one.
    package var rowsToRead: Int { limit + 1 }

    /// Cuts what was read to a page.
    package func page<Row, Item: Codable & Sendable>(
        of rows: [Row], cursor: (Row) -> Cursor, item: (Row) -> Item
    ) -> Page<Item> {
        let shown = rows.prefix(limit)
        let next = rows.count > limit ? shown.last.map { cursor($0).text(list: list) } : nil
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
