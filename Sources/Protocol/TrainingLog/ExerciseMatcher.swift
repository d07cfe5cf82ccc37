/// Finds the library's exercise that a training log means: "Bench Press (Barbell)" is "Barbell Bench Press - Medium Grip".
///
/// A log's name matches when all its words stand in the exercise's name or equipment. Of several the one that adds least
/// wins: a grip says little, "incline" or "one-arm" makes another movement. What adds too much is no match: a wrong
/// exercise would be worse than a name of one's own.
public struct ExerciseMatcher: Sendable {
    /// What matching needs to know of an exercise.
    public struct Exercise: Sendable, Hashable {
        public let id: ExerciseID
        public let name: String
        public let equipment: String?

        public init(id: ExerciseID, name: String, equipment: String? = nil) {
            self.id = id
            self.name = name
            self.equipment = equipment
        }
    }

    private struct Candidate: Sendable {
        let exercise: Exercise
        let words: Set<String>
        let equipment: Set<String>
        let withEquipment: Set<String>
    }

    /// Quarters: further words may add up to so much.
    private static let limit = 12
    private let candidates: [Candidate]
    private let byWord: [String: [Int]]

    /// Of equal matches the shorter, then the alphabetically first name wins, whatever the order here.
    public init(_ exercises: [Exercise]) {
        candidates = exercises.sorted { ($0.name.utf8.count, $0.name) < ($1.name.utf8.count, $1.name) }.map {
            let words = Set(Self.words(of: $0.name))
            let equipment = Set($0.equipment.map(Self.words) ?? [])
            return Candidate(
                exercise: $0, words: words, equipment: equipment, withEquipment: words.union(equipment))
        }
        var byWord: [String: [Int]] = [:]
        for (place, candidate) in candidates.enumerated() {
            for word in candidate.withEquipment { byWord[word, default: []].append(place) }
        }
        self.byWord = byWord
    }

    /// The exercise, or nil when none fits.
    public func match(_ name: String) -> Exercise? {
        var best: (distance: Int, place: Int)?
        for (number, wanted) in Self.readings(of: name).enumerated() {
            guard let found = nearest(wanted) else { continue }
            // A reading of other words is worth a little less than the words as they stand.
            let distance = found.distance + number * 2
            if distance < best?.distance ?? .max { best = (distance, found.place) }
        }
        return best.map { candidates[$0.place].exercise }
    }

    private func nearest(_ wanted: Set<String>) -> (distance: Int, place: Int)? {
        var best: (distance: Int, place: Int)?
        let rarest = wanted.map { byWord[$0] ?? [] }.min { $0.count < $1.count } ?? []
        for place in rarest {
            let candidate = candidates[place]
            // At least one word has to be of the movement's name, not of its equipment alone.
            guard candidate.withEquipment.isSuperset(of: wanted),
                !candidate.words.subtracting(candidate.equipment).isDisjoint(with: wanted)
            else { continue }
            let further = candidate.words.subtracting(wanted).reduce(0) { $0 + Self.weight(of: $1) }
            let distance = further + 2 * wanted.subtracting(candidate.words).count
            if distance <= Self.limit, distance < best?.distance ?? .max { best = (distance, place) }
        }
        return best
    }

    /// What a further word adds, in quarters.
    private static func weight(of word: String) -> Int {
        if ["grip", "medium", "standing", "straight", "side"].contains(word) { return 1 }
        return movementWords.contains(word) ? 8 : 4
    }

    /// Words that make another movement of one.
    private static let movementWords: Set<String> = [
        "decline", "incline", "reverse", "one", "chain", "band", "behind", "rear", "front", "smith", "lying",
        "alternate", "bent", "smr", "upright",
    ]

    /// The name's words, then what else they may be called.
    private static func readings(of name: String) -> [Set<String>] {
        let words = Set(words(of: name))
        guard !words.isEmpty else { return [] }
        var readings = [words]
        if words.isSuperset(of: ["overhead", "press"]) {
            readings.append(words.subtracting(["overhead"]).union(["shoulder"]))
            readings.append(words.subtracting(["overhead"]).union(["military"]))
        }
        if words.contains("bench"), !words.isDisjoint(with: ["incline", "decline"]) {
            readings.append(words.subtracting(["bench"]))
        }
        return readings
    }

    /// The words that tell exercises apart: lower case, singular, compounds and short forms as one.
    public static func words(of name: String) -> [String] {
        var words: [String] = []
        for part in name.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            var word = String(part)
            if word.utf8.count > 3, word.hasSuffix("s"), !word.hasSuffix("ss") { word.removeLast() }
            word = shortForms[word] ?? word
            if ["the", "with", "a", "of", "on", "and"].contains(word) { continue }
            if let last = words.last, compounds.contains(last + word) {
                words[words.count - 1] = last + word
            } else {
                words.append(word)
            }
        }
        return words
    }

    private static let shortForms = [
        "db": "dumbbell", "bb": "barbell", "single": "one", "pressdown": "pushdown", "flye": "fly",
    ]

    private static let compounds: Set<String> = [
        "pullup", "chinup", "pushup", "situp", "stepup", "pulldown", "pushdown", "pullover", "deadlift",
    ]
}
