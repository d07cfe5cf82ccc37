import Foundation
import Protocol
import Store

/// Programs: the library's, one's own and those that others show.
package struct Templates: Sendable {
    let pool: PostgresPool
    let exercises: Exercises
    let plans: WorkoutPlans

    package init(pool: PostgresPool) {
        self.pool = pool
        exercises = Exercises(pool: pool)
        plans = WorkoutPlans(pool: pool)
    }

    /// A template as a list shows it, with what lists are ordered by.
    struct Row: Sendable {
        let item: TemplateItem
        let ratingRank: Int

        /// Changes with everything the caller can see of it.
        var entityTag: EntityTag {
            let flags = (item.isFeatured ? 1 : 0) + (item.isFavorite ? 2 : 0)
            return EntityTag(
                "v\(item.version).\(item.changedAt.milliseconds).\(item.ratingCount).\(ratingRank)"
                    + ".\(item.myRating ?? 0).\(item.uses).\(flags)")
        }
    }

    static func columns(for user: UserID) -> SQL {
        """
        t.id, t.name, t.description, t.category, t.level, t.length_weeks, t.days_per_week, t.equipment, t.visibility,
        u.id, u.username, u.display_name, coalesce(t.owner = \(user), false), t.featured_at is not null,
        exists (select from template_favorites f where f.user_id = \(user) and f.template_id = t.id),
        t.origin, t.origin_name, t.origin_version, (select t.origin_creator where not exists (
            select from templates o join blocks b on (b.blocker, b.blocked) in ((o.owner, \(user)), (\(user), o.owner))
            where o.id = t.origin)), t.uses, t.rating_sum, t.rating_count,
        (select r.rating from template_ratings r where r.template_id = t.id and r.user_id = \(user)),
        t.version, t.created_at, t.changed_at, t.rating_rank
        """
    }

    /// `t` with its creator as `u`.
    static let tables: SQL = "templates t left join users u on u.id = t.owner and u.status = 'active'"

    /// What a user may see: own ones, the library's, public ones and friends' for friends; nothing across a block.
    static func visible(to user: UserID) -> SQL {
        """
        t.deleted_at is null and (t.owner is null or t.owner = \(user) or (u.id is not null
            and (t.visibility = 'public' or t.visibility = 'friends' and exists (select from friendships f
                where f.low = least(t.owner, \(user)) and f.high = greatest(t.owner, \(user)) and f.state = 'friends'))
            and not exists (select from blocks b where (b.blocker, b.blocked) in
                ((t.owner, \(user)), (\(user), t.owner)))))
        """
    }

    static let read: @Sendable (inout RowReader) throws(StoreError) -> Row = { row throws(StoreError) in
        let (id, name, description) = (
            try row.next(TemplateID.self), try row.next(String.self), try row.next(String?.self)
        )
        let category = TemplateCategory(rawValue: try row.next(String.self)) ?? .general
        let level = try row.next(String.self)
        let (length, days) = (try row.next(Int.self), try row.next(Int.self))
        let (equipment, visibility) = (try row.next([String].self), try row.next(Audience.self))
        let creator = try Self.card(&row)
        let (isOwn, isFeatured, isFavorite) = (
            try row.next(Bool.self), try row.next(Bool.self), try row.next(Bool.self)
        )
        let origin = try Self.origin(&row)
        let (uses, sum, count) = (try row.next(Int.self), try row.next(Int.self), try row.next(Int.self))
        let item = TemplateItem(
            id: id, name: name, description: description, category: category, level: level, lengthWeeks: length,
            daysPerWeek: days, equipment: equipment, visibility: visibility, creator: creator, isOwn: isOwn,
            isFeatured: isFeatured, isFavorite: isFavorite, origin: origin, uses: uses,
            averageRating: ExerciseRatings.average(sum: sum, count: count), ratingCount: count,
            myRating: try row.next(), version: try row.next(), createdAt: try row.next(), changedAt: try row.next())
        return Row(item: item, ratingRank: try row.next())
    }

    private static func card(_ row: inout RowReader) throws(StoreError) -> UserCard? {
        let (id, username, name) = (try row.next(UserID?.self), try row.next(String?.self), try row.next(String?.self))
        guard let id, let username, let name else { return nil }
        return UserCard(id: id, username: username, displayName: name)
    }

    private static func origin(_ row: inout RowReader) throws(StoreError) -> TemplateOrigin? {
        let (id, name) = (try row.next(TemplateID?.self), try row.next(String?.self))
        let (version, creator) = (try row.next(Int?.self), try row.next(String?.self))
        guard let id, let name, let version else { return nil }
        return TemplateOrigin(templateId: id, name: name, version: version, creatorName: creator)
    }

    /// A template as the user may see it, nil for what they may not know of.
    func template(_ id: TemplateID, for user: UserID) async throws -> (template: Template, tag: EntityTag)? {
        try await pool.with { connection in try Self.find(id, for: user, connection) }
    }

    /// Whether there was a template of this id.
    func isDeleted(_ id: TemplateID) async throws -> Bool {
        try await pool.first("select deleted_at is not null from templates where id = \(id)", as: Bool.self) ?? false
    }

    static func find(
        _ id: TemplateID, for user: UserID, locked: Bool = false, _ connection: isolated PostgresConnection
    ) throws -> (template: Template, tag: EntityTag)? {
        let lock: SQL = locked ? "for update of t" : ""
        let found = try connection.first(
            """
            select \(columns(for: user)), t.weeks from \(tables)
            where t.id = \(id) and \(visible(to: user)) \(lock)
            """
        ) { row throws(StoreError) in (try read(&row), try row.next(JSONText.self)) }
        guard let (row, weeks) = found else { return nil }
        return (Template(row.item, weeks: try [TemplateWeek](weeks)), row.entityTag)
    }
}

extension [TemplateWeek] {
    /// Reads what was stored.
    init(_ json: JSONText) throws { self = try JSONDecoder().decode(Self.self, from: Data(json.text.utf8)) }

    /// As it is stored.
    var json: JSONText { get throws { JSONText(bytes: try JSONEncoder().encode(self)) } }
}

extension Template {
    init(_ item: TemplateItem, weeks: [TemplateWeek]) {
        self.init(
            id: item.id, name: item.name, description: item.description, category: item.category, level: item.level,
            lengthWeeks: item.lengthWeeks, daysPerWeek: item.daysPerWeek, equipment: item.equipment,
            visibility: item.visibility, creator: item.creator, isOwn: item.isOwn, isFeatured: item.isFeatured,
            isFavorite: item.isFavorite, origin: item.origin, uses: item.uses, averageRating: item.averageRating,
            ratingCount: item.ratingCount, myRating: item.myRating, version: item.version,
            createdAt: item.createdAt, changedAt: item.changedAt, weeks: weeks)
    }

    /// The training day of a week of the whole program, both from 1; nil where there is none.
    func day(_ day: Int, ofWeek week: Int) -> TemplateDay? {
        guard (1...lengthWeeks).contains(week), !weeks.isEmpty else { return nil }
        let days = weeks[(week - 1) % weeks.count].days
        return days.indices.contains(day - 1) ? days[day - 1] : nil
    }
}
