import Protocol
import Synchronization

/// The exercises that rooms may name, in memory: the library, and where a user's own are read from.
///
/// What changes is learned from `learn` at once, and by `reload` on nodes that nobody told. Facts carry the version of
/// their exercise, so that a reading which was overtaken never replaces a later one.
package final class ExerciseCatalog: Sendable {
    /// An exercise's facts as of a version; versions of one exercise only grow.
    package struct Entry: Sendable, Hashable {
        package let facts: ExerciseFacts
        package let version: Int

        package init(facts: ExerciseFacts, version: Int) {
            self.facts = facts
            self.version = version
        }
    }

    /// Where exercises are read from.
    package struct Source: Sendable {
        /// The whole library, deleted exercises included since history and offline clients still name them.
        let library: @Sendable () async throws -> [Entry]
        let own: @Sendable (UserID) async throws -> [Entry]

        package init(
            library: @escaping @Sendable () async throws -> [Entry],
            own: @escaping @Sendable (UserID) async throws -> [Entry]
        ) {
            self.library = library
            self.own = own
        }
    }

    private let library: Mutex<[ExerciseID: Entry]>
    private let source: Source?

    /// A library that stays as it is, without users' own exercises.
    package init(_ exercises: [ExerciseFacts]) {
        let entries = exercises.map { ($0.id, Entry(facts: $0, version: 1)) }
        library = Mutex(Dictionary(entries, uniquingKeysWith: { $1 }))
        source = nil
    }

    /// Reads the library.
    package init(reading source: Source) async throws {
        self.source = source
        library = Mutex([:])
        try await reload()
    }

    package subscript(id: ExerciseID) -> ExerciseFacts? { library.withLock { $0[id]?.facts } }

    /// Takes over a new or changed exercise of the library.
    package func learn(_ entry: Entry) { learn([entry]) }

    /// Reads the library again.
    package func reload() async throws {
        guard let source else { return }
        learn(try await source.library())
    }

    /// A user's own exercises.
    package func exercises(of user: UserID) async throws -> [Entry] { try await source?.own(user) ?? [] }

    private func learn(_ entries: [Entry]) {
        library.withLock { library in
            for entry in entries { library.learn(entry) }
        }
    }
}

extension [ExerciseID: ExerciseCatalog.Entry] {
    /// Takes over an exercise unless a later version is known.
    mutating func learn(_ entry: ExerciseCatalog.Entry) {
        if let known = self[entry.facts.id], known.version > entry.version { return }
        self[entry.facts.id] = entry
    }
}
