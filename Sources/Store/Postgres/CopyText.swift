import Protocol

/// Rows in the text format of COPY: a line a row, a tab between columns.
package struct CopyText: Sendable {
    package private(set) var bytes: [UInt8] = []
    package private(set) var rowCount = 0
    private var isRowBegun = false

    package init() {}

    /// Ends the row.
    package mutating func endRow() {
        bytes.append(UInt8(ascii: "\n"))
        rowCount += 1
        isRowBegun = false
    }

    private mutating func beginColumn() {
        if isRowBegun { bytes.append(UInt8(ascii: "\t")) }
        isRowBegun = true
    }

    package mutating func add(_ value: some BinaryInteger) {
        beginColumn()
        bytes.append(contentsOf: String(value).utf8)
    }

    package mutating func add(_ value: (some BinaryInteger)?) {
        if let value { add(value) } else { addNull() }
    }

    package mutating func add(_ value: Double) {
        beginColumn()
        bytes.append(contentsOf: String(value).utf8)
    }

    package mutating func add(_ value: Double?) {
        if let value { add(value) } else { addNull() }
    }

    package mutating func add(_ value: Bool) {
        beginColumn()
        bytes.append(UInt8(ascii: value ? "t" : "f"))
    }

    package mutating func add(_ id: UUIDv7) {
        beginColumn()
        bytes.append(contentsOf: id.description.utf8)
    }

    package mutating func add(_ id: UUIDv7?) {
        if let id { add(id) } else { addNull() }
    }

    package mutating func add(_ time: Timestamp) {
        beginColumn()
        bytes.append(contentsOf: time.rfc3339.utf8)
    }

    package mutating func add(_ time: Timestamp?) {
        if let time { add(time) } else { addNull() }
    }

    package mutating func add(_ text: String?) {
        if let text { add(utf8: Array(text.utf8)) } else { addNull() }
    }

    /// Text, or JSON, as UTF-8.
    package mutating func add(utf8 text: [UInt8]) {
        beginColumn()
        for byte in text {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\r"): bytes.append(contentsOf: "\\r".utf8)
            case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
            default: bytes.append(byte)
            }
        }
    }

    package mutating func addNull() {
        beginColumn()
        bytes.append(contentsOf: "\\N".utf8)
    }
}
