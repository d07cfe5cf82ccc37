import Crypto
import Foundation

/// Which passwords are refused although they are long enough: those that guessers try first.
///
/// These are the 10,000 most common ones, in any case, and beyond them what follows the same habits: a common word with
/// digits or signs around it, letters swapped for look-alikes, keyboard runs, repetitions, dates.
enum PasswordRules {
    /// Whether guessers would find the password early.
    static func isCommon(_ password: String) -> Bool {
        let lower = password.lowercased()
        return isPublished(lower) || isRepetitive(lower) || isRun(lower) || isCommonWord(lower) || isDate(lower)
            || isWordPair(lower)
    }

    private static func isPublished(_ text: String) -> Bool {
        let print = SHA256.hash(data: Data(text.utf8)).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
        return CommonPasswords.fingerprints.contains(print)
    }

    /// One to three characters over and over, or at most two different ones.
    private static func isRepetitive(_ text: String) -> Bool {
        let characters = Array(text)
        if Set(characters).count <= 2 { return true }
        return (1...4).contains { period in
            characters.count >= period * 2
                && characters.indices.allSatisfy { characters[$0] == characters[$0 % period] }
        }
    }

    /// Neighbours on the keyboard or in the alphabet, one or two such runs long.
    private static func isRun(_ text: String) -> Bool {
        let tracks = CommonPasswords.tracks + CommonPasswords.tracks.map { String($0.reversed()) }
        func isOnTrack(_ part: Substring) -> Bool { part.count >= 3 && tracks.contains { $0.contains(part) } }
        if isOnTrack(text[...]) { return true }
        return text.indices.dropFirst().contains { isOnTrack(text[..<$0]) && isOnTrack(text[$0...]) }
    }

    /// A common word alone, or dressed with digits and signs, also after undoing look-alikes.
    private static func isCommonWord(_ text: String) -> Bool {
        if CommonPasswords.words.contains(text) { return true }
        // Digits and signs around a word add little; many of them are a matter of their own.
        return [bare(text), undisguised(bare(text)), bare(undisguised(text))].contains { word in
            CommonPasswords.words.contains(word) && text.count - word.count <= 6
        }
    }

    /// Without the digits and signs at both ends.
    private static func bare(_ text: String) -> String {
        guard let first = text.firstIndex(where: \.isLetter), let last = text.lastIndex(where: \.isLetter) else {
            return ""
        }
        return String(text[first...last])
    }

    private static func isWordPair(_ text: String) -> Bool {
        let letters = text.prefix { $0.isLetter }
        guard text.count - letters.count <= 4, letters.count >= 6 else { return false }
        return letters.indices.dropFirst().contains { index in
            CommonPasswords.words.contains(String(letters[..<index]))
                && CommonPasswords.words.contains(String(letters[index...]))
        }
    }

    /// Eight digits that read as a day, in any of the usual orders.
    private static func isDate(_ text: String) -> Bool {
        let digits = text.filter { !"-./ ".contains($0) }
        guard digits.count == 8, digits.allSatisfy(\.isASCII), let value = Int(digits) else { return false }
        let years = 1900...2099
        let (first, last) = (value / 10_000, value % 10_000)
        func isDay(_ pair: Int) -> Bool {
            let (left, right) = (pair / 100, pair % 100)
            return (1...12).contains(left) && (1...31).contains(right)
                || (1...31).contains(left) && (1...12).contains(right)
        }
        return years.contains(first) && isDay(last) || years.contains(last) && isDay(first)
    }

    private static func undisguised(_ text: String) -> String {
        let lookAlikes: [Character: Character] = [
            "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "@": "a", "$": "s",
            "!": "i", "|": "l", "+": "t",
        ]
        return String(text.map { lookAlikes[$0] ?? $0 })
    }
}
