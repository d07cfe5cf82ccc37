import Protocol

/// Finds exercises by words: ranked, forgiving a typo, knowing other names.
///
/// A query word counts for a document's word when it is the same (1), a synonym (0.8), its beginning (0.75), or one or
/// two slips of the keyboard away (0.55, 0.4), times what the place of that word is worth; slips are tried only for
/// words that the library does not know. A query that is an exercise's other name, or begins its name, comes first.
struct ExerciseIndex: Sendable {
    struct Hit: Sendable {
        let document: ExerciseDocument
        /// In thousandths.
        let score: Int
    }

    /// Exercises that were read together: the library's, or one user's own. Made once, shared by all that search.
    struct Shelf: Sendable {
        let documents: [ExerciseDocument]
        fileprivate let byID: [ExerciseID: ExerciseDocument]
        fileprivate let vocabulary: Set<String>

        init(_ documents: [ExerciseDocument]) {
            self.documents = documents
            byID = Dictionary(documents.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
            vocabulary = documents.reduce(into: []) { $0.formUnion($1.words.keys) }
        }
    }

    private let shelves: [Shelf]

    /// What the shelves hold together; putting them together costs nothing.
    init(_ shelves: [Shelf]) { self.shelves = shelves }

    var documents: FlattenSequence<[[ExerciseDocument]]> { shelves.map(\.documents).joined() }

    subscript(id: ExerciseID) -> ExerciseDocument? {
        for shelf in shelves {
            if let document = shelf.byID[id] { return document }
        }
        return nil
    }

    /// What fits a query, best first; everything by its standing when the query has no words.
    ///
    /// Documents that have every word of the query come; if there are none, those that have at least half of them.
    func search(_ query: String) -> [Hit] {
        let words = Array(ExerciseDocument.words(of: query).prefix(12))
        guard !words.isEmpty else { return ordered(documents.map { ($0, $0.standing) }) }
        let meanings = words.map(meanings)
        // What was meant where it was mistyped or left unfinished.
        let meant = zip(words, meanings).map { word, meanings in
            meanings[word] != nil
                ? word
                : meanings.min {
                    ($1.value, $0.key.utf8.count, $0.key) < ($0.value, $1.key.utf8.count, $1.key)
                }?.key ?? word
        }
        var whole: [(ExerciseDocument, Double)] = []
        var partial: [(ExerciseDocument, Double)] = []
        for document in documents {
            var (score, matched) = (0.0, 0)
            for meaning in meanings {
                let best = meaning.reduce(0.0) { max($0, (document.words[$1.key] ?? 0) * $1.value) }
                score += best
                if best > 0 { matched += 1 }
            }
            guard matched > 0 else { continue }
            score += bonus(document, meant) + document.standing
            if matched == words.count {
                whole.append((document, score))
            } else if matched * 2 >= words.count {
                partial.append((document, score))
            }
        }
        return ordered(whole.isEmpty ? partial : whole)
    }

    private func ordered(_ found: [(document: ExerciseDocument, score: Double)]) -> [Hit] {
        found.map { Hit(document: $0.document, score: Int(($0.score * 1000).rounded())) }.sorted {
            if $0.score != $1.score { return $0.score > $1.score }
            if $0.document.name != $1.document.name { return $0.document.name < $1.document.name }
            return $0.document.id < $1.document.id
        }
    }

    /// For the query as a whole: another name, the name itself, its beginning; longer names say more than was asked.
    private func bonus(_ document: ExerciseDocument, _ words: [String]) -> Double {
        var bonus = -0.3 * Double(max(0, document.nameWords.count - words.count))
        if document.aliases.contains(words) { bonus += 12 }
        if document.nameWords == words {
            bonus += 12
        } else if document.nameWords.starts(with: words) {
            bonus += 2
        }
        return bonus
    }

    /// The words of the library that a query word may mean, with how well.
    private func meanings(of word: String) -> [String: Double] {
        var meanings: [String: Double] = [:]
        func add(_ meaning: String, _ quality: Double) {
            if meanings[meaning] ?? 0 < quality { meanings[meaning] = quality }
        }
        if shelves.contains(where: { $0.vocabulary.contains(word) }) { add(word, 1) }
        for synonym in ExerciseSynonyms.words[word] ?? [] { add(synonym, 0.8) }
        let length = word.utf8.count
        if length >= 2 {
            for shelf in shelves {
                for known in shelf.vocabulary where known.utf8.count > length && known.hasPrefix(word) {
                    add(known, 0.75)
                }
            }
        }
        guard meanings.isEmpty, length >= 4 else { return meanings }
        for known in shelves.map(\.vocabulary).joined() {
            guard let slips = EditDistance.between(word, known, atMost: length >= 7 ? 2 : 1) else { continue }
            add(known, slips == 1 ? 0.55 : 0.4)
        }
        return meanings
    }
}
