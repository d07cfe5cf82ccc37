/// The shape and bounds of one value, as the specification shows it.
package indirect enum ValueSchema: Hashable, Sendable {
    /// The length counts Unicode scalars; the pattern is a regular expression as ECMAScript writes it.
    case string(length: ClosedRange<Int>?, format: String?, pattern: String? = nil)
    /// One of the values of the enumeration that is named.
    case choice([String], of: String)
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
    /// What it is in the example of a body.
    package var example = MemberExample.usual
}

/// What a member is in the example of a body.
package enum MemberExample: Hashable, Sendable {
    /// A value that keeps its rule.
    case usual
    /// It is left out: other members exclude it, or only a few may send it.
    case none
    case value(DocumentValue)
}
