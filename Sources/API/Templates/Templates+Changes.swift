import Protocol
import Store

// Making, changing, copying and deleting templates.
extension Templates {
    /// How many templates a user may have.
    static let ownLimit = 500
    /// How many a user may make in all: of deleted ones a row stays for the workouts and copies that name them.
    static let madeLimit = 2500
    /// How many versions one of a user's templates may have; every change makes one.
    static let versionLimit = 200
    /// What all versions of a user's templates may hold together, in bytes of their programs.
    static let ownBytes = 32 << 20

    /// Makes a template, of the library when `owner` is nil.
    ///
    /// - Throws: `invalidValues` naming exercises that the maker cannot see; `limitReached`.
    func make(
        _ id: TemplateID, _ values: TemplateValues, origin: TemplateOrigin? = nil, owner: UserID?, by maker: UserID,
        at time: Timestamp
    ) async throws -> (template: Template, tag: EntityTag) {
        let (weeks, equipment) = try await checked(values, for: maker, keeping: origin == nil ? [] : values.weeks)
        let json = try weeks.json
        return try await pool.transaction { connection in
            if let owner { try Self.checkLimit(owner, connection) }
            try connection.execute(
                """
                insert into templates (id, owner, name, description, category, level, length_weeks, days_per_week,
                    equipment, visibility, weeks, origin, origin_name, origin_version, origin_creator, created_at,
                    changed_at)
                values (\(id), \(owner), \(values.name), \(values.description), \(values.category.rawValue),
                    \(values.level.rawValue), \(values.lengthWeeks), \(values.daysPerWeek), \(equipment),
                    \(values.visibility), \(json), \(origin?.templateId), \(origin?.name), \(origin?.version),
                    \(origin?.creatorName), \(time), \(time))
                """)
            try Self.keepVersions(of: [id], at: time, connection)
            guard let made = try Self.find(id, for: maker, connection) else { throw Problem(.internalError) }
            return made
        }
    }

    private static func checkLimit(_ owner: UserID, _ connection: isolated PostgresConnection) throws {
        // Two at once count one after the other.
        try connection.execute("select from users where id = \(owner) for no key update")
        let counts = try connection.first(
            "select count(*) filter (where deleted_at is null), count(*) from templates where owner = \(owner)",
            as: (Int, Int).self)
        let (own, made) = counts ?? (0, 0)
        guard own < ownLimit else {
            throw Problem(.limitReached, detail: "At most \(ownLimit) templates of one's own.")
        }
        guard made < madeLimit else {
            throw Problem(.limitReached, detail: "At most \(madeLimit) templates, deleted ones included.")
        }
    }

    /// Keeps what stands in templates now as a version of each. Throws `limitReached` when an owner's become too much.
    static func keepVersions(
        of ids: [TemplateID], at time: Timestamp, _ connection: isolated PostgresConnection
    ) throws {
        try connection.execute(
            """
            insert into template_versions (template_id, version, name, description, category, level, length_weeks,
                days_per_week, equipment, weeks, created_at)
            select id, version, name, description, category, level, length_weeks, days_per_week, equipment, weeks,
                \(time)::timestamptz
            from templates where id = any(\(ids))
            """)
        let bytes = try connection.query(
            """
            update users set template_bytes = template_bytes + kept.bytes
            from (select owner, sum(octet_length(weeks::text)) as bytes from templates
                where id = any(\(ids)) and owner is not null group by owner) kept
            where users.id = kept.owner returning template_bytes
            """, as: Int.self)
        guard bytes.allSatisfy({ $0 <= ownBytes }) else {
            throw Problem(
                .limitReached,
                detail: "Your templates and their versions may hold \(ownBytes >> 20) MiB: delete some first.")
        }
    }

    /// Takes a deleted template off its owner's count, and drops what it held, which nobody can see any more.
    private static func dropContent(of id: TemplateID, _ connection: isolated PostgresConnection) throws {
        try connection.execute(
            """
            update users set template_bytes = template_bytes - kept.bytes
            from (select t.owner, sum(octet_length(v.weeks::text)) as bytes
                from templates t join template_versions v on v.template_id = t.id
                where t.id = \(id) group by t.owner) kept
            where users.id = kept.owner
            """)
        try connection.execute("delete from template_versions where template_id = \(id)")
        try connection.execute("update templates set weeks = '[]' where id = \(id)")
    }

    /// How often a change begins again because another one was faster.
    private static let changeAttempts = 20

    /// Changes a template; every change by who made it makes a version. `check` sees its tag before and may throw.
    ///
    /// - Throws: `notFound`; `forbidden` for others' templates and for what administrators decide; `limitReached`.
    func change(
        _ id: TemplateID, _ change: TemplateChange, by editor: Exercises.Editor, at time: Timestamp,
        check: @Sendable (EntityTag) throws -> Void
    ) async throws -> (template: Template, tag: EntityTag) {
        for _ in 0..<Self.changeAttempts {
            if let changed = try await tryChange(id, change, by: editor, at: time, check: check) { return changed }
        }
        throw Problem(.unavailable, retryAfterSeconds: 1)
    }

    /// - Returns: nil when another change came between reading and writing.
    private func tryChange(
        _ id: TemplateID, _ change: TemplateChange, by editor: Exercises.Editor, at time: Timestamp,
        check: @Sendable (EntityTag) throws -> Void
    ) async throws -> (template: Template, tag: EntityTag)? {
        guard let (before, tag) = try await template(id, for: editor.user) else { throw Problem(.notFound) }
        try Self.admit(change, to: before, by: editor)
        try check(tag)
        let values = try change.applied(to: before)
        if before.creator == nil, !before.isOwn, values.visibility != .public {
            throw Problem(
                .invalidValues,
                errors: [
                    Problem.Fault(pointer: "/visibility", code: .notAllowed, detail: "The library is public.")
                ])
        }
        let (weeks, equipment) = try await checked(values, for: editor.user, keeping: before.weeks)
        let json = try weeks.json
        return try await pool.transaction { connection in
            guard let current = try Self.find(id, for: editor.user, locked: true, connection) else {
                throw Problem(.notFound)
            }
            try check(current.tag)
            // Somebody was faster: what was checked is not what stands there now.
            guard current.template.version == before.version else { return nil }
            if change.changesTemplate, current.template.isOwn, current.template.version >= Self.versionLimit {
                throw Problem(
                    .limitReached,
                    detail: "A template has at most \(Self.versionLimit) versions: change a copy of it instead.")
            }
            try connection.execute(
                """
                update templates set name = \(values.name), description = \(values.description),
                    category = \(values.category.rawValue), level = \(values.level.rawValue),
                    length_weeks = \(values.lengthWeeks), days_per_week = \(values.daysPerWeek),
                    equipment = \(equipment), visibility = \(values.visibility), weeks = \(json),
                    version = version + \(change.changesTemplate ? 1 : 0), changed_at = \(time)
                where id = \(id)
                """)
            if change.changesTemplate { try Self.keepVersions(of: [id], at: time, connection) }
            if let isFeatured = change.isFeatured {
                let since = isFeatured ? time : nil
                try connection.execute("update templates set featured_at = \(since) where id = \(id)")
            }
            guard let after = try Self.find(id, for: editor.user, connection) else { throw Problem(.notFound) }
            return after
        }
    }

    private static func admit(
        _ change: TemplateChange, to template: Template, by editor: Exercises.Editor
    ) throws(Problem) {
        if change.isFeatured != nil {
            guard editor.isAdmin else { throw Problem(.forbidden, detail: "Administrators feature templates.") }
            guard change.isFeatured == false || template.visibility == .public else {
                throw Problem(.forbidden, detail: "Only public templates are featured.")
            }
        }
        if change.changesTemplate { try admitOwner(of: template, editor) }
    }

    private static func admitOwner(of template: Template, _ editor: Exercises.Editor) throws(Problem) {
        let isLibrary = template.creator == nil
        guard template.isOwn || isLibrary && editor.isAdmin else {
            throw Problem(.forbidden, detail: "A template is changed by who made it.")
        }
    }

    /// Hides a template for good; copies, workouts and their plans stay.
    func delete(_ id: TemplateID, by editor: Exercises.Editor, at time: Timestamp) async throws {
        try await pool.transaction { connection in
            guard let (template, _) = try Self.find(id, for: editor.user, locked: true, connection) else {
                throw Problem(.notFound)
            }
            try Self.admitOwner(of: template, editor)
            try connection.execute(
                "update templates set deleted_at = \(time), featured_at = null where id = \(id)")
            try Self.dropContent(of: id, connection)
        }
    }

    /// Counts a workout that was made from a template; within the caller's transaction.
    static func countUse(of id: TemplateID, _ connection: isolated PostgresConnection) throws {
        try connection.execute("update templates set uses = uses + 1 where id = \(id)")
    }

    /// The program with the exercises' names, and the equipment it needs.
    ///
    /// Exercises that stood there before (`keeping`) stay even where the user cannot see them (any more).
    private func checked(
        _ values: TemplateValues, for user: UserID, keeping before: [TemplateWeek]
    ) async throws -> (weeks: [TemplateWeek], equipment: [String]) {
        let known = try await exercises.exercises(values.exerciseIds, for: user)
        var names = Dictionary(
            before.flatMap(\.days).flatMap(\.exercises).map { ($0.exerciseId, $0.name) },
            uniquingKeysWith: { first, _ in first })
        names.merge(known.mapValues(\.name)) { _, new in new }
        var faults: [Problem.Fault] = []
        var weeks = values.weeks
        for week in weeks.indices {
            for day in weeks[week].days.indices {
                for place in weeks[week].days[day].exercises.indices {
                    let id = weeks[week].days[day].exercises[place].exerciseId
                    weeks[week].days[day].exercises[place].name = names[id] ?? ""
                    guard names[id] == nil else { continue }
                    faults.append(
                        Problem.Fault(
                            pointer: "/weeks/\(week)/days/\(day)/exercises/\(place)/exerciseId",
                            code: .unknownReference, detail: "There is no such exercise."))
                }
            }
        }
        guard faults.isEmpty else { throw Problem(.invalidValues, errors: faults) }
        let equipment = Set(known.values.compactMap(\.equipment)).subtracting(["body only"])
        return (weeks, equipment.sorted())
    }
}
