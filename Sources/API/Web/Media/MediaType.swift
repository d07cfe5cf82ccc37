import Protocol

/// A media type, as `Content-Type` names it.
package struct MediaType: Hashable, Sendable, CustomStringConvertible {
    /// Such as `text/csv`: lower case, without parameters.
    package let name: String
    /// By lower-case name, such as the `boundary` of a form.
    package let parameters: [String: String]

    /// A type that we declare ourselves.
    package init(_ name: StaticString) {
        self.name = name.description
        parameters = [:]
    }

    /// Reads a header; nil when it is not written as RFC 9110 writes media types.
    package init?(header: String) {
        guard let (name, parameters) = MediaType.parameters(of: header), name.split(separator: "/").count == 2
        else { return nil }
        self.name = name
        self.parameters = parameters
    }

    /// A header's value in lower case, and its parameters by lower-case name; nil where one is no parameter or repeated.
    static func parameters(of header: String) -> (value: String, parameters: [String: String])? {
        var pieces = MediaType.pieces(of: header)[...]
        guard let value = pieces.popFirst()?.lowercased() else { return nil }
        var parameters: [String: String] = [:]
        for piece in pieces where !piece.isEmpty {
            guard let equals = piece.firstIndex(of: "=") else { return nil }
            let key = piece[..<equals].lowercased()
            guard !key.isEmpty, parameters[key] == nil else { return nil }
            parameters[key] = MediaType.unquoted(piece[piece.index(after: equals)...])
        }
        return (value, parameters)
    }

    package var description: String { name }

    /// Whether compression makes it smaller.
    var isText: Bool { name.hasPrefix("text/") || name.hasSuffix("json") || name.hasSuffix("xml") }

    /// The header's pieces between semicolons that stand outside of quotes.
    private static func pieces(of header: String) -> [String] {
        var pieces: [String] = []
        var piece = ""
        var (isQuoted, isEscaped) = (false, false)
        for character in header {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == ";", !isQuoted {
                pieces.append(piece.trimmingSpaces())
                piece = ""
                continue
            }
            piece.append(character)
        }
        return pieces + [piece.trimmingSpaces()]
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return String(text) }
        var plain = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                plain.append(character)
                isEscaped = false
            }
        }
        return plain
    }
}

/// The media types in which a route takes its body, or gives its answer, as bytes instead of JSON.
package protocol DeclaredMedia: Sendable {
    /// At least one.
    static var types: [MediaType] { get }
    /// With `multipart/form-data`: the part that holds the file.
    static var filePart: String? { get }
}

extension DeclaredMedia {
    package static var filePart: String? { nil }
}

/// Comma separated values.
package enum CSVMedia: DeclaredMedia {
    package static let types = [MediaType("text/csv")]
}
