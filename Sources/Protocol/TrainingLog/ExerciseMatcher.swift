/// Finds the library's exercise that a training log means: "Bench Press (Barbell)" is "Barbell Bench Press - Medium Grip".
///
/// A log's name matches when all its words stand in the exercise's name or equipment; of several the one with the
/// fewest further words wins, then the shortest and alphabetically first name. Anything less is no match: a wrong
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
        let withEquipment: Set<String>
    }

    /// More further words than this make it another exercise.
    private static let furtherWords = 3
    private let candidates: [Candidate]
    private let byWord: [String: [Int]]

    public init(_ exercises: [Exercise]) {
        candidates = exercises.sorted { ($0.name.utf8.count, $0.name) < ($1.name.utf8.count, $1.name) }.map {
            let words = Self.words(of: $0.name)
            let equipment = $0.equipment.map(Self.words) ?? []
            return Candidate(exercise: $0, words: words, withEquipment: words.union(equipment))
        }
        var byWord: [String: [Int]] = [:]
        for (place, candidate) in candidates.enumerated() {
            for word in candidate.withEquipment { byWord[word, default: []].append(place) }
        }
        self.byWord = byWord
    }

    /// The exercise, or nil when none fits.
    public func match(_ name: String) -> Exercise? {
        let wanted = Self.words(of: name)
        guard !wanted.isEmpty else { return nil }
        var best: (further: Int, place: Int)?
        let rarest = wanted.map { byWord[$0] ?? [] }.min { $0.count < $1.count } ?? []
        for place in rarest {
            let candidate = candidates[place]
            guard candidate.withEquipment.isSuperset(of: wanted) else { continue }
            // At least one word of the movement itself, not of its equipment alone.
            guard !candidate.words.isDisjoint(with: wanted) else { continue }
            let further = candidate.words.subtracting(wanted).count
            if further <= Self.furtherWords, further < best?.further ?? .max { best = (further, place) }
        }
        return best.map { candidates[$0.place].exercise }
    }

    /// The words that tell exercises apart: lower case, singular, compounds joined as the library writes them.
    static func words(of name: String) -> Set<String> {
        var words: [String] = []
        for part in name.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            var word = String(part)
            if word.count > 3, word.hasSuffix("s"), !word.hasSuffix("ss") { word.removeLast() }
            if let last = words.last, let joined = compounds[last + word] {
                words[words.count - 1] = joined
            } else {
                words.append(compounds[word] ?? word)
            }
        }
        return Set(words).subtracting(["the", "with", "a", "of", "on", "and"])
    }

    private static let compounds: [String: String] = {
        var compounds: [String: String] = [:]
        for word in ["pullup", "chinup", "pushup", "situp", "stepup", "pulldown", "pushdown", "pullover", "deadlift"] {
            compounds[word] = word
        }
        return compounds
    }()
}
