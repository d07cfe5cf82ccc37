/// Cuts a stream of bytes into CSV records (RFC 4180, any of three delimiters) without losing its place after a fault.
struct CSVRecords {
    /// One record that is complete.
    struct Record {
        /// The line on which it begins, counted from 1.
        let line: Int
        let bytes: [UInt8]
    }

    /// What `next` may find.
    enum Finding {
        case record(Record)
        /// A quoted field that does not end within the limit (or the file); reading goes on with the next line.
        case unended(line: Int)
    }

    private enum State { case fieldStart, plain, quoted, quoteInQuoted }

    /// Nil until the first record has been seen: every candidate then ends a field.
    var delimiter: UInt8?
    private let recordBytes: Int
    private var pending: [UInt8] = []
    private var scanned = 0
    private var begin = 0
    private var line = 1
    private var linesInside = 0
    private var state = State.fieldStart
    private var appendedBytes = 0
    /// Bytes that were looked at and had to be looked at again, behind a fault.
    private var wastedBytes = 0
    /// A byte order mark, which some exports begin with, is no part of the first field.
    private let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    static let candidates: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]

    init(recordBytes: Int) { self.recordBytes = recordBytes }

    mutating func append(_ bytes: some Sequence<UInt8>) {
        if begin > 0 {
            pending.removeFirst(begin)
            scanned -= begin
            begin = 0
        }
        let before = pending.count
        pending.append(contentsOf: bytes)
        appendedBytes += pending.count - before
    }

    /// Whether faults have cost more than is worth it: each is found only after up to `recordBytes` have been read.
    var isTooFaulty: Bool { wastedBytes > max(4 << 20, 4 * appendedBytes) }

    /// The next complete record, or nil when more bytes are needed (`isLast`: when there is nothing left).
    mutating func next(isLast: Bool) -> Finding? {
        while scanned < pending.count {
            let byte = pending[scanned]
            scanned += 1
            if line == 1 && scanned - begin <= 3 && pending[begin..<scanned].elementsEqual(mark.prefix(scanned - begin))
            {
                if scanned - begin == 3 { begin = scanned }
                continue
            }
            if byte == UInt8(ascii: "\n") {
                if state != .quoted { return .record(takeRecord(end: scanned - 1)) }
                linesInside += 1
            } else {
                step(byte)
            }
            if scanned - begin > recordBytes { return .unended(line: skipLine()) }
        }
        guard isLast, begin < pending.count else { return nil }
        return state == .quoted ? .unended(line: skipLine()) : .record(takeRecord(end: pending.count))
    }

    private mutating func step(_ byte: UInt8) {
        let endsField = delimiter.map { $0 == byte } ?? CSVRecords.candidates.contains(byte)
        switch state {
        case .fieldStart, .plain:
            if byte == UInt8(ascii: "\"") && state == .fieldStart {
                state = .quoted
            } else {
                state = endsField ? .fieldStart : .plain
            }
        case .quoted:
            if byte == UInt8(ascii: "\"") { state = .quoteInQuoted }
        case .quoteInQuoted:
            // A quote that neither is doubled nor ends the field is taken as it stands: exports have them in notes.
            if endsField { state = .fieldStart } else if byte != UInt8(ascii: "\r") { state = .quoted }
        }
    }

    private mutating func takeRecord(end: Int) -> Record {
        let last = end > begin && pending[end - 1] == UInt8(ascii: "\r") ? end - 1 : end
        let record = Record(line: line, bytes: Array(pending[begin..<last]))
        line += linesInside + 1
        begin = scanned
        linesInside = 0
        state = .fieldStart
        return record
    }

    /// Gives up on the record and begins again on the line after the one it began on.
    private mutating func skipLine() -> Int {
        let faulty = line
        let newline = pending[begin..<scanned].firstIndex(of: UInt8(ascii: "\n"))
        begin = newline.map { $0 + 1 } ?? scanned
        // Without a line end the rest of the line becomes a row of its own, and a second fault.
        line += newline == nil ? 0 : 1
        wastedBytes += scanned - begin
        scanned = begin
        linesInside = 0
        state = newline == nil ? .plain : .fieldStart
        return faulty
    }

    /// Cuts a record into its fields, trimmed of white space when they are not quoted.
    static func fields(of record: [UInt8], delimiter: UInt8) -> [String] {
        var fields: [String] = []
        var field: [UInt8] = []
        var state = State.fieldStart
        var wasQuoted = false
        func finish() {
            let text = String(decoding: field, as: UTF8.self)
            fields.append(wasQuoted ? text : String(text.trimmed))
            field.removeAll(keepingCapacity: true)
            (state, wasQuoted) = (.fieldStart, false)
        }
        for byte in record {
            switch state {
            case .fieldStart where byte == UInt8(ascii: "\""):
                (state, wasQuoted) = (.quoted, true)
            case .fieldStart, .plain:
                if byte == delimiter { finish() } else { field.append(byte); state = .plain }
            case .quoted:
                if byte == UInt8(ascii: "\"") { state = .quoteInQuoted } else { field.append(byte) }
            case .quoteInQuoted where byte == delimiter:
                finish()
            case .quoteInQuoted:
                if byte != UInt8(ascii: "\"") { field.append(UInt8(ascii: "\"")) }
                field.append(byte)
                state = .quoted
            }
        }
        finish()
        return fields
    }
}

extension StringProtocol {
    /// Without white space (the no-break kinds too) at either end.
    var trimmed: SubSequence {
        var rest = self[...]
        while let first = rest.first, first.isWhitespace { rest.removeFirst() }
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        return rest
    }
}
