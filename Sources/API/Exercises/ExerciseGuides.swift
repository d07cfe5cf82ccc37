import Foundation
import Protocol
import Store

/// Descriptions, cues and other names of the best known movements, as they are shipped; in the order of how well known.
package enum ExerciseGuides {
    /// What is said of one exercise of the library.
    package struct Guide: Hashable, Sendable {
        package let slug: String
        package let aliases: [String]
        package let description: String
        package let cues: [String]
    }

    /// Reads the shipped table; a line that is not as it should be is a mistake of ours and throws.
    package static func guides() throws -> [Guide] {
        let text = String(decoding: PackageResources.guides_tsv, as: UTF8.self)
        return try text.split(separator: "\n").dropFirst().enumerated().map { number, line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 4, fields.allSatisfy({ !$0.isEmpty }) else {
                throw ExerciseSeed.Malformed(line: number + 2)
            }
            return Guide(
                slug: fields[0], aliases: fields[1].split(separator: ";").map(String.init), description: fields[2],
                cues: fields[3].split(separator: "|").map(String.init))
        }
    }

    /// Gives the library's exercises their guides where they never had one; what an administrator changed stays.
    static func load(into pool: PostgresPool) async throws {
        let guides = try guides()
        let (slugs, places) = (guides.map(\.slug), Array(1...guides.count))
        let descriptions = guides.map(\.description)
        // Lists within lists, which Postgres's arrays do not hold, travel as text.
        let aliases = guides.map { $0.aliases.joined(separator: ";") }
        let cues = guides.map { $0.cues.joined(separator: "|") }
        try await pool.transaction(attempts: 3) { connection in
            let isNew = try connection.first(
                "select exists (select from exercises where slug = any(\(slugs)) and familiarity is null)",
                as: Bool.self)
            guard isNew == true else { return }
            try connection.execute(
                """
                update exercises set familiarity = g.place, aliases = string_to_array(g.aliases, ';'),
                    description = coalesce(exercises.description, g.description),
                    cues = case when cardinality(exercises.cues) = 0 then string_to_array(g.cues, '|')
                        else exercises.cues end,
                    version = version + 1
                from unnest(\(slugs), \(places), \(aliases), \(descriptions), \(cues))
                    as g (slug, place, aliases, description, cues)
                where exercises.slug = g.slug and familiarity is null
                """)
        }
    }
}
