/// The bound values of a statement, encoded one behind the other, ready for libpq.
package struct SQLParameters: Sendable {
    /// One parameter: where its bytes are and what they mean.
    struct Entry: Sendable {
        let type: UInt32
        let isText: Bool
        /// Nil for NULL.
        let offset: Int?
        let length: Int
        /// Where its `$n` stands in the text, in UTF-8 bytes.
        var placeholder: Int
        var placeholderLength = 0
    }

    /// The encoded values; a text value ends with a zero byte that `length` does not count.
    package internal(set) var bytes: [UInt8] = []
    /// The first value that cannot be sent at all; thrown when the statement is run.
    package internal(set) var fault: StoreError?
    var entries: [Entry] = []

    mutating func append<Value: SQLBindable>(_ value: Value, placeholder: Int) {
        guard !value.isNull else {
            let entry = Entry(
                type: Value.sqlType, isText: Value.isText, offset: nil, length: 0, placeholder: placeholder)
            entries.append(entry)
            return
        }
        let offset = bytes.count
        value.encode(into: &self)
        let entry = Entry(
            type: Value.sqlType, isText: Value.isText, offset: offset, length: bytes.count - offset,
            placeholder: placeholder)
        if Value.isText { terminate(from: offset) }
        entries.append(entry)
    }

    /// Takes over a parameter of another statement.
    mutating func append(_ entry: Entry, of other: SQLParameters, placeholder: Int) {
        fault = fault ?? other.fault
        var start: Int?
        if let offset = entry.offset {
            start = bytes.count
            bytes.append(contentsOf: other.bytes[offset..<offset + entry.length])
            if entry.isText { bytes.append(0) }
        }
        entries.append(
            Entry(
                type: entry.type, isText: entry.isText, offset: start, length: entry.length, placeholder: placeholder))
    }

    /// libpq measures text by its first zero byte: one inside would cut the value short without a word.
    private mutating func terminate(from offset: Int) {
        if bytes[offset...].contains(0) {
            fault = fault ?? .invalidValue(sqlstate: "22021", message: "text holds a zero byte")
        }
        bytes.append(0)
    }
}

extension SQLParameters {
    /// Appends an integer in network order.
    package mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends raw bytes.
    package mutating func append(contentsOf raw: some Sequence<UInt8>) {
        bytes.append(contentsOf: raw)
    }

    /// Appends a Postgres array of one dimension.
    mutating func append<Element: SQLBindable>(array: [Element], of elementType: UInt32) {
        append(Int32(array.isEmpty ? 0 : 1))
        append(Int32(1))  // "may hold nulls": the server looks at the elements itself
        append(elementType)
        guard !array.isEmpty else { return }
        append(Int32(array.count))
        append(Int32(1))
        bytes.reserveCapacity(bytes.count + array.count * 20)
        for element in array {
            if element.isNull {
                append(Int32(-1))
                continue
            }
            let length = bytes.count
            append(Int32(0))
            element.encode(into: &self)
            let size = Int32(bytes.count - length - 4)
            withUnsafeBytes(of: size.bigEndian) { source in
                bytes.withUnsafeMutableBytes { $0.baseAddress?.advanced(by: length).copyMemory(from: source) }
            }
        }
    }
}

extension UnsafeMutableRawPointer {
    fileprivate func copyMemory(from source: UnsafeRawBufferPointer) {
        guard let base = source.baseAddress else { return }
        copyMemory(from: base, byteCount: source.count)
    }
}
