/// The shape of one value in an answer, as the specification shows it.
package indirect enum OutputSchema: Hashable, Sendable {
    case string(format: String?)
    /// One of the values of the enumeration that is named.
    case choice([String], of: String)
    case integer
    case number
    case boolean
    case array(of: OutputSchema)
    /// An object whose names are data.
    case map(of: OutputSchema)
    /// An object type, by the name of its component.
    case object(String)
    /// Any object; for documents that another standard describes.
    case anyObject
    case nullable(OutputSchema)
}

/// An object type of answers: its members, and what one looks like.
package struct ObjectSchema: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package let schema: OutputSchema
        /// Whether it stands in every answer, null included.
        package let isRequired: Bool
    }

    package let members: [String: Member]
    package let example: DocumentValue
}

/// A type whose shape is told and not found: values that encode as one string or number, and documents.
package protocol DeclaredSchema: Decodable {
    static var outputSchema: OutputSchema { get }
    /// A value for examples; `member` is the name it stands under.
    static func sample(for member: String) -> Self
}

/// Why a type's shape cannot be found; a mistake of ours that a test finds.
package struct SchemaFault: Error, CustomStringConvertible {
    package let description: String
}
