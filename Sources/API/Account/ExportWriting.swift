import Foundation
import Protocol
import Store

/// Writes the parts of one account into an archive: each as JSON and as CSV, read once, page by page.
///
/// A part's CSV is kept aside until its JSON is complete, since an archive takes one entry at a time. In memory is never
/// more than a page.
struct ExportWriting: Sendable {
    let user: UserID
    let at: Timestamp
    let pool: PostgresPool
    let archive: ExportArchive

    /// Writes every part, and an index that tells how many rows each holds.
    func write(_ parts: [ExportPart]) async throws {
        var index = JSONWriter()
        var counts: [(name: String, rows: Int)] = []
        for part in parts { counts.append((part.name, try await write(part))) }
        index.object { index in
            index.member("userId", user)
            index.member("madeAt", at.rfc3339)
            index.name("parts")
            index.array(counts) { writer, count in
                writer.object { part in
                    part.member("name", count.name)
                    part.member("rows", count.rows)
                }
            }
        }
        try await archive.begin("index.json", at: at)
        try await archive.write(index.bytes)
    }

    /// Answers how many rows the part has.
    private func write(_ part: ExportPart) async throws -> Int {
        var csv = CSVWriter()
        csv.append(part.columns.map { .text($0.name) })
        try await archive.begin("\(part.name).json", at: at)
        try await archive.write(Array("[".utf8))
        var (after, count) = ([String]?.none, 0)
        while true {
            try Task.checkCancellation()
            let page = try await part.page(of: user, after: after, in: pool)
            var json: [UInt8] = []
            for row in page {
                json.append(contentsOf: count == 0 ? "\n".utf8 : ",\n".utf8)
                try Self.append(row, of: part, json: &json, csv: &csv)
                count += 1
            }
            try await archive.write(json)
            try await archive.keep(csv.take())
            guard page.count == part.rowsAtOnce else { break }
            after = page.last?.key
        }
        try await archive.write(Array("\n]\n".utf8))
        try await archive.begin("\(part.name).csv", at: at)
        try await archive.writeKept()
        return count
    }

    private static func append(
        _ row: ExportPart.Row, of part: ExportPart, json: inout [UInt8], csv: inout CSVWriter
    ) throws {
        guard let values = try JSONReader.parse(row.values.text).array, values.count == part.columns.count else {
            throw ExportArchive.Failure(description: "\(part.name): a row does not fit its columns")
        }
        var object = JSONWriter()
        object.object { object in
            for (column, value) in zip(part.columns, values) {
                object.name(column.name)
                object.value(value)
            }
        }
        json.append(contentsOf: object.bytes)
        csv.append(values.map(CSVWriter.Cell.init))
    }
}

extension CSVWriter.Cell {
    /// Lists, objects, and numbers beyond what a cell has digits for stand in it as JSON.
    fileprivate init(_ value: JSONValue) {
        switch value {
        case .null: self = .empty
        case .string(let text): self = .text(text)
        case .bool(let flag): self = .text(flag ? "true" : "false")
        case .number(let number):
            if let whole = number.scaled(places: 0) {
                self = .integer(Int(whole))
            } else if let decimal = number.double, (1e-4..<1e15).contains(abs(decimal)) {
                self = .decimal(decimal)
            } else {
                self = .text(Self.json(value))
            }
        case .array, .object: self = .text(Self.json(value))
        }
    }

    private static func json(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
