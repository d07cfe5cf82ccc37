/// A parsed JSON document; numbers stay exact decimals, so that kilograms become grams without a detour over `Double`.
public enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// `digits × 10^exponent`: exactly as written, or to the 18 digits or more that 64 bits hold.
public struct JSONNumber: Sendable, Hashable {
    /// The digits that 64 bits do not hold, as a part of the last one that they do.
    public enum Rest: UInt8, Sendable, Hashable { case none, belowHalf, halfOrMore }

    public let digits: Int64
    public let exponent: Int
    public let rest: Rest

    public init(digits: Int64, exponent: Int = 0, rest: Rest = .none) {
        self.digits = digits
        self.exponent = exponent
        self.rest = rest
    }

    /// The number times 10^places when that is a whole `Int64`, otherwise nil.
    public func scaled(places: Int) -> Int64? {
        guard let (value, isExact) = shifted(places: places), isExact else { return nil }
        return value
    }

    /// The number times 10^places, rounded half away from zero; nil beyond `Int64`.
    public func rounded(places: Int) -> Int64? { shifted(places: places)?.value }

    /// The nearest number of as many digits without a rest.
    public var roundedDigits: Int64 { rest == .halfOrMore ? digits.clampingAdd(digits < 0 ? -1 : 1) : digits }

    private func shifted(places: Int) -> (value: Int64, isExact: Bool)? {
        var power = exponent.clampingAdd(places)
        // What has a rest fills 64 bits already.
        if power > 0, rest != .none { return nil }
        if power == 0 { return (roundedDigits, rest == .none) }
        var value = digits
        while power > 0, value != 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            value = product
            power -= 1
        }
        var lastDigit: Int64 = 0
        var isExact = rest == .none
        while power < 0, value != 0 || lastDigit != 0 {
            if lastDigit != 0 { isExact = false }
            (value, lastDigit) = value.quotientAndRemainder(dividingBy: 10)
            power += 1
        }
        guard lastDigit != 0 else { return (value, isExact) }
        return (abs(lastDigit) >= 5 && power == 0 ? value + lastDigit.signum() : value, false)
    }
}

/// The members of a JSON object; of repeated names the last one counts.
public struct JSONObject: Sendable, Hashable {
    var members: [(name: String, value: JSONValue)] = []

    /// An object without members.
    public init() {}

    public subscript(name: String) -> JSONValue? {
        members.last { $0.name == name }?.value
    }

    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.elementsEqual(right.members) { $0.name == $1.name && $0.value == $1.value }
    }

    public func hash(into hasher: inout Hasher) {
        for member in members {
            hasher.combine(member.name)
            hasher.combine(member.value)
        }
    }
}

extension JSONValue {
    public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
    public var array: [JSONValue]? { if case .array(let array) = self { array } else { nil } }
    public var string: String? { if case .string(let string) = self { string } else { nil } }
    public var bool: Bool? { if case .bool(let bool) = self { bool } else { nil } }
    public var integer: Int64? { if case .number(let number) = self { number.scaled(places: 0) } else { nil } }
    public var id: UUIDv7? { string.flatMap { UUIDv7($0) } }

    /// The member of an object, or nil; JSON null counts as absent.
    public subscript(name: String) -> JSONValue? {
        guard let value = object?[name], value != .null else { return nil }
        return value
    }
}
