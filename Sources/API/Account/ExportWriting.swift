import NIOPosix
import Protocol
import Store

/// Writes what one account holds into an archive: each part as JSON and as CSV, read once, page by page, and its files.
///
/// All parts are read in one snapshot, so that they fit each other whatever is written meanwhile. A part's CSV is kept
/// aside until its JSON is complete, since an archive takes one entry at a time. In memory is never more than a page, or
/// one file.
struct ExportWriting: Sendable {
    let user: UserID
    let at: Timestamp
    let pool: PostgresPool
    let archive: ExportArchive

    private struct Written: Sendable {
        var parts: [(name: String, rows: Int)] = []
        var attachments: [ExportAttachment] = []
    }

    /// Writes every part, then the files, and an index that tells how many rows each part holds and how large files are.
    ///
    /// A file that was removed meanwhile is left out. Throws what reading a file throws: without it the export is not whole.
    func write(_ parts: [ExportPart], _ attachments: @escaping ExportAttachment.List) async throws {
        let written = try await pool.snapshot { connection in
            var written = Written()
            for part in parts { written.parts.append((part.name, try write(part, on: connection))) }
            written.attachments = try attachments(user, connection)
            return written
        }
        var files: [(name: String, sizeBytes: Int)] = []
        for attachment in written.attachments {
            guard let bytes = try await attachment.read() else { continue }
            try await add(attachment.name, bytes)
            files.append((attachment.name, bytes.count))
        }
        try await add("index.json", index(written.parts, files))
    }

    private func add(_ name: String, _ bytes: [UInt8]) async throws {
        try await NIOThreadPool.singleton.runIfActive {
            try archive.begin(name, at: at)
            try archive.write(bytes)
        }
    }

    private func index(_ parts: [(name: String, rows: Int)], _ files: [(name: String, sizeBytes: Int)]) -> [UInt8] {
        var index = JSONWriter()
        index.object { index in
            index.member("userId", user)
            index.member("madeAt", at.rfc3339)
            index.name("parts")
            index.array(parts) { writer, count in
                writer.object { part in
                    part.member("name", count.name)
                    part.member("rows", count.rows)
                }
            }
            index.name("files")
            index.array(files) { writer, file in
                writer.object { entry in
                    entry.member("name", file.name)
                    entry.member("sizeBytes", file.sizeBytes)
                }
            }
        }
        return index.bytes
    }

    /// Answers how many rows the part has.
    private func write(_ part: ExportPart, on connection: isolated PostgresConnection) throws -> Int {
        var csv = CSVWriter()
        csv.append(part.columns.map { .text($0.name) })
        try archive.begin("\(part.name).json", at: at)
        try archive.write(Array("[".utf8))
        var (after, count) = ([String]?.none, 0)
        while true {
            try Task.checkCancellation()
            let page = try part.page(of: user, after: after, on: connection)
            var json: [UInt8] = []
            for row in page {
                json.append(contentsOf: count == 0 ? "\n".utf8 : ",\n".utf8)
                try Self.append(row, of: part, json: &json, csv: &csv)
                count += 1
            }
            try archive.write(json)
            try archive.keep(csv.take())
            guard page.count == part.rowsAtOnce else { break }
            after = page.last?.key
        }
        try archive.write(Array("\n]\n".utf8))
        try archive.begin("\(part.name).csv", at: at)
        try archive.writeKept()
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
