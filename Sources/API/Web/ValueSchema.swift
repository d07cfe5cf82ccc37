/// The shape and bounds of one value, as the specification shows it.
package indirect enum ValueSchema: Hashable, Sendable {
    /// The length counts Unicode scalars; the pattern is a regular expression as ECMAScript writes it.
    case string(length: ClosedRange<Int>?, format: String?, pattern: String? = nil)
    case choice([String])
    case integer(ClosedRange<Int64>)
    case number(ClosedRange<Double>, step: Double?)
    case boolean
    case array(of: ValueSchema, count: ClosedRange<Int>, isDistinct: Bool)
    case object(name: String, members: [MemberSchema])
}

/// A member of a body or a query parameter, as the specification shows it.
package struct MemberSchema: Hashable, Sendable {
    package let name: String
    package let schema: ValueSchema
    package let isRequired: Bool
    package let summary: String
    /// Whether null may stand for it.
    package var isNullable = false
}
