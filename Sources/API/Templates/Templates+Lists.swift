import Protocol
import Store

/// The order of a list of templates.
enum TemplateSort: String, Sendable, CaseIterable {
    /// The newest first.
    case date
    /// The best rated first.
    case rating
    /// The most used first.
    case use

    var cursorKeys: [Cursor.Key] { self == .date ? [.id] : [.integer, .id] }
}

/// Filters and order of every list of templates.
struct TemplateQuery: RouteQuery {
    static let category = Field.optional("category", ValueRule<TemplateCategory>.choice, "What it is for.")
    static let level = Field.optional("level", ValueRule<ExerciseLevel>.choice, "For whom.")
    static let minWeeks = Field.optional("minWeeks", .integer(1...104), "At least so long.")
    static let maxWeeks = Field.optional("maxWeeks", .integer(1...104), "At most so long.")
    static let days = Field.optional("daysPerWeek", .integer(1...7), "Just so many training days a week.")
    static let equipment = Field.optional(
        "equipment", ValueRule<[String]>.list(of: .text(1...40), count: 0...20),
        "What one has, comma-separated: only templates that need nothing else.")
    static let text = Field.optional("q", .text(1...200), "Words of name, description and category.")
    static let favorite = Field.optional("favorite", .flag, "Only the caller's favourites.")
    static let sort = Field.optional("sort", ValueRule<TemplateSort>.choice, "The order; by date unless told.")

    static var parameters: [MemberSchema] {
        PageRequest.parameters + [
            category.schema, level.schema, minWeeks.schema, maxWeeks.schema, days.schema, equipment.schema,
            text.schema, favorite.schema, sort.schema,
        ]
    }

    let page: PageRequest
    let sort: TemplateSort
    let conditions: [SQL]
    let isFavorite: Bool

    init?(reading query: inout QueryReader) {
        var conditions: [SQL] = []
        if let category = query.optional(Self.category) { conditions.append("t.category = \(category.rawValue)") }
        if let level = query.optional(Self.level) { conditions.append("t.level = \(level.rawValue)") }
        let (least, most) = (query.optional(Self.minWeeks), query.optional(Self.maxWeeks))
        if let least { conditions.append("t.length_weeks >= \(least)") }
        if let most { conditions.append("t.length_weeks <= \(most)") }
        if let least, let most, most < least {
            query.fault("maxWeeks", .inconsistent, "Must not lie below minWeeks.")
        }
        if let days = query.optional(Self.days) { conditions.append("t.days_per_week = \(days)") }
        if let equipment = query.optional(Self.equipment) {
            conditions.append("t.equipment <@ \(equipment.map { $0.lowercased() })")
        }
        if let text = query.optional(Self.text) {
            conditions.append("t.words @@ plainto_tsquery('english', \(text))")
        }
        self.conditions = conditions
        isFavorite = query.optional(Self.favorite) ?? false
        sort = query.optional(Self.sort) ?? .date
        page = PageRequest(reading: &query, list: "templates:\(sort.rawValue)", keys: sort.cursorKeys)
    }
}

extension Templates {
    /// Which templates a list is about.
    enum Shelf: Sendable {
        /// All that the user may see.
        case all
        case `public`, featured, my
    }

    func list(_ shelf: Shelf, for user: UserID, _ query: TemplateQuery) async throws -> Page<TemplateItem> {
        var conditions = [Self.visible(to: user)] + query.conditions
        switch shelf {
        case .all: break  // in parts, below
        case .public: conditions.append("t.visibility = 'public'")
        case .featured: conditions.append("t.featured_at is not null and t.visibility = 'public'")
        case .my: conditions.append("t.owner = \(user)")
        }
        if query.isFavorite {
            conditions.append(
                "exists (select from template_favorites f where f.user_id = \(user) and f.template_id = t.id)")
        }
        let rank: SQL = query.sort == .rating ? "t.rating_rank" : "t.uses"
        if let after = query.page.after {
            if query.sort == .date {
                conditions.append("t.id < \(try after.id(0))")
            } else {
                conditions.append("(\(rank), t.id) < (\(try after.integer(0)), \(try after.id(1)))")
            }
        }
        let order: SQL = query.sort == .date ? "t.id desc" : "\(rank) desc, t.id desc"
        let all = SQL.join(conditions, separator: " and ")
        let limit = query.page.rowsToRead
        let (source, condition): (SQL, SQL) =
            shelf == .all
            ? (Self.parts(for: user, where: all, order: order, limit: limit), "true") : (Self.tables, all)
        let rows = try await pool.rows(
            """
            select \(Self.columns(for: user)) from \(source)
            where \(condition) order by \(order) limit \(limit)
            """, Self.read)
        return query.page.page(
            of: rows,
            cursor: { row in
                let id = row.item.id.description
                switch query.sort {
                case .date: return Cursor(after: id)
                case .rating: return Cursor(after: String(row.ratingRank), id)
                case .use: return Cursor(after: String(row.item.uses), id)
                }
            }, item: \.item)
    }

    /// `tables`, kept to the first so many rows of everything that a user may see.
    ///
    /// One's own, the public ones and those that friends show to friends are looked up apart, each by its own index: in
    /// one condition with "or" no index would narrow them.
    private static func parts(for user: UserID, where all: SQL, order: SQL, limit: Int) -> SQL {
        let apart: [SQL] = [
            "t.owner = \(user)",
            "t.visibility = 'public' and t.owner is distinct from \(user)",
            """
            t.visibility = 'friends' and t.owner = any (array(
                select case when f.low = \(user) then f.high else f.low end from friendships f
                where (f.low = \(user) or f.high = \(user)) and f.state = 'friends'))
            """,
        ]
        let parts = apart.map { part in
            "(select t.id from \(tables) where \(part) and \(all) order by \(order) limit \(limit))" as SQL
        }
        return """
            (\(SQL.join(parts, separator: " union all "))) seen
            cross join lateral (select * from templates where id = seen.id offset 0) t
            left join users u on u.id = t.owner and u.status = 'active'
            """
    }

    /// The versions of a template, newest first.
    ///
    /// - Throws: `notFound`; `forbidden` for others' templates, whose older versions were perhaps never shown.
    func versions(
        of id: TemplateID, for editor: Exercises.Editor, _ page: PageRequest
    ) async throws -> Page<TemplateVersion> {
        guard let (template, _) = try await template(id, for: editor.user) else { throw Problem(.notFound) }
        try Self.admitHistory(of: template)
        let after: SQL = try page.after.map { "and version < \(try $0.integer(0))" } ?? ""
        let rows = try await pool.rows(
            """
            select version, name, length_weeks, days_per_week, created_at from template_versions
            where template_id = \(id) \(after) order by version desc limit \(page.rowsToRead)
            """
        ) { row throws(StoreError) in
            TemplateVersion(
                version: try row.next(), name: try row.next(), lengthWeeks: try row.next(),
                daysPerWeek: try row.next(), createdAt: try row.next())
        }
        return page.page(of: rows, cursor: { Cursor(after: String($0.version)) }, item: { $0 })
    }

    /// The template as it was in a version; its counts are today's.
    ///
    /// - Parameter hasTaken: the user has made a workout of that version.
    /// - Throws: `forbidden` for others' templates, whose older versions were perhaps never shown.
    func template(
        _ id: TemplateID, version: Int, for user: UserID, hasTaken: Bool = false
    ) async throws -> Template? {
        guard let (template, _) = try await template(id, for: user) else { return nil }
        if template.version == version { return template }
        if !hasTaken { try Self.admitHistory(of: template) }
        let found = try await pool.first(
            """
            select name, description, category, level, length_weeks, days_per_week, equipment, weeks, created_at
            from template_versions where template_id = \(id) and version = \(version)
            """
        ) { row throws(StoreError) -> (Template, JSONText) in
            var template = template
            template.name = try row.next()
            template.description = try row.next()
            template.category = TemplateCategory(rawValue: try row.next(String.self)) ?? .general
            template.level = try row.next()
            template.lengthWeeks = try row.next()
            template.daysPerWeek = try row.next()
            template.equipment = try row.next()
            let weeks = try row.next(JSONText.self)
            template.changedAt = try row.next()
            return (template, weeks)
        }
        guard var old = found?.0, let weeks = found?.1 else { return nil }
        old.version = version
        old.weeks = try [TemplateWeek](weeks)
        return old
    }

    private static func admitHistory(of template: Template) throws(Problem) {
        guard template.isOwn || template.creator == nil else {
            throw Problem(.forbidden, detail: "Older versions are shown to who made the template.")
        }
    }
}
