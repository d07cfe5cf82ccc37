import Foundation
import Protocol
import Store

/// The programs of the library as they are shipped, and the way they get into the database.
package enum TemplateSeed {
    /// One program of the library.
    package struct Program: Hashable, Sendable {
        package let slug, name: String
        package var description: String
        package let category: TemplateCategory
        package let level: String
        package let lengthWeeks: Int
        package var weeks: [TemplateWeek]
    }

    package struct Malformed: Error { package let line: String }

    /// The id of a program of the library: the same on every machine.
    package static func id(of slug: String) -> TemplateID { ExerciseSeed.id(of: "template \(slug)") }

    /// Reads the shipped text (its grammar stands in its head); what is not as it should be is a mistake of ours and
    /// throws.
    package static func programs() throws -> [Program] {
        let names = Dictionary(
            try ExerciseSeed.entries().map { ($0.slug, $0.name) }, uniquingKeysWith: { first, _ in first })
        let text = String(decoding: PackageResources.programs_txt, as: UTF8.self)
        var programs: [Program] = []
        for line in text.split(separator: "\n").map(String.init) where !line.hasPrefix("#") {
            let words = line.split(separator: " ", maxSplits: 1).map(String.init)
            let last = programs.count - 1
            switch (words[0], words.count > 1 ? words[1] : "") {
            case ("program", let rest): programs.append(try program(rest))
            case ("about", let rest): programs[last].description = rest
            case ("week", _): programs[last].weeks.append(TemplateWeek(days: []))
            case ("day", let name):
                let week = programs[last].weeks.count - 1
                programs[last].weeks[week].days.append(TemplateDay(name: name, exercises: []))
            default:
                let week = programs[last].weeks.count - 1
                let day = programs[last].weeks[week].days.count - 1
                programs[last].weeks[week].days[day].exercises.append(try exercise(line, names))
            }
        }
        return programs
    }

    private static func program(_ text: String) throws -> Program {
        let parts = text.components(separatedBy: " | ")
        guard parts.count == 5, let category = TemplateCategory(rawValue: parts[2]), let length = Int(parts[4]) else {
            throw Malformed(line: text)
        }
        return Program(
            slug: parts[0], name: parts[1], description: "", category: category, level: parts[3],
            lengthWeeks: length, weeks: [])
    }

    private static func exercise(_ line: String, _ names: [String: String]) throws -> TemplateExercise {
        let parts = line.components(separatedBy: " : ")
        guard parts.count == 3, let name = names[parts[0]] else { throw Malformed(line: line) }
        var exercise = TemplateExercise(
            exerciseId: ExerciseSeed.id(of: parts[0]), name: name, supersetGroup: nil, restSeconds: nil, note: nil,
            progression: nil, sets: try parts[1].components(separatedBy: " ; ").flatMap(sets))
        var words = parts[2].split(separator: " ").map(String.init)[...]
        while let word = words.popFirst() {
            switch word {
            case "rest": exercise.restSeconds = words.popFirst().flatMap { Double($0) }
            case "group": exercise.supersetGroup = words.popFirst().flatMap { Int($0) }
            case "rule":
                let kind = words.popFirst().flatMap { ProgressionRule.Kind(rawValue: $0) }
                guard let kind else { throw Malformed(line: line) }
                exercise.progression = ProgressionRule(kind: kind, incrementKg: words.popFirst().flatMap { Double($0) })
            case "note":
                exercise.note = words.joined(separator: " ")
                words = []
            default: throw Malformed(line: line)
            }
        }
        return exercise
    }

    /// `3x8-12 @rir2`: three times the same target.
    private static func sets(_ text: String) throws -> [SetTarget] {
        let words = text.split(separator: " ").map(String.init)
        let parts = (words.first ?? "").split(separator: "x").map(String.init)
        guard parts.count == 2, let count = Int(parts[0]) else { throw Malformed(line: text) }
        var target = SetTarget()
        if parts[1].hasSuffix("s") {
            target.durationSeconds = Double(parts[1].dropLast())
        } else if parts[1].hasSuffix("m") {
            target.distanceMeters = Double(parts[1].dropLast())
        } else {
            let range = parts[1].split(separator: "-").compactMap { Int($0) }
            target.reps = range.first
            target.repsMax = range.count > 1 ? range[1] : nil
        }
        for word in words.dropFirst() {
            switch word {
            case "+amrap": target.type = .amrap
            case let word where word.hasSuffix("%"): target.percentOfOneRepMax = Double(word.dropFirst().dropLast())
            case let word where word.hasPrefix("@rpe"): target.rpe = Double(word.dropFirst(4))
            case let word where word.hasPrefix("@rir"): target.rir = Int(word.dropFirst(4))
            default: throw Malformed(line: text)
            }
        }
        return Array(repeating: target, count: count)
    }

    /// Adds the programs that the library lacks; running it again, also on two nodes at once, changes nothing.
    ///
    /// Stands behind the exercises' seed. What an administrator changed or deleted stays so.
    /// - Returns: how many were added.
    @discardableResult
    package static func load(into pool: PostgresPool, at time: Timestamp) async throws -> Int {
        let programs = try programs()
        let equipment = Dictionary(
            try ExerciseSeed.entries().map { ($0.id, $0.equipment) }, uniquingKeysWith: { first, _ in first })
        let needs = programs.map { program in
            let ids = program.weeks.flatMap(\.days).flatMap(\.exercises).map(\.exerciseId)
            return Set(ids.compactMap { equipment[$0] ?? nil }).subtracting(["body only"]).sorted()
        }
        let weeks = try programs.map { try $0.weeks.json }
        return try await pool.transaction(attempts: 3) { connection in
            let added = try connection.query(
                """
                insert into templates (id, slug, name, description, category, level, length_weeks, days_per_week,
                    equipment, visibility, weeks, created_at, changed_at, featured_at)
                select id, slug, name, description, category, level, length, days, string_to_array(equipment, ','),
                    'public', weeks, \(time)::timestamptz, \(time)::timestamptz, \(time)::timestamptz
                from unnest(\(programs.map { id(of: $0.slug) }), \(programs.map(\.slug)), \(programs.map(\.name)),
                    \(programs.map(\.description)), \(programs.map(\.category.rawValue)), \(programs.map(\.level)),
                    \(programs.map(\.lengthWeeks)), \(programs.map { $0.weeks.map(\.days.count).max() ?? 1 }),
                    \(needs.map { $0.joined(separator: ",") }), \(weeks))
                    as p (id, slug, name, description, category, level, length, days, equipment, weeks)
                on conflict do nothing returning id
                """, as: TemplateID.self)
            try Templates.keepVersions(of: added, at: time, connection)
            return added.count
        }
    }
}
