/// Writes CSV records (RFC 4180, UTF-8, CRLF) that a spreadsheet opens without running anything in them.
public struct CSVWriter: Sendable {
    /// One field of a record.
    public enum Cell: Hashable, Sendable {
        case text(String)
        case integer(Int)
        /// With as many digits as it needs, a point before the fraction, never an exponent.
        case decimal(Double)
        case empty
    }

    private let delimiter: UInt8
    private var bytes: [UInt8] = []

    public init(delimiter: UInt8 = UInt8(ascii: ",")) { self.delimiter = delimiter }

    /// What has been written since the last `take`.
    public var count: Int { bytes.count }

    /// Answers what has been written and begins again with nothing.
    public mutating func take() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    /// Adds one record.
    public mutating func append(_ cells: [Cell]) {
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(delimiter) }
            switch cell {
            case .text(let text): append(text)
            case .integer(let value): bytes.append(contentsOf: String(value).utf8)
            case .decimal(let value): bytes.append(contentsOf: Self.plain(value).utf8)
            case .empty: break
            }
        }
        bytes.append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
    }

    private mutating func append(_ text: String) {
        let text = Self.disarmed(text)
        guard Self.needsQuotes(text, delimiter) else { return bytes.append(contentsOf: text.utf8) }
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func needsQuotes(_ text: String, _ delimiter: UInt8) -> Bool {
        if text.first?.isWhitespace == true || text.last?.isWhitespace == true { return true }
        return text.utf8.contains { byte in
            byte == delimiter || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n")
        }
    }

    /// Spreadsheets take a cell that begins with one of these for a formula, quoted or not.
    private static let armed = Set("=+-@\t\r".utf8)

    /// The text behind an apostrophe if a spreadsheet would run it; `armed` undoes it.
    ///
    /// Text that looks disarmed already gets one more, so that every text comes back as it was.
    static func disarmed(_ text: String) -> String { isArmed(text.utf8) ? "'" + text : text }

    /// The text that `disarmed` made this from.
    static func rearmed(_ text: String) -> String {
        text.utf8.first == UInt8(ascii: "'") && isArmed(text.utf8) ? String(text.dropFirst()) : text
    }

    private static func isArmed(_ text: String.UTF8View) -> Bool {
        text.first { $0 != UInt8(ascii: "'") }.map(armed.contains) ?? false
    }

    private static func plain(_ value: Double) -> String {
        precondition(value.isFinite && abs(value) < 1e15, "not a measured value")
        if value == value.rounded() { return String(Int64(value)) }
        // Below 0.0001 the description has an exponent; no measured value is that small.
        let text = value.description
        return text.contains("e") ? "0" : text
    }
}
