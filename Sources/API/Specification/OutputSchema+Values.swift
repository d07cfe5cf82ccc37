import Protocol

extension String: DeclaredSchema {
    package static let outputSchema = OutputSchema.string(format: nil)
    package static func sample(for member: String) -> String { Examples.text(for: member) }
}

extension Bool: DeclaredSchema {
    package static let outputSchema = OutputSchema.boolean
    package static func sample(for member: String) -> Bool { true }
}

extension Int: DeclaredSchema {
    package static let outputSchema = OutputSchema.integer
    package static func sample(for member: String) -> Int { Int(Examples.number(for: member)) }
}

extension Int64: DeclaredSchema {
    package static let outputSchema = OutputSchema.integer
    package static func sample(for member: String) -> Int64 { Int64(Examples.number(for: member)) }
}

extension Double: DeclaredSchema {
    package static let outputSchema = OutputSchema.number
    package static func sample(for member: String) -> Double { Examples.number(for: member) }
}

extension UUIDv7: DeclaredSchema {
    package static let outputSchema = OutputSchema.string(format: "uuid")
    package static func sample(for member: String) -> UUIDv7 { Examples.id }
}

extension Timestamp: DeclaredSchema {
    package static let outputSchema = OutputSchema.string(format: "date-time")
    package static func sample(for member: String) -> Timestamp { Examples.time }
}

extension CalendarDate: DeclaredSchema {
    package static let outputSchema = OutputSchema.string(format: "date")
    package static func sample(for member: String) -> CalendarDate {
        CalendarDate(daysSinceEpoch: Int(Examples.time.milliseconds / 86_400_000))
    }
}

extension LocalTime: DeclaredSchema {
    package static let outputSchema = OutputSchema.string(format: nil)
    package static func sample(for member: String) -> LocalTime { LocalTime(Examples.text(for: member)) ?? noon }
    private static let noon = LocalTime(minutes: 720)!  // A minute of a day.
}
