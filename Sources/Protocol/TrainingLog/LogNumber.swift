/// Numbers and durations as training logs write them.
enum LogNumber {
    /// Reads a decimal with a point or one comma before the fraction; nil unless every character belongs to it.
    static func decimal(_ text: String) -> Double? {
        var plain: [UInt8] = []
        var separators = 0
        for byte in text.utf8 {
            switch byte {
            case 48...57: plain.append(byte)
            case UInt8(ascii: "."), UInt8(ascii: ","):
                separators += 1
                plain.append(UInt8(ascii: "."))
            case UInt8(ascii: "-") where plain.isEmpty: plain.append(byte)
            default: return nil
            }
        }
        guard separators <= 1, plain.count <= 32 else { return nil }
        return Double(String(decoding: plain, as: UTF8.self))
    }

    /// Reads a decimal and rounds it to a whole number within ±10⁹.
    static func whole(_ text: String) -> Int? {
        guard let value = decimal(text), abs(value) <= 1e9 else { return nil }
        return Int(value.rounded())
    }

    private static let longestSeconds = 1_000_000_000

    /// Reads a duration in seconds, at most 10⁹: `2h 38m`, `51m`, `45s`, `1小时13分钟`, `1:13:00`, or a plain number of seconds.
    static func duration(_ text: String) -> Int? {
        if text.isEmpty { return nil }
        if let seconds = decimal(text) {
            return seconds >= 0 && seconds <= Double(longestSeconds) ? Int(seconds.rounded()) : nil
        }
        if text.utf8.contains(UInt8(ascii: ":")) { return clock(text) }
        var total = 0
        var number: Int?
        var word = ""
        for character in text + " 0" {
            if let digit = character.wholeNumberValue, character.isASCII {
                if !word.isEmpty {
                    guard let value = number, let unit = secondsOfUnit(word) else { return nil }
                    total += value * unit
                    guard total <= longestSeconds else { return nil }
                    (number, word) = (nil, "")
                }
                number = min((number ?? 0) * 10 + digit, 1_000_000)
            } else if character.isLetter {
                guard number != nil else { return nil }
                word.append(character)
            } else if character != "." && !character.isWhitespace {
                return nil
            }
        }
        // The 0 that was put behind the text is all that may be left.
        return number == 0 ? total : nil
    }

    /// `h:mm:ss` or `mm:ss`.
    private static func clock(_ text: String) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count) else { return nil }
        var total = 0
        for part in parts {
            guard let value = Int(part), (0..<10_000).contains(value) else { return nil }
            total = total * 60 + value
        }
        return total
    }

    private static func secondsOfUnit(_ word: String) -> Int? {
        let word = word.lowercased()
        if ["h", "st", "小", "时", "時", "ч", "시"].contains(where: word.hasPrefix) { return 3600 }
        if ["m", "分", "м", "분"].contains(where: word.hasPrefix) { return 60 }
        if ["s", "秒", "с", "초"].contains(where: word.hasPrefix) { return 1 }
        return ["d", "j", "t", "天"].contains(where: word.hasPrefix) ? 86400 : nil
    }
}
