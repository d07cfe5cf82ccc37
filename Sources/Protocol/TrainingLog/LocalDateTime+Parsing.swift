extension LocalDateTime {
    /// Reads a date and time as training apps write it: year first (`2025-09-15 07:48:00`, `2025年9月15日 07:48`),
    /// day first with points (`15.09.2025, 07:48`), or with the month's name in any of the languages the apps speak
    /// (`15 Sep 2025, 07:48`, `Jul 6, 2024, 5:59 PM`).
    ///
    /// All-numeric dates with slashes are refused, since 6/7/2024 has two readings.
    public init?(log text: String) {
        let parts = DateParts(text)
        let numbers = parts.numbers
        guard numbers.count >= (parts.month == nil ? 3 : 2) else { return nil }
        var year: Int
        var month: Int
        var day: Int
        var clock: ArraySlice<Int>
        if let named = parts.month {
            month = named
            (day, year) = numbers[0] > 31 ? (numbers[1], numbers[0]) : (numbers[0], numbers[1])
            clock = numbers[2...]
        } else if numbers[0] >= 1900 {
            (year, month, day) = (numbers[0], numbers[1], numbers[2])
            clock = numbers[3...]
        } else if parts.isPointed {
            (day, month, year) = (numbers[0], numbers[1], numbers[2])
            clock = numbers[3...]
        } else {
            return nil
        }
        guard clock.count != 1, clock.count <= 3 else { return nil }
        var hour = clock.popFirst() ?? 0
        if let isAfternoon = parts.isAfternoon {
            guard (1...12).contains(hour) else { return nil }
            hour = hour % 12 + (isAfternoon ? 12 : 0)
        }
        let minute = clock.popFirst() ?? 0
        self.init(year: year, month: month, day: day, hour: hour, minute: minute, second: clock.popFirst() ?? 0)
    }
}

/// What a written date consists of: its numbers in order, and what its words say.
private struct DateParts {
    private(set) var numbers: [Int] = []
    private(set) var month: Int?
    private(set) var isAfternoon: Bool?
    /// Whether the first number is followed by a point and the next number, as in `15.09.2025`.
    private(set) var isPointed = false
    private var previousWord = ""

    init(_ text: String) {
        var number: Int?
        var word = ""
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if let digit = scalar.asciiDigit {
                note(word)
                word = ""
                if numbers.count == 1, number == nil, previous == "." { isPointed = true }
                number = min((number ?? 0) * 10 + digit, 100_000)
            } else {
                if let value = number { numbers.append(value) }
                number = nil
                if scalar.properties.isAlphabetic || scalar.properties.isIdeographic {
                    word.unicodeScalars.append(scalar)
                } else if scalar != "." || word.isEmpty {
                    note(word)
                    word = ""
                }
            }
            previous = scalar
        }
        if let value = number { numbers.append(value) }
        note(word)
    }

    private mutating func note(_ word: String) {
        guard !word.isEmpty else { return }
        let word = word.lowercased()
        // `p. m.` comes as two words.
        let joined = word == "m" ? previousWord + word : word
        previousWord = word
        if ["am", "上午", "午前", "오전"].contains(where: joined.hasSuffix), joined.count <= 3 {
            isAfternoon = false
        } else if ["pm", "下午", "午後", "오후"].contains(where: joined.hasSuffix), joined.count <= 3 {
            isAfternoon = true
        } else if month == nil {
            month = MonthName.month(of: word)
        }
    }
}

/// Months as phones abbreviate and spell them.
private enum MonthName {
    /// The month whose name begins with the longest listed stem that the word begins with.
    static func month(of word: String) -> Int? {
        var best: (length: Int, month: Int)?
        for (index, stems) in stems.enumerated() {
            for stem in stems where word.hasPrefix(stem) && stem.count > (best?.length ?? 0) {
                best = (stem.count, index + 1)
            }
        }
        return best?.month
    }

    /// en de fr es pt it nl sv da nb pl cs tr ru fi; stems of three letters or more, lower case.
    private static let stems: [[String]] = [
        ["jan", "ene", "gen", "sty", "oca", "янв", "led", "tammi"],
        ["feb", "fév", "fev", "lut", "şub", "фев", "úno", "helmi"],
        ["mar", "mär", "mrt", "maa", "мар", "bře"],
        ["apr", "avr", "abr", "kwi", "nis", "апр", "dub", "huhti"],
        ["may", "mai", "mag", "mei", "maj", "май", "мая", "kvě", "touko"],
        ["jun", "juin", "giu", "cze", "haz", "июн", "čvn", "červen", "červn", "kesä"],
        ["jul", "juil", "lug", "lip", "tem", "июл", "čvc", "července", "červenec", "heinä"],
        ["aug", "aoû", "ago", "sie", "ağu", "авг", "srp", "elo"],
        ["sep", "set", "wrz", "eyl", "сен", "zář", "syys"],
        ["oct", "okt", "out", "ott", "paź", "eki", "окт", "říj", "loka"],
        ["nov", "lis", "kas", "ноя", "marras"],
        ["dec", "dez", "déc", "dic", "des", "gru", "ara", "дек", "pro", "joulu"],
    ]
}

extension Unicode.Scalar {
    fileprivate var asciiDigit: Int? {
        (48...57).contains(value) ? Int(value) - 48 : nil
    }
}
