import Foundation
import Protocol
import Store

/// The exercise library as it is shipped, and the way it gets into the database.
package enum ExerciseSeed {
    /// One exercise of the library.
    package struct Entry: Hashable, Sendable {
        package let id: ExerciseID
        package let slug, name: String
        package let force: String?
        package let level: String
        package let mechanic, equipment: String?
        package let category: String
        package let primaryMuscles, secondaryMuscles: [String]
    }

    package struct Malformed: Error { package let line: Int }

    /// The day the library was made, which all its ids carry as their time.
    private static let madeAt = Timestamp(milliseconds: 1_763_769_600_000)  // 2025-11-22T00:00:00Z

    /// The id of a library exercise: the same on every machine, derived from its slug by two FNV-1a hashes.
    package static func id(of slug: String) -> ExerciseID {
        func hash(_ seed: UInt64) -> UInt64 {
            slug.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        }
        return UUIDv7.stamped(
            madeAt, random: hash(0xcbf2_9ce4_8422_2325), tail: hash(0x8422_2325_cbf2_9ce4))
    }

    /// Reads the shipped table; a line that is not as it should be is a mistake of ours and throws.
    package static func entries() throws -> [Entry] {
        let text = String(decoding: PackageResources.exercises_tsv, as: UTF8.self)
        let lines = text.split(separator: "\n").dropFirst().enumerated()
        return try lines.map { number, line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 9, !fields[0].isEmpty, !fields[1].isEmpty, !fields[7].isEmpty else {
                throw Malformed(line: number + 2)
            }
            func optional(_ field: String) -> String? { field.isEmpty ? nil : field }
            func list(_ field: String) -> [String] { field.split(separator: ",").map(String.init) }
            return Entry(
                id: id(of: fields[0]), slug: fields[0], name: fields[1], force: optional(fields[2]),
                level: fields[3], mechanic: optional(fields[4]), equipment: optional(fields[5]), category: fields[6],
                primaryMuscles: list(fields[7]), secondaryMuscles: list(fields[8]))
        }
    }

    /// Brings the table to the shipped state; running it again, also on two nodes at once, changes nothing.
    ///
    /// What an administrator changed in an exercise stays: only missing ones are added.
    /// - Returns: how many were added.
    @discardableResult
    package static func load(into pool: PostgresPool) async throws -> Int {
        let entries = try entries()
        let added = try await pool.execute(
            """
            insert into exercises (id, slug, name, force, level, mechanic, equipment, category, primary_muscles,
                secondary_muscles)
            select id, slug, name, force, level, mechanic, equipment, category, string_to_array(primaries, ','),
                string_to_array(secondaries, ',')
            from unnest(\(entries.map(\.id)), \(entries.map(\.slug)), \(entries.map(\.name)),
                \(entries.map(\.force)), \(entries.map(\.level)), \(entries.map(\.mechanic)),
                \(entries.map(\.equipment)), \(entries.map(\.category)),
                \(entries.map { $0.primaryMuscles.joined(separator: ",") }),
                \(entries.map { $0.secondaryMuscles.joined(separator: ",") }))
                as e (id, slug, name, force, level, mechanic, equipment, category, primaries, secondaries)
            on conflict do nothing
            """)
        try await ExerciseGuides.load(into: pool)
        try await loadShares(try bodyWeightShares(), into: pool)
        return added
    }

    /// The share of the body's weight that a repetition lifts, by slug; only of movements where it is known.
    package static func bodyWeightShares() throws -> [(slug: String, share: Double)] {
        let text = String(decoding: PackageResources.body_weight_tsv, as: UTF8.self)
        return try text.split(separator: "\n").dropFirst().enumerated().map { number, line in
            let fields = line.split(separator: "\t")
            guard fields.count == 2, let share = Double(fields[1]), (0...1).contains(share) else {
                throw Malformed(line: number + 2)
            }
            return (String(fields[0]), share)
        }
    }

    /// Gives the library the shares of this release, also where an earlier one gave others; what an administrator
    /// changed stays.
    package static func loadShares(
        _ shares: [(slug: String, share: Double)], into pool: PostgresPool
    ) async throws {
        let known = Dictionary(shares.map { ($0.slug, $0.share) }, uniquingKeysWith: { first, _ in first })
        let slugs = try entries().map(\.slug)
        try await pool.execute(
            """
            update exercises set body_weight_share = case
                    when body_weight_share is distinct from shipped_body_weight_share then body_weight_share
                    else s.share end,
                shipped_body_weight_share = s.share, version = version + 1
            from unnest(\(slugs), \(slugs.map { known[$0] })) as s (slug, share)
            where exercises.slug = s.slug and shipped_body_weight_share is distinct from s.share
            """)
    }
}
