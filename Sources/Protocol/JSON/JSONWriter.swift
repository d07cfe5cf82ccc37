/// Writes one JSON document as UTF-8 bytes, in the order of the calls; equal calls give equal bytes.
public struct JSONWriter {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init(capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    public mutating func object(_ body: (inout JSONWriter) -> Void) {
        open("{")
        body(&self)
        close("}")
    }

    public mutating func array<Element>(_ elements: some Sequence<Element>, _ each: (inout JSONWriter, Element) -> Void)
    {
        open("[")
        for element in elements { each(&self, element) }
        close("]")
    }

    /// Writes a member's name; the next call writes its value.
    public mutating func name(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a member's name that is not known before; the next call writes its value.
    public mutating func name(_ name: String) {
        string(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func member(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        self.name(name)
        string(value)
    }

    public mutating func member(_ name: StaticString, _ value: (some FixedWidthInteger)?) {
        guard let value else { return }
        self.name(name)
        separate()
        digits(isNegative: value < 0, UInt64(clamping: value.magnitude))
    }

    public mutating func member(_ name: StaticString, _ value: Timestamp?) { member(name, value?.milliseconds) }

    public mutating func member(_ name: StaticString, _ value: UUIDv7?) {
        guard let value else { return }
        self.name(name)
        id(value)
    }

    public mutating func member(_ name: StaticString, _ value: Bool) {
        self.name(name)
        bool(value)
    }

    /// Writes the member only when it is true.
    public mutating func flag(_ name: StaticString, _ value: Bool) { if value { member(name, true) } }

    /// Writes thousandths (grams, milliseconds, millimetres) as a decimal of the whole unit, exactly.
    public mutating func member(_ name: StaticString, thousandths value: Int64?) {
        guard let value else { return }
        self.name(name)
        decimal(value, places: 3)
    }

    public mutating func member(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        object(body)
    }

    public mutating func string(_ value: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20: escapeControl(byte)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    public mutating func integer(_ value: Int64) {
        separate()
        digits(isNegative: value < 0, value.magnitude)
    }

    public mutating func bool(_ value: Bool) {
        separate()
        bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
    }

    public mutating func id(_ value: UUIDv7) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 36) { buffer in
            value.writeText(into: buffer)
            bytes.append(contentsOf: buffer)
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes `value / 10^places` without trailing zeros; at most 18 places.
    public mutating func decimal(_ value: Int64, places: Int) {
        separate()
        var divisor: UInt64 = 1
        for _ in 0..<places { divisor *= 10 }
        let (whole, fraction) = value.magnitude.quotientAndRemainder(dividingBy: divisor)
        digits(isNegative: value < 0, whole)
        guard fraction > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        var rest = fraction
        while rest > 0 {
            divisor /= 10
            bytes.append(48 + UInt8(rest / divisor))
            rest %= divisor
        }
    }

    /// Inserts a value that is JSON already.
    public mutating func raw(_ value: some Collection<UInt8>) {
        separate()
        bytes.append(contentsOf: value)
    }

    /// Inserts the members of an object that is JSON already (`{…}`, not empty).
    public mutating func members(of object: some BidirectionalCollection<UInt8>) {
        separate()
        bytes.append(contentsOf: object.dropFirst().dropLast())
    }

    /// Writes a parsed document; numbers keep their value, to the digits that were read.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: raw("null".utf8)
        case .bool(let flag): bool(flag)
        case .number(let number): self.number(number)
        case .string(let text): string(text)
        case .array(let values): array(values) { $0.value($1) }
        case .object(let object):
            self.object { writer in
                for member in object.members {
                    writer.name(member.name)
                    writer.value(member.value)
                }
            }
        }
    }

    private mutating func number(_ number: JSONNumber) {
        var (digits, exponent) = (number.roundedDigits, number.exponent)
        if digits == 0 { exponent = 0 }
        while exponent < 0, digits % 10 == 0 { (digits, exponent) = (digits / 10, exponent + 1) }
        if (-18...0).contains(exponent) {
            decimal(digits, places: -exponent)
        } else {
            raw("\(digits)e\(exponent)".utf8)
        }
    }

    private mutating func open(_ character: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: character))
        needsComma = false
    }

    private mutating func close(_ character: Unicode.Scalar) {
        bytes.append(UInt8(ascii: character))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func digits(isNegative: Bool, _ magnitude: UInt64) {
        if isNegative { bytes.append(UInt8(ascii: "-")) }
        var rest = magnitude
        let start = bytes.count
        repeat {
            bytes.append(48 + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private mutating func escapeControl(_ byte: UInt8) {
        let hex = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(hex[Int(byte >> 4)])
        bytes.append(hex[Int(byte & 15)])
    }
}
