/// How many slips of the keyboard lie between two words.
enum EditDistance {
    /// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment; Damerau, 1964); nil when
    /// more than `limit`.
    static func between(_ first: String, _ second: String, atMost limit: Int) -> Int? {
        let (a, b) = (Array(first.utf8), Array(second.utf8))
        guard abs(a.count - b.count) <= limit else { return nil }
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var twoBack: [Int] = []
        var before = Array(0...b.count)
        for i in 1...a.count {
            var row = [i]
            row.reserveCapacity(b.count + 1)
            for j in 1...b.count {
                var cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { cost = min(cost, twoBack[j - 2] + 1) }
                row.append(cost)
            }
            if row.allSatisfy({ $0 > limit }) { return nil }
            (twoBack, before) = (before, row)
        }
        return before[b.count] <= limit ? before[b.count] : nil
    }
}
