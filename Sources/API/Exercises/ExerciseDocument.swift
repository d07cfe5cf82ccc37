import Foundation
import Protocol

/// An exercise as search and comparison see it.
struct ExerciseDocument: Sendable {
    let id: ExerciseID
    let name: String
    let force: String?
    let level: String
    let mechanic, equipment: String?
    let category: String
    let primaryMuscles, secondaryMuscles: [String]
    /// All athletes' sets of the last 30 days.
    let recentSets: Int
    /// Place among the best known movements, from 1.
    let familiarity: Int?
    /// The name's words.
    let nameWords: [String]
    /// Other names, in words.
    let aliases: Set<[String]>
    /// Every word it is found by, with what a hit in it is worth.
    let words: [String: Double]

    var muscles: Set<String> { Set(primaryMuscles).union(secondaryMuscles) }

    /// What it is worth before anything is asked: 0…4, by how known and how used it is.
    var standing: Double {
        let known = familiarity.map { max(0, 2 - Double($0) / 100) } ?? 0
        return known + min(2, log10(1 + Double(recentSets)) / 2)
    }

    /// The words of a text that exercises are found by, in lower case and without accents.
    static func words(of text: String) -> [String] {
        ExerciseMatcher.words(of: text.folding(options: .diacriticInsensitive, locale: nil))
    }

    /// What a hit in each part is worth.
    private enum Worth {
        static let name = 10.0
        static let alias = 9.0
        static let equipment = 4.0
        static let primaryMuscle = 4.0
        static let secondaryMuscle = 2.0
        static let category = 2.0
        static let guide = 1.0
    }

    init(_ exercise: Exercise, aliases: [String], recentSets: Int, familiarity: Int?) {
        id = exercise.id
        name = exercise.name
        force = exercise.force
        level = exercise.level
        mechanic = exercise.mechanic
        equipment = exercise.equipment
        category = exercise.category
        primaryMuscles = exercise.primaryMuscles
        secondaryMuscles = exercise.secondaryMuscles
        self.recentSets = recentSets
        self.familiarity = familiarity
        nameWords = Self.words(of: exercise.name)
        self.aliases = Set(aliases.map(Self.words))
        var words: [String: Double] = [:]
        func add(_ text: String, _ worth: Double) {
            for word in Self.words(of: text) where words[word] ?? 0 < worth { words[word] = worth }
        }
        add(exercise.name, Worth.name)
        for alias in aliases { add(alias, Worth.alias) }
        if let equipment = exercise.equipment { add(equipment, Worth.equipment) }
        for muscle in exercise.primaryMuscles { add(muscle, Worth.primaryMuscle) }
        for muscle in exercise.secondaryMuscles { add(muscle, Worth.secondaryMuscle) }
        add(exercise.category, Worth.category)
        for text in [exercise.description].compactMap(\.self) + exercise.cues { add(text, Worth.guide) }
        self.words = words
    }
}
