import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Templates")
struct TemplateTests {
    static let squat = ExerciseSeed.id(of: "Barbell_Squat")
    static let bench = ExerciseSeed.id(of: "Barbell_Bench_Press_-_Medium_Grip")

    static func body(name: String = "Two lifts", visibility: String = "public") -> String {
        """
        {"name": "\(name)", "category": "strength", "level": "beginner", "lengthWeeks": 4,
         "visibility": "\(visibility)", "description": "Squat and press.", "weeks": [{"days": [
            {"name": "Squat day", "exercises": [
                {"exerciseId": "\(squat)", "restSeconds": 180, "progression": {"kind": "linear", "incrementKg": 5},
                 "sets": [{"type": "warmup", "reps": 5}, {"reps": 5}, {"reps": 5}]}]},
            {"name": "Press day", "exercises": [
                {"exerciseId": "\(bench)", "supersetGroup": 1, "note": "Pause.",
                 "sets": [{"reps": 3, "percentOfOneRepMax": 80}, {"reps": 5, "rpe": 8}]}]}]}]}
        """
    }

    private func make(_ user: TestUser, _ body: String = TemplateTests.body()) async throws -> Template {
        try await user.client.send("POST", "/v1/templates", text: body).decoded()
    }

    @Test("versions have a bound, in number and in bytes; deleting a template gives its versions' place free")
    func versionQuota() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            func bytes() async throws -> Int? {
                try await server.pool.first("select template_bytes from users where id = \(ada.id)", as: Int.self)
            }
            let template = try await make(ada)
            let path = "/v1/templates/\(template.id)"
            let one = try #require(try await bytes())
            #expect(one > 0)
            #expect(try await ada.client.send("PUT", path, text: #"{"name": "Second"}"#).status == 200)
            #expect(try await bytes() == 2 * one)
            try await server.pool.execute(
                "update templates set version = \(Templates.versionLimit) where id = \(template.id)")
            let many = try await ada.client.send("PUT", path, text: #"{"name": "One more"}"#)
            #expect(many.status == 409 && many.code == "limitReached")
            let copy = try await ada.client.send("POST", "\(path)/duplicate")
            #expect(copy.status == 201)
            let next = "/v1/templates/\(try copy.decoded(as: Template.self).id)"
            try await server.pool.execute(
                "update users set template_bytes = \(Templates.ownBytes) where id = \(ada.id)")
            let large = try await ada.client.send("PUT", next, text: #"{"name": "One more"}"#)
            #expect(large.status == 409 && large.code == "limitReached")
            #expect(try await ada.client.send("POST", "/v1/templates", text: Self.body()).status == 409)
            #expect(try await bytes() == Templates.ownBytes)
            #expect(try await ada.client.delete(path).status == 204)
            #expect(try await bytes() == Templates.ownBytes - 2 * one)
            #expect(try await ada.client.send("PUT", next, text: #"{"name": "One more"}"#).status == 200)
            #expect(try await ada.client.delete(next).status == 204)
            #expect(try await bytes() == Templates.ownBytes - 3 * one)
            let left: SQL =
                "select (select count(*) from template_versions), (select count(*) from templates where weeks <> '[]')"
            let kept = try #require(try await server.pool.first(left, as: (Int, Int).self))
            #expect(kept == (0, 0))
        }
    }

    @Test("a template is made with its exercises' names and equipment, changed in versions and deleted")
    func whole() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            let key = [("Idempotency-Key", "one")]
            let made = try await ada.client.send("POST", "/v1/templates", text: Self.body(), headers: key)
            #expect(made.status == 201)
            let template: Template = try made.decoded()
            let path = "/v1/templates/\(template.id)"
            #expect(made[header: "location"] == path)
            #expect(template.weeks.first?.days.first?.exercises.first?.name == "Barbell Squat")
            #expect(template.equipment == ["barbell"])
            #expect(template.daysPerWeek == 2)
            #expect(template.version == 1)
            #expect(template.creator?.username == "ada")
            let again = try await ada.client.send("POST", "/v1/templates", text: Self.body(), headers: key)
            #expect(again.body == made.body)
            let tag = try #require(try await ada.client.get(path)[header: "etag"])
            let match = [("If-Match", tag)]
            let changed = try await ada.client.send("PUT", path, text: #"{"name": "Three lifts"}"#, headers: match)
            #expect(try changed.decoded(as: Template.self).version == 2)
            let stale = try await ada.client.send("PUT", path, text: #"{"name": "Four"}"#, headers: match)
            #expect(stale.status == 412)
            let versions: Page<TemplateVersion> = try await ada.client.get("\(path)/versions").decoded()
            #expect(versions.items.map(\.name) == ["Three lifts", "Two lifts"])
            let old: Template = try await ada.client.get("\(path)?version=1").decoded()
            #expect(old.name == "Two lifts")
            #expect(try await ada.client.get("\(path)?version=9").status == 404)
            #expect(try await ada.client.delete(path).status == 204)
            #expect(try await ada.client.get(path).status == 404)
            let mine: Page<TemplateItem> = try await ada.client.get("/v1/templates/my").decoded()
            #expect(mine.items.isEmpty)
        }
    }

    @Test("every fault of a program is told where it stands")
    func faults() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            func pointers(_ body: String) async throws -> Set<String> {
                let answer = try await ada.client.send("POST", "/v1/templates", text: body)
                #expect(answer.status == 422)
                return Set(try answer.problem.errors.map(\.pointer))
            }
            let broken = """
                {"name": "", "category": "yoga", "level": "beginner", "weeks": [{"days": [{"name": "A", "exercises": [
                    {"exerciseId": "\(Self.squat)", "progression": {"kind": "luck"},
                     "sets": [{"reps": 5, "repsMax": 3}, {"type": "normal"}, {"reps": 5, "rpe": 8, "rir": 2}]}]}]}]}
                """
            let sets = "/weeks/0/days/0/exercises/0"
            #expect(
                try await pointers(broken).isSuperset(of: [
                    "/name", "/category", "\(sets)/progression/kind", "\(sets)/sets/0/repsMax", "\(sets)/sets/1/reps",
                    "\(sets)/sets/2/weightKg",
                ]))
            let unknown = Self.body().replacing("\(Self.squat)", with: "\(ExerciseID.make())")
            #expect(try await pointers(unknown) == ["\(sets)/exerciseId"])
            let short = Self.body().replacing("\"lengthWeeks\": 4", with: "\"lengthWeeks\": 105")
            #expect(try await pointers(short) == ["/lengthWeeks"])
        }
    }

    @Test("who may see a template follows its visibility, friendship and blocks")
    func visibility() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let (ada, bob, eve) = (
                try await server.user("ada"), try await server.user("bob"), try await server.user("eve")
            )
            try await Relations(pool: server.pool).makeFriends([(ada.id, bob.id)], at: .now)
            for (visibility, friend, stranger) in [("private", 404, 404), ("friends", 200, 404), ("public", 200, 200)] {
                let path = "/v1/templates/\(try await make(ada, Self.body(visibility: visibility)).id)"
                #expect(try await bob.client.get(path).status == friend)
                #expect(try await eve.client.get(path).status == stranger)
                let refused = friend == 200 ? 403 : 404
                #expect(try await bob.client.send("PUT", path, text: #"{"name": "Mine"}"#).status == refused)
                #expect(try await bob.client.delete(path).status == refused)
                #expect(try await bob.client.get("\(path)/versions").status == refused)
            }
            let all: Page<TemplateItem> = try await bob.client.get("/v1/templates").decoded()
            #expect(all.items.count == 2)
            let open: Page<TemplateItem> = try await eve.client.get("/v1/templates/public").decoded()
            #expect(open.items.count == 1)
            #expect(try await ada.client.send("POST", "/v1/users/\(eve.id)/block").status < 300)
            let blocked: Page<TemplateItem> = try await eve.client.get("/v1/templates/public").decoded()
            #expect(blocked.items.isEmpty)
            let path = "/v1/templates/\(try #require(open.items.first).id)"
            #expect(try await eve.client.get(path).status == 404)
            #expect(try await eve.client.send("POST", "\(path)/favorite").status == 404)
            #expect(try await eve.client.send("POST", "\(path)/duplicate").status == 404)
        }
    }

    @Test("lists are filtered, ordered and paged without repeats while templates are added")
    func lists() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            for number in 1...5 {
                server.clock.advance(by: .seconds(1))
                _ = try await make(ada, Self.body(name: "Plan \(number)"))
            }
            var names: [String] = []
            var cursor: String?
            repeat {
                let path = "/v1/templates/public?limit=2" + (cursor.map { "&cursor=\($0)" } ?? "")
                let page: Page<TemplateItem> = try await ada.client.get(path).decoded()
                names += page.items.map(\.name)
                cursor = page.nextCursor
                server.clock.advance(by: .seconds(1))
                _ = try await make(ada, Self.body(name: "Late \(names.count)"))
            } while cursor != nil
            #expect(names == ["Plan 5", "Plan 4", "Plan 3", "Plan 2", "Plan 1"])
            func count(_ query: String) async throws -> Int {
                try await ada.client.get("/v1/templates/my?limit=100&\(query)").decoded(as: Page<TemplateItem>.self)
                    .items.count
            }
            #expect(try await count("q=plan") == 5)
            #expect(try await count("q=squatting") == 8)
            #expect(try await count("category=mobility") == 0)
            #expect(try await count("level=beginner&minWeeks=4&maxWeeks=4&daysPerWeek=2") == 8)
            #expect(try await count("equipment=dumbbell") == 0)
            #expect(try await count("equipment=dumbbell,barbell&sort=use") == 8)
            #expect(try await ada.client.get("/v1/templates?minWeeks=5&maxWeeks=4").status == 422)
            #expect(try await ada.client.get("/v1/templates?sort=name").status == 422)
            #expect(try await server.client.get("/v1/templates").status == 401)
        }
    }

    @Test("the list of all holds one's own, what is public and what friends show to friends, in every order")
    func everything() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let (ada, bob, eve) = (
                try await server.user("ada"), try await server.user("bob"), try await server.user("eve")
            )
            try await Relations(pool: server.pool).makeFriends([(ada.id, bob.id)], at: .now)
            var ids: [String: TemplateID] = [:]
            for (user, name) in [(ada, "ada"), (bob, "bob"), (eve, "eve")] {
                for visibility in ["private", "friends", "public"] {
                    server.clock.advance(by: .seconds(1))
                    ids["\(name) \(visibility)"] = try await make(user, Self.body(visibility: visibility)).id
                }
            }
            let seen = ["ada private", "ada friends", "ada public", "bob friends", "bob public", "eve public"]
            let expected = seen.compactMap { ids[$0] }.sorted(by: >)
            for order in ["date", "rating", "use"] {
                var found: [TemplateID] = []
                var cursor: String?
                repeat {
                    let path = "/v1/templates?limit=2&sort=\(order)" + (cursor.map { "&cursor=\($0)" } ?? "")
                    let page: Page<TemplateItem> = try await ada.client.get(path).decoded()
                    found += page.items.map(\.id)
                    cursor = page.nextCursor
                } while cursor != nil
                #expect(found == expected, "\(order)")
            }
            #expect(try await ada.client.send("POST", "/v1/users/\(bob.id)/block").status < 300)
            let left: Page<TemplateItem> = try await ada.client.get("/v1/templates?level=beginner&q=squat").decoded()
            #expect(left.items.map(\.id) == expected.filter { $0 != ids["bob friends"] && $0 != ids["bob public"] })
        }
    }

    @Test("every change by who made it is a version; older ones are shown to nobody else")
    func versions() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let (ada, eve) = (try await server.user("ada"), try await server.user("eve"))
            let path = "/v1/templates/\(try await make(ada).id)"
            func version(_ change: String) async throws -> Int {
                try await ada.client.send("PUT", path, text: change).decoded(as: Template.self).version
            }
            #expect(try await version(#"{"visibility": "friends"}"#) == 2)
            #expect(try await version(#"{"description": null, "visibility": "public"}"#) == 3)
            #expect(try await version("{}") == 3)
            let versions: Page<TemplateVersion> = try await ada.client.get("\(path)/versions").decoded()
            #expect(versions.items.map(\.version) == [3, 2, 1])
            #expect(try await ada.client.get("\(path)?version=1").decoded(as: Template.self).description != nil)
            #expect(try await eve.client.get("\(path)?version=3").status == 200)
            #expect(try await eve.client.get("\(path)?version=1").status == 403)
            for bad in ["0", "x", "1000001"] {
                #expect(try await ada.client.get("\(path)?version=\(bad)").status == 422, "\(bad)")
            }
            for bad in [
                #"{"lengthWeeks": 0}"#, #"{"weeks": []}"#, #"{"name": null}"#, #"{"level": "hard"}"#,
                #"{"weeks": [{"days": []}]}"#,
            ] { #expect(try await ada.client.send("PUT", path, text: bad).status == 422, "\(bad)") }
            #expect(try await version("{}") == 3)
        }
    }

    @Test("of changes that are made at once under one tag, one is taken")
    func race() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            let path = "/v1/templates/\(try await make(ada).id)"
            let match = [("If-Match", try await ada.client.get(path)[header: "etag"] ?? "")]
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for visibility in ["private", "friends", "public", "private"] {
                    let body = #"{"visibility": "\#(visibility)"}"#
                    group.addTask { try await ada.client.send("PUT", path, text: body, headers: match).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [200, 412, 412, 412])
            let untagged = try await withThrowingTaskGroup(of: Int.self) { group in
                for name in ["One", "Two", "Three", "Four"] {
                    group.addTask { try await ada.client.send("PUT", path, text: #"{"name": "\#(name)"}"#).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(untagged == [200, 200, 200, 200])
            #expect(try await ada.client.get(path).decoded(as: Template.self).version == 6)
        }
    }

    @Test("the five hundred and first template of one's own is refused, also as a copy")
    func limit() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let ada = try await server.user("ada")
            let first = try await make(ada)
            try await server.pool.execute(
                """
                insert into templates (id, owner, name, category, level, length_weeks, days_per_week, equipment,
                    visibility, weeks, created_at, changed_at)
                select ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, owner, name, category, level,
                    length_weeks, days_per_week, equipment, visibility, weeks, created_at, changed_at
                from templates, generate_series(1, 499) n where id = \(first.id)
                """)
            #expect(try await ada.client.send("POST", "/v1/templates", text: Self.body()).code == "limitReached")
            let path = "/v1/templates/\(first.id)"
            #expect(try await ada.client.send("POST", "\(path)/duplicate").code == "limitReached")
            #expect(try await ada.client.delete(path).status == 204)
            #expect(try await ada.client.send("POST", "/v1/templates", text: Self.body()).status == 201)
        }
    }

    @Test("favourites are kept for each user; a copy names its origin and creator and is private")
    func favoritesAndCopies() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let template = try await make(ada)
            let path = "/v1/templates/\(template.id)"
            for _ in 0..<2 { #expect(try await bob.client.send("POST", "\(path)/favorite").status == 204) }
            let favorites: Page<TemplateItem> = try await bob.client.get("/v1/templates?favorite=true").decoded()
            #expect(favorites.items.map(\.id) == [template.id])
            #expect(try await ada.client.get(path).decoded(as: Template.self).isFavorite == false)
            #expect(try await bob.client.delete("\(path)/favorite").status == 204)
            #expect(try await bob.client.get(path).decoded(as: Template.self).isFavorite == false)
            let copied = try await bob.client.send("POST", "\(path)/duplicate")
            #expect(copied.status == 201)
            let copy: Template = try copied.decoded()
            #expect(copy.origin?.templateId == template.id)
            #expect(copy.origin?.creatorName == "Ada")
            #expect(copy.visibility == .private)
            #expect(copy.weeks == template.weeks)
            #expect(copy.isOwn)
            for (method, name) in [("POST", nil), ("DELETE", "Ada")] {
                #expect(try await ada.client.send(method, "/v1/users/\(bob.id)/block").status == 204)
                let seen: Template = try await bob.client.get("/v1/templates/\(copy.id)").decoded()
                #expect(seen.origin?.creatorName == name)
            }
            _ = try await ada.client.delete(path)
            let kept: Template = try await bob.client.get("/v1/templates/\(copy.id)").decoded()
            #expect(kept.origin?.name == "Two lifts")
        }
    }

    @Test("administrators feature public templates and write the library's")
    func admins() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let (ada, root) = (try await server.user("ada"), try await server.admin("root"))
            let template = try await make(ada)
            let path = "/v1/templates/\(template.id)"
            let feature = #"{"isFeatured": true}"#
            #expect(try await ada.client.send("PUT", path, text: feature).status == 403)
            #expect(try await root.client.send("PUT", path, text: #"{"name": "Root's"}"#).status == 403)
            let featured: Template = try await root.client.send("PUT", path, text: feature).decoded()
            #expect(featured.isFeatured)
            #expect(featured.version == 1)
            let list: Page<TemplateItem> = try await ada.client.get("/v1/templates/featured").decoded()
            #expect(list.items.map(\.id) == [template.id])
            let hidden = try await make(ada, Self.body(visibility: "private"))
            #expect(try await root.client.send("PUT", "/v1/templates/\(hidden.id)", text: feature).status == 404)
            let forAll = String(Self.body().dropLast()) + #", "isLibrary": true}"#
            #expect(try await ada.client.send("POST", "/v1/templates", text: forAll).status == 403)
            let library = try await make(root, forAll)
            #expect(library.creator == nil)
            let libraryPath = "/v1/templates/\(library.id)"
            #expect(try await ada.client.send("PUT", libraryPath, text: #"{"name": "Mine"}"#).status == 403)
            #expect(try await root.client.send("PUT", libraryPath, text: #"{"name": "All"}"#).status == 200)
            #expect(try await root.client.send("PUT", libraryPath, text: #"{"visibility": "private"}"#).status == 422)
        }
    }

    @Test("the library ships at least ten programs, complete and in our own words, loaded once")
    func seed() async throws {
        try await RESTServer.run { server in
            try await ExerciseSeed.load(into: server.pool)
            let programs = try TemplateSeed.programs()
            #expect(programs.count >= 10)
            let areWhole = programs.allSatisfy { program in
                program.description.count > 80 && program.lengthWeeks >= program.weeks.count
                    && program.weeks.allSatisfy { week in
                        !week.days.isEmpty && week.days.allSatisfy { !$0.exercises.isEmpty }
                    }
            }
            #expect(areWhole)
            async let first = TemplateSeed.load(into: server.pool, at: .now)
            async let second = TemplateSeed.load(into: server.pool, at: .now)
            #expect(try await [first, second].reduce(0, +) == programs.count)
            let ada = try await server.user("ada")
            let list: Page<TemplateItem> = try await ada.client.get("/v1/templates/featured?limit=100").decoded()
            #expect(list.items.count == programs.count)
            let bodyOnly: Page<TemplateItem> = try await ada.client.get(
                "/v1/templates?category=bodyweight&limit=100"
            ).decoded()
            #expect(bodyOnly.items.map(\.name) == ["Body-weight basics"])
            let path = "/v1/templates/\(TemplateSeed.id(of: "four-lifts-by-percent"))"
            let waves: Template = try await ada.client.get(path).decoded()
            let top = waves.weeks[2].days[3].exercises.first?.sets.last
            #expect(top?.percentOfOneRepMax == 86)
            #expect(top?.type == .amrap)
        }
    }
}
