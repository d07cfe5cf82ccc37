import Foundation
import Protocol

/// Names in the one form in which they are stored, compared and shown.
enum ShownName {
    /// Of what is named: people's names are compared by their readers, so letters in disguise are written plainly
    /// (NFKC, RFC 8266); of things only equal spellings become one (NFC).
    enum Form: Sendable {
        case person, thing
    }

    /// The name with one plain space between words and none around it; empty when nothing is left.
    static func normalized(_ text: String, _ form: Form) -> String {
        let composed =
            switch form {
            case .person: text.precomposedStringWithCompatibilityMapping
            case .thing: text.precomposedStringWithCanonicalMapping
            }
        return composed.unicodeScalars.split { $0.properties.generalCategory == .spaceSeparator }
            .map { String(String.UnicodeScalarView($0)) }.joined(separator: " ").trimmingSpaces()
    }

    /// A name that comes from elsewhere, made fit to be shown; nil when nothing fit is left of it.
    static func fitting(_ text: String?, most: Int, _ form: Form = .person) -> String? {
        let name = normalized(ShownText.stripped(normalized(text ?? "", form)), form)
        let cut = String(String.UnicodeScalarView(name.unicodeScalars.prefix(most))).trimmingSpaces()
        return cut.isEmpty || ShownText.fault(in: cut) != nil ? nil : cut
    }
}

extension ShownText.Fault {
    var detail: String {
        switch self {
        case .invisible: "Has characters that can't be seen."
        case .crowded: "Has too many marks on a letter."
        case .mixedAlphabets: "Mixes alphabets that look alike within a word."
        }
    }
}

extension ValueRule where Value == String {
    /// The name of a thing, such as a template: all of it can be seen.
    package static func name(_ length: ClosedRange<Int>) -> ValueRule { shown(length, .thing) }

    /// The name of somebody, as others see it.
    static func personName(_ length: ClosedRange<Int>) -> ValueRule { shown(length, .person) }

    private static func shown(_ length: ClosedRange<Int>, _ form: ShownName.Form) -> ValueRule {
        let rule = text(length)
        return ValueRule(rule.schema) { value, pointer, faults in
            guard let text = rule.read(value, pointer, &faults) else { return nil }
            let name = ShownName.normalized(text, form)
            func refuse(_ code: FaultCode, _ detail: String) {
                faults.append(Problem.Fault(pointer: pointer, code: code, detail: detail))
            }
            if name.isEmpty {
                refuse(.badFormat, "Must hold more than spaces.")
            } else if name.unicodeScalars.count > length.upperBound {
                refuse(.tooLong, "At most \(length.upperBound) characters.")
            } else if name.unicodeScalars.count < length.lowerBound {
                refuse(.tooShort, "At least \(length.lowerBound) characters.")
            } else if let fault = ShownText.fault(in: name) {
                refuse(.notAllowed, fault.detail)
            } else {
                return name
            }
            return nil
        }
    }
}
