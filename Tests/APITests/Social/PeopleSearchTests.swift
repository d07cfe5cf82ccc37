import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("People search")
struct PeopleSearchTests {
    private func target(_ words: String, _ more: String = "") -> String {
        let allowed = CharacterSet.alphanumerics.subtracting(.init(charactersIn: "\u{80}"..."\u{10FFFF}"))
        return "/v1/users/search?q=\(words.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")\(more)"
    }

    private func find(_ words: String, as user: TestUser) async throws -> [String] {
        let answer = try await user.client.get(target(words))
        return try answer.decoded(as: Page<FoundUser>.self).items.map(\.user.username)
    }

    /// Users with these usernames and names, straight in the table.
    private func people(_ names: [(String, String)], on server: RESTServer) async throws {
        try await server.pool.execute(
            """
            insert into users (id, username, email, display_name, created_at)
            select id, username, username || '@example.org', name, now()
            from unnest(\(names.map { _ in UserID.make() }), \(names.map(\.0)), \(names.map(\.1)))
                as person (id, username, name)
            """)
    }

    @Test("the username itself comes first, then beginnings of usernames and words, then what is spelled alike")
    func ranked() async throws {
        try await RESTServer.run { server in
            let me = try await server.user("searcher")
            try await people(
                [
                    ("mara", "M. Lind"), ("marathon_man", "Otto"), ("xy7", "Mara Berg"), ("zz9", "Lena Maraike"),
                    ("maria", "Unlike"), ("quentin", "Quentin"),
                ], on: server)
            let found = try await find("mara", as: me)
            #expect(found.first == "mara")
            #expect(Set(found[1..<4]) == ["marathon_man", "xy7", "zz9"])
            #expect(!found.contains("quentin"))
            #expect(found.firstIndex(of: "maria") ?? 9 >= 4)
            #expect(try await find(" @MARA ", as: me).first == "mara")
        }
    }

    @Test(
        "a slip of the finger still finds",
        arguments: [("qentin", "quentin"), ("jonas lidn", "jl"), ("Jöhanna", "jo2")])
    func fuzzy(words: String, username: String) async throws {
        try await RESTServer.run { server in
            let me = try await server.user("searcher")
            try await people(
                [("quentin", "Q"), ("jl", "Jonas Lind"), ("jo2", "Johanna Weiß")].map {
                    ($0.0.count < 3 ? "\($0.0)_" : $0.0, $0.1)
                }, on: server)
            #expect(try await find(words, as: me).contains { $0.hasPrefix(username) })
        }
    }

    @Test(
        "letters of any script are found, in either case and composed in either way",
        arguments: ["ÉMILIE", "e\u{301}milie", "emilie", "李", "李小", "ﬁnn", "мари"])
    func unicode(words: String) async throws {
        try await RESTServer.run { server in
            let me = try await server.user("searcher")
            try await people(
                [("u_1", "Émilie Roy"), ("u_2", "李小龙"), ("u_3", "Finn Ols"), ("u_4", "Марина")], on: server)
            #expect(try await find(words, as: me).count == 1)
        }
    }

    @Test(
        "wildcards and quotes are letters like others", arguments: ["%", "_", "a%", "\\", "\\%", "' or true --", "%%%"])
    func wildcards(words: String) async throws {
        try await RESTServer.run { server in
            let me = try await server.user("searcher")
            try await people([("adam", "Adam"), ("bert", "Bert")], on: server)
            #expect(try await find(words, as: me).isEmpty)
            try await people([("under_score", "100% Anna")], on: server)
            #expect(try await find("100%", as: me) == ["under_score"])
            #expect(try await find("under_", as: me) == ["under_score"])
        }
    }

    @Test(
        "words of 1 to 80 characters that are more than spaces are taken",
        arguments: [
            ("?q=", 422), ("", 422), ("?q=%20%20", 422), ("?q=%40", 422), ("?q=a&q=b", 422), ("?q=a%00", 422),
            ("?q=%ff", 422), ("?q=a&x=1", 422), ("?q=" + String(repeating: "a", count: 81), 422),
            ("?q=" + String(repeating: "a", count: 80), 200), ("?q=a", 200), ("?q=a&limit=101", 422),
        ])
    func bounds(query: String, status: Int) async throws {
        try await RESTServer.run { server in
            let me = try await server.user("searcher")
            #expect(try await me.client.get("/v1/users/search\(query)").status == status)
            #expect(try await server.client.get("/v1/users/search\(query)").status == 401)
        }
    }

    @Test("who is not discoverable is found by friends only; suspended users, oneself and blocked pairs never")
    func privacy() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let eve = try await server.user("eve")
            try await Relations(pool: server.pool).makeFriends([(ada.id, bob.id)], at: server.clock.now)
            #expect(try await find("ada", as: ada).isEmpty)
            #expect(try await find("ada", as: eve) == ["ada"])
            let hide = #"{"privacy": {"isDiscoverable": false}}"#
            _ = try await ada.client.send("PUT", "/v1/users/preferences", text: hide)
            #expect(try await find("ada", as: eve).isEmpty)
            let found: Page<FoundUser> = try await bob.client.get(target("ada")).decoded()
            #expect(found.items.map(\.relation) == [.friend])
            _ = try await eve.client.send("POST", "/v1/users/\(bob.id)/block")
            #expect(try await find("bob", as: eve).isEmpty)
            #expect(try await find("eve", as: bob).isEmpty)
            #expect(try await find("eve", as: ada) == ["eve"])
            try await server.pool.execute("update users set status = 'suspended' where id = \(eve.id)")
            #expect(try await find("eve", as: ada).isEmpty)
        }
    }

    @Test("a request that is on its way shows in what is found")
    func relation() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            _ = try await ada.client.post("/v1/users/friends/request", FriendRequestBody(userId: bob.id))
            let sent: Page<FoundUser> = try await ada.client.get(target("bob")).decoded()
            #expect(sent.items.map(\.relation) == [.requestSent])
            let received: Page<FoundUser> = try await bob.client.get(target("ada")).decoded()
            #expect(received.items.map(\.relation) == [.requestReceived])
        }
    }

    @Test("pages follow each other without gaps or repeats, and only with their own cursors")
    func paging() async throws {
        try await RESTServer.run { server in
            let me = try await server.user("searcher")
            try await people((0..<23).map { ("anna\($0)", $0 % 3 == 0 ? "Anna \($0)" : "Else") }, on: server)
            var seen: [String] = []
            var cursor: String?
            repeat {
                let more = "&limit=5" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page: Page<FoundUser> = try await me.client.get(target("anna", more)).decoded()
                seen += page.items.map(\.user.username)
                cursor = page.nextCursor
            } while cursor != nil
            #expect(seen.count == 23)
            #expect(Set(seen).count == 23)
            #expect(seen == (try await find("anna", as: me)) + seen.suffix(3))
            #expect(try await me.client.get(target("anna", "&cursor=abc")).status == 422)
        }
    }

    @Test("the search reaches its index and scans no table", arguments: ["ann", "a", "annabell"])
    func plan(words: String) async throws {
        try await TestPostgres.withDatabase { database in
            try await database.pool.execute(
                """
                insert into users (id, username, email, display_name, created_at)
                select gen_random_uuid(), substr(md5(n::text), 1, 12), n || '@example.org', md5((n + 1)::text), now()
                from generate_series(1, 20000) n
                """)
            try await database.pool.execute("vacuum analyze users")
            var reader = QueryReader(nil, seal: Seal(SigningKeys(), purpose: "cursor"))
            let page = PageRequest(reading: &reader, list: PeopleSearch.Order.name, keys: PeopleSearch.Order.keys)
            let sql = try PeopleSearch.statement(words, for: .make(), page)
            let plan = try await database.pool.query("explain \(sql)", as: String.self).joined(separator: "\n")
            #expect(plan.contains("users_by_words"), "\(plan)")
            #expect(!plan.contains("Seq Scan on users"), "\(plan)")
        }
    }
}
