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
            var flagEnd = 0
            for (index, scalar) in scalars.enumerated() {
                let next = index + 1 < scalars.count ? scalars[index + 1] : nil
                if scalar == ShownText.blackFlag { flagEnd = index + 1 + ShownText.flagTags(scalars[(index + 1)...]) }
                guard index < flagEnd || ShownText.isShown(scalar, after: last, before: next) else {
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
        // Has an emoji shown in colour; digits and signs are emoji on a keycap only.
        case 0xFE0F: return last?.isEmoji == true || last?.properties.isEmoji == true && next?.value == 0x20E3
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        default: return !scalar.properties.isDefaultIgnorableCodePoint
        }
    }

    private static let blackFlag = Unicode.Scalar(0x1F3F4)
    /// The flags that are written with tags (emoji-sequences.txt): England, Scotland, Wales. Other tags hide text.
    private static let flags = ["gbeng", "gbsct", "gbwls"].map { region in
        region.unicodeScalars.map { 0xE0000 + $0.value } + [0xE007F]
    }

    /// How many tags behind a black flag belong to it.
    private static func flagTags(_ scalars: ArraySlice<Unicode.Scalar>) -> Int {
        flags.first { scalars.lazy.map(\.value).starts(with: $0) }?.count ?? 0
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        [.nonspacingMark, .enclosingMark].contains(scalar.properties.generalCategory)
    }

    private static func hasMixedWord(_ scalars: [Unicode.Scalar]) -> Bool {
        // Nearly all names are plain.
        guard scalars.contains(where: { !$0.isASCII }) else { return false }
        var word: UInt8 = 0
        for scalar in scalars {
            // A mark belongs to its letter, of whatever alphabet.
            if isMark(scalar) { continue }
            guard scalar.properties.isAlphabetic else {
                word = 0
                continue
            }
            word |= Alphabets.bit(of: scalar.value)
            if word.nonzeroBitCount > 1 { return true }
        }
        return false
    }
}

/// The alphabets with letters that look like another's, a bit for each.
///
/// Ranges are those of the scripts' letters and marks (Unicode 16). What else lies within them ends a word and is never
/// looked up, so that neighbours are joined over it.
private enum Alphabets {
    private struct Run: Sendable {
        let scalars: ClosedRange<UInt32>
        let bit: UInt8
    }

    static func bit(of scalar: UInt32) -> UInt8 {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].scalars.upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < runs.count && runs[low].scalars.contains(scalar) ? runs[low].bit : 0
    }

    /// In order.
    private static let runs: [Run] = [latin, cyrillic, greek, armenian, cherokee, coptic, lisu, deseret].enumerated()
        .flatMap { place, ranges in ranges.map { Run(scalars: $0, bit: 1 << UInt8(place)) } }
        .sorted { $0.scalars.lowerBound < $1.scalars.lowerBound }

    private static let latin: [ClosedRange<UInt32>] = [
        0x41...0xAA, 0xBA...0x2B8, 0x2E0...0x2E4, 0x1D00...0x1D25, 0x1D2C...0x1D5C, 0x1D62...0x1D65, 0x1D6B...0x1D77,
        0x1D79...0x1DBE, 0x1E00...0x1EFF, 0x2071...0x209C, 0x212A...0x212B, 0x2132...0x2132, 0x214E...0x2188,
        0x2C60...0x2C7F, 0xA722...0xA787, 0xA78B...0xA7CD, 0xA7D0...0xA7D1, 0xA7D3...0xA7D3, 0xA7D5...0xA7DC,
        0xA7F2...0xA7FF, 0xAB30...0xAB64, 0xAB66...0xAB69, 0xFB00...0xFB06, 0xFF21...0xFF5A, 0x10780...0x107BA,
        0x1DF00...0x1DF2A,
    ]
    private static let cyrillic: [ClosedRange<UInt32>] = [
        0x400...0x484, 0x487...0x52F, 0x1C80...0x1C8A, 0x1D2B...0x1D2B, 0x1D78...0x1D78, 0x2DE0...0x2DFF,
        0xA640...0xA69F, 0xFE2E...0xFE2F, 0x1E030...0x1E08F,
    ]
    private static let greek: [ClosedRange<UInt32>] = [
        0x370...0x373, 0x376...0x3E1, 0x3F0...0x3FF, 0x1D26...0x1D2A, 0x1D5D...0x1D61, 0x1D66...0x1D6A,
        0x1DBF...0x1DBF, 0x1F00...0x1FFC, 0x2126...0x2126, 0xAB65...0xAB65, 0x10140...0x10174, 0x1D242...0x1D244,
    ]
    private static let armenian: [ClosedRange<UInt32>] = [0x531...0x588, 0xFB13...0xFB17]
    private static let cherokee: [ClosedRange<UInt32>] = [0x13A0...0x13FD, 0xAB70...0xABBF]
    private static let coptic: [ClosedRange<UInt32>] = [0x3E2...0x3EF, 0x2C80...0x2CF3]
    private static let lisu: [ClosedRange<UInt32>] = [0xA4D0...0xA4FD, 0x11FB0...0x11FB0]
    private static let deseret: [ClosedRange<UInt32>] = [0x10400...0x1044F]
}

extension Unicode.Scalar {
    fileprivate var isVirama: Bool { properties.canonicalCombiningClass.rawValue == 9 }
    fileprivate var isArabic: Bool {
        properties.generalCategory == .otherLetter
            && ((0x600...0x6FF).contains(value) || (0x750...0x77F).contains(value))
    }
    /// ASCII's digits and signs are emoji too, and none here.
    fileprivate var isEmoji: Bool { !isASCII && properties.isEmoji }
}
