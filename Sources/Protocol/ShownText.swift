/// Which characters may stand in names that people see beside other people's (after UTS 39 and RFC 8266).
///
/// A name shows all that is in it: nothing that reorders, hides or piles up on what stands next to it, and no word that
/// mixes alphabets whose letters look alike. Two names may still look alike in whole; the username, which is plain
/// ASCII and unique, tells them apart.
public enum ShownText {
    public enum Fault: Error, Hashable, Sendable, CaseIterable {
        /// A control, formatting, filler, private or unassigned character.
        case invisible
        /// More marks on a letter than any language puts there.
        case crowded
        /// Letters of alphabets that look alike, within a word.
        case mixedAlphabets
    }

    /// As UTS 39, section 5.4, has it.
    static let mostMarks = 4

    /// The first fault of a name; nil for a good one.
    public static func fault(in name: String) -> Fault? {
        let reading = Reading(name)
        if reading.isInvisible { return .invisible }
        if reading.isCrowded { return .crowded }
        return hasMixedWord(Array(name.unicodeScalars)) ? .mixedAlphabets : nil
    }

    /// The name without what is invisible or piled up; for names that can't be sent back.
    public static func stripped(_ name: String) -> String { String(Reading(name).kept) }

    /// A name read once: what may stay of it, and what may not.
    private struct Reading {
        private(set) var kept = String.UnicodeScalarView()
        private(set) var isInvisible = false
        private(set) var isCrowded = false

        init(_ name: String) {
            let scalars = Array(name.unicodeScalars)
            var (last, pile): (Unicode.Scalar?, Int) = (nil, 0)
            for (index, scalar) in scalars.enumerated() {
                let next = index + 1 < scalars.count ? scalars[index + 1] : nil
                guard ShownText.isShown(scalar, after: last, before: next) else {
                    isInvisible = true
                    continue
                }
                pile = ShownText.isMark(scalar) ? pile + 1 : 0
                guard pile <= ShownText.mostMarks else {
                    isCrowded = true
                    continue
                }
                kept.append(scalar)
                last = scalar
            }
        }
    }

    private static func isShown(
        _ scalar: Unicode.Scalar, after last: Unicode.Scalar?, before next: Unicode.Scalar?
    ) -> Bool {
        switch scalar.value {
        // Joiners, where the scripts that need them do (RFC 5892, appendix A), and within emoji.
        case 0x200C: return last?.isVirama == true || last?.isArabic == true && next?.isArabic == true
        case 0x200D:
            return last?.isVirama == true
                || (last?.isEmoji == true || last?.value == 0xFE0F) && next?.isEmoji == true
        // Has an emoji shown in colour.
        case 0xFE0F: return last?.isEmoji == true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        default: return !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        [.nonspacingMark, .enclosingMark].contains(scalar.properties.generalCategory)
    }

    private static func hasMixedWord(_ scalars: [Unicode.Scalar]) -> Bool {
        // Nearly all names are plain.
        guard scalars.contains(where: { !$0.isASCII }) else { return false }
        return scalars.split { !$0.properties.isAlphabetic && !isMark($0) }.contains { word in
            let text = String(String.UnicodeScalarView(word))
            return alphabets.count { text.contains($0) } > 1
        }
    }

    /// Those with letters that look like another's; the scripts' properties are the standard library's (Unicode 15).
    private static var alphabets: [Regex<Substring>] {
        [
            /\p{Script=Latin}/, /\p{Script=Cyrillic}/, /\p{Script=Greek}/, /\p{Script=Armenian}/,
            /\p{Script=Cherokee}/, /\p{Script=Coptic}/, /\p{Script=Lisu}/, /\p{Script=Deseret}/,
        ]
    }
}

extension Unicode.Scalar {
    fileprivate var isVirama: Bool { properties.canonicalCombiningClass.rawValue == 9 }
    fileprivate var isArabic: Bool {
        properties.generalCategory == .otherLetter
            && ((0x600...0x6FF).contains(value) || (0x750...0x77F).contains(value))
    }
    /// Digits and signs are emoji too, and none here.
    fileprivate var isEmoji: Bool { value > 0xFF && properties.isEmoji }
}
