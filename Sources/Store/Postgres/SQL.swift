/// A statement with its parameters: literal text is SQL, interpolated values are bound and never become text.
///
///     let rows = try await pool.query("select name from users where id = \(id)", as: String.self)
///
/// `\(value)` binds, `nil` binds NULL, an array binds a Postgres array (`unnest(\(ids)::uuid[])`). `\(fragment)` with
/// another `SQL` splices it with its parameters; `\(raw: "desc")` takes text that is known at compile time.
/// A `String` is bound without a type, so Postgres reads it as whatever stands there: text, an enum, a date.
package struct SQL: Sendable {
    /// The text with `$1`, `$2`, … in place of the parameters.
    package internal(set) var text: String
    var parameters: SQLParameters

    /// Text that is known at compile time, without parameters.
    package init(_ literal: StaticString) {
        text = literal.description
        parameters = SQLParameters()
    }

    /// Text of a file of ours (migrations, set-up), never of a client.
    init(trusted text: String) {
        self.text = text
        parameters = SQLParameters()
    }

    fileprivate init(text: String, parameters: SQLParameters) {
        self.text = text
        self.parameters = parameters
    }

    /// Joins fragments, parameters included: `SQL.join(conditions, separator: " and ")`.
    package static func join(_ fragments: [SQL], separator: StaticString) -> SQL {
        var interpolation = StringInterpolation(literalCapacity: 64, interpolationCount: fragments.count)
        for (index, fragment) in fragments.enumerated() {
            if index > 0 { interpolation.appendInterpolation(raw: separator) }
            interpolation.appendInterpolation(fragment)
        }
        return SQL(stringInterpolation: interpolation)
    }

    /// Puts another fragment behind this one.
    package static func + (left: SQL, right: SQL) -> SQL {
        join([left, right], separator: "")
    }
}

extension SQL: ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) {
        self.init(text: value, parameters: SQLParameters())
    }

    package init(stringInterpolation: StringInterpolation) {
        self.init(text: stringInterpolation.text, parameters: stringInterpolation.parameters)
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""
        fileprivate var parameters = SQLParameters()

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 3 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        /// Binds `value`.
        package mutating func appendInterpolation<Value: SQLBindable>(_ value: Value) {
            parameters.append(value, placeholder: text.utf8.count)
            appendPlaceholder()
        }

        /// Puts in text that is known at compile time.
        package mutating func appendInterpolation(raw literal: StaticString) {
            text += literal.description
        }

        /// Puts in another fragment; its parameters are numbered anew.
        package mutating func appendInterpolation(_ fragment: SQL) {
            var rest = fragment.text.utf8[...]
            var consumed = 0
            for parameter in fragment.parameters.entries {
                let literal = rest.prefix(parameter.placeholder - consumed)
                text += Substring(literal)
                parameters.append(parameter, of: fragment.parameters, placeholder: text.utf8.count)
                appendPlaceholder()
                rest = rest.dropFirst(literal.count + parameter.placeholderLength)
                consumed = parameter.placeholder + parameter.placeholderLength
            }
            text += Substring(rest)
        }

        private mutating func appendPlaceholder() {
            let before = text.utf8.count
            text += "$"
            text += String(parameters.entries.count)
            parameters.entries[parameters.entries.count - 1].placeholderLength = text.utf8.count - before
        }
    }
}
