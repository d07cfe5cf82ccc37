import Foundation
import Protocol
import Store

/// Finds people by username and name: the exact username first, then what begins with the words, then what is spelled
/// alike.
///
/// Who is not discoverable is found by friends only; a blocked pair, oneself and accounts that are not active are never
/// found.
struct PeopleSearch: Sendable {
    struct Row: Sendable {
        let found: FoundUser
        /// Of the sort: 0 the username itself, 1 a beginning, 2 a likeness.
        let tier: Int
        /// 0…1000
        let likeness: Int
    }

    enum Order: ListOrder {
        static let name = "people"
        static let keys: [Cursor.Key] = [.integer, .integer, .id]
    }

    let pool: PostgresPool

    func page(_ words: String, for user: UserID, _ page: PageRequest) async throws -> Page<FoundUser> {
        let rows = try await pool.rows(try Self.statement(words, for: user, page)) { row throws(StoreError) in
            let card = UserCard(id: try row.next(), username: try row.next(), displayName: try row.next())
            let (tier, likeness) = (try row.next(Int.self), try row.next(Int.self))
            let state = try row.next(FriendshipState?.self)
            let relation = PublicProfile.Relation(state, isOwnRequest: try row.next(UserID?.self) == user)
            return Row(found: FoundUser(user: card, relation: relation), tier: tier, likeness: likeness)
        }
        return page.page(
            of: rows,
            cursor: { Cursor(after: String($0.tier), String($0.likeness), $0.found.user.id.description) },
            item: \.found)
    }

    /// The words as names are stored for comparison; a leading @, as people write usernames, does not count.
    static func normalized(_ words: String) -> String {
        let letters = words.decomposedStringWithCompatibilityMapping.lowercased().unicodeScalars
        let accents: ClosedRange<Unicode.Scalar> = "\u{0300}"..."\u{036F}"
        let folded = String(String.UnicodeScalarView(letters.filter { !accents.contains($0) })).trimmingSpaces()
        return folded.hasPrefix("@") ? String(folded.dropFirst()) : folded
    }

    /// A pattern for LIKE that takes its text literally.
    private static func literal(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
    }

    static func statement(_ words: String, for user: UserID, _ page: PageRequest) throws -> SQL {
        let words = normalized(words)
        let beginning = literal(words) + "%"
        let laterWord = "% " + beginning
        let after: SQL =
            try page.after.map { cursor in
                """
                where (tier, -likeness, id)
                    > (\(try cursor.integer(0)), -(\(try cursor.integer(1))::bigint), \(try cursor.id(2)))
                """
            } ?? ""
        return """
            select id, username, display_name, tier, likeness, state, requested_by from (
                select u.id, u.username, u.display_name, f.state, f.requested_by,
                    case when u.username = \(words)::text then 0
                         when u.username like \(beginning)::text or u.search_name like \(beginning)::text
                             or u.search_name like \(laterWord)::text then 1
                         else 2 end as tier,
                    (1000 * greatest(similarity(u.username, \(words)::text),
                        word_similarity(\(words)::text, u.search_name)))::integer as likeness
                from users u
                    left join friendships f on f.low = least(u.id, \(user)) and f.high = greatest(u.id, \(user))
                where (u.username like \(beginning)::text or u.search_name like \(beginning)::text
                        or u.search_name like \(laterWord)::text
                        or u.username % \(words)::text or \(words)::text <% u.search_name)
                    and u.status = 'active' and u.id <> \(user)
                    and (u.is_discoverable or coalesce(f.state = 'friends', false))
                    and not exists (select from blocks b where (b.blocker, b.blocked) in
                        ((\(user), u.id), (u.id, \(user))))
            ) as found
            \(after)
            order by tier, likeness desc, id limit \(page.rowsToRead)
            """
    }
}

/// `?q=` of the search.
struct PeopleQuery: RouteQuery {
    static let wordsField = Field(
        "q",
        ValueRule<String>.text(1...80).map(.tooShort, "Must hold more than spaces.") { text in
            PeopleSearch.normalized(text).isEmpty ? nil : text
        }, "A username or a name, or its beginning, or nearly so.")
    static var parameters: [MemberSchema] { [wordsField.schema] + PageRequest.parameters }
    let words: String
    let page: PageRequest

    init?(reading query: inout QueryReader) {
        let words = query.required(Self.wordsField)
        page = PageRequest(reading: &query, list: PeopleSearch.Order.name, keys: PeopleSearch.Order.keys)
        guard let words else { return nil }
        self.words = words
    }
}

extension PublicProfile.Relation {
    /// How a viewer stands to somebody else, from the row of their friendship.
    init(_ state: FriendshipState?, isOwnRequest: Bool) {
        switch state {
        case .friends: self = .friend
        case .requested: self = isOwnRequest ? .requestSent : .requestReceived
        case .declined, nil: self = .stranger
        }
    }
}
