/// A time of day without a date or zone; `22:30` in JSON.
public struct LocalTime: Hashable, Sendable, Codable, CustomStringConvertible {
    /// 0…1439, since midnight.
    public let minutes: Int

    /// Nil beyond a day.
    public init?(minutes: Int) {
        guard (0..<1440).contains(minutes) else { return nil }
        self.minutes = minutes
    }

    /// Reads `HH:MM`; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let digits = text.utf8.allSatisfy { $0 == UInt8(ascii: ":") || (48...57).contains($0) }
        guard digits, parts.map(\.utf8.count) == [2, 2], let hour = Int(parts[0]), let minute = Int(parts[1]),
            hour < 24, minute < 60
        else { return nil }
        minutes = hour * 60 + minute
    }

    public var description: String {
        func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
        return "\(padded(minutes / 60)):\(padded(minutes % 60))"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let time = LocalTime(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time of day")
        }
        self = time
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
