import HTTPTypes
import Protocol
import Store
import TestKit
import Testing

@testable import API

/// How rows are added to a list that is read page by page.
struct GrowingList: Sendable {
    /// Adds one row that the owner's list shows.
    let add: @Sendable (SampleWorld, Int) async throws -> Void
    /// Made once before: the list's path, with filters that keep it short; nil for the declared path.
    var path: (@Sendable (SampleWorld) async throws -> String)?
    var body: String?

    /// By method and declared path; every route that takes a cursor needs an entry.
    static let all: [String: GrowingList] = [
        "GET /v1/auth/sessions": GrowingList(add: login),
        "GET /v1/auth/events": GrowingList(add: login),
        "GET /v1/users/search": GrowingList(
            add: { world, _ in _ = try await world.person() }, path: { _ in "/v1/users/search?q=p_" }),
        "GET /v1/users/friends": GrowingList(add: { world, _ in
            let person = try await world.person()
            try await Relations(pool: world.server.pool).makeFriends(
                [(world.owner.id, person.id)], at: world.server.clock.now)
        }),
        "GET /v1/users/friends/requests": GrowingList(add: { world, _ in _ = try await world.request() }),
        "GET /v1/users/blocked": GrowingList(add: { world, _ in
            _ = try await world.owner.client.send("POST", "/v1/users/\(try await world.person().id)/block")
        }),
        "GET /v1/exercises": GrowingList(add: exercise, path: { _ in "/v1/exercises?mine=true" }),
        "GET /v1/exercises/muscle/:muscle": GrowingList(add: exercise, path: { _ in "/v1/exercises/muscle/neck" }),
        "GET /v1/exercises/equipment/:equipment": GrowingList(
            add: exercise, path: { _ in "/v1/exercises/equipment/sandbag" }),
        "POST /v1/exercises/search": GrowingList(add: exercise, body: #"{"query": "sandbag"}"#),
        "GET /v1/templates": GrowingList(add: template),
        "GET /v1/templates/public": GrowingList(add: template),
        "GET /v1/templates/my": GrowingList(add: template),
        "GET /v1/templates/featured": GrowingList(add: { world, number in
            let path = try await world.template("public")
            let admin = try await world.server.admin("a_\(number)_\(UUIDv7.make().description.suffix(6))")
            _ = try await admin.client.send("PUT", path, text: #"{"isFeatured": true}"#)
        }),
        "GET /v1/templates/:id/versions": GrowingList(
            add: { world, number in
                let mine: Page<TemplateItem> = try await world.owner.client.get("/v1/templates/my").decoded()
                let id = try #require(mine.items.first?.id)
                let change = #"{"name": "Version \#(number)", "lengthWeeks": \#(number % 50 + 2)}"#
                _ = try await world.owner.client.send("PUT", "/v1/templates/\(id)", text: change)
            }, path: { try await $0.template() + "/versions" }),
        "GET /v1/workouts": GrowingList(add: { world, _ in _ = try await world.workout() }),
        "GET /v1/progress/strength": GrowingList(add: training),
        "GET /v1/progress/records": GrowingList(add: training),
        "GET /v1/progress/body": GrowingList(add: { world, _ in _ = try await world.measurement() }),
        "GET /v1/goals": GrowingList(add: { world, _ in _ = try await world.goal() }),
    ]

    private static let login: @Sendable (SampleWorld, Int) async throws -> Void = { world, _ in
        let login = LoginRequest(login: world.owner.account.username, password: RESTServer.password)
        let answer = try await world.server.client.post("/v1/auth/login", login)
        #expect(answer.status == 200)
    }

    private static let exercise: @Sendable (SampleWorld, Int) async throws -> Void = { world, number in
        let body = Samples.exercise.replacing("Sandbag carry", with: "Sandbag carry \(number)")
        _ = try await world.made("/v1/exercises", body)
    }

    private static let template: @Sendable (SampleWorld, Int) async throws -> Void = { world, _ in
        _ = try await world.template("public")
    }

    /// Trains an exercise of the library that was not trained before.
    private static let training: @Sendable (SampleWorld, Int) async throws -> Void = { world, number in
        let page: Page<Exercise> = try await world.owner.client.get("/v1/exercises?limit=60&category=strength")
            .decoded()
        try await world.owner.log(try #require(page.items.dropFirst(number).first?.id))
    }
}

@Suite("Lists that grow while they are read")
struct GrowingListTests {
    /// What tells a row from all others of its list.
    private func identity(_ item: JSONValue) -> String {
        for place in [item, item["user"], item["exercise"]] {
            for name in ["id", "exerciseId", "version"] {
                guard let value = place?[name] else { continue }
                return value.string ?? "\(value)"
            }
        }
        return "\(item)"
    }

    @Test("every list with a cursor is among them")
    func complete() async throws {
        try await RESTServer.withRoutes { _, routes in
            let lists = Set(routes.filter { $0.takesCursor }.map(\.name))
            let missing = lists.subtracting(GrowingList.all.keys).sorted()
            let lines = missing.map { "    \"\($0)\": GrowingList(add: { world, number in … })," }
            #expect(
                missing.isEmpty,
                """
                Add to GrowingList.all (Tests/APITests/Conventions/GrowingListTests.swift) how a row is added that the \
                owner's list shows:
                \(lines.joined(separator: "\n"))
                """)
            let gone = Set(GrowingList.all.keys).subtracting(lists)
            #expect(gone.isEmpty, "these are no lists: \(gone)")
        }
    }

    @Test(
        "no row comes twice and none of those that were there is missed while rows are added between the pages",
        arguments: GrowingList.all.keys.sorted())
    func stable(name: String) async throws {
        let list = try #require(GrowingList.all[name])
        try await RESTServer.withRoutes { server, _ in
            let world = try await server.world()
            let parts = name.split(separator: " ").map(String.init)
            let path = try await list.path?(world) ?? parts[1]
            var number = 0
            func add() async throws {
                // Rows differ in time, as they do in life; equal times are told apart by ids.
                if number % 2 == 0 { server.clock.advance(by: .milliseconds(7)) }
                try await list.add(world, number)
                number += 1
            }
            func page(_ cursor: String?, limit: Int) async throws -> (rows: [String], next: String?) {
                let query = "limit=\(limit)" + (cursor.map { "&cursor=\($0)" } ?? "")
                let target = path + (path.contains("?") ? "&" : "?") + query
                let answer =
                    if let body = list.body {
                        try await world.owner.client.send(parts[0], target, text: body)
                    } else {
                        try await world.owner.client.get(target)
                    }
                #expect(answer.status == 200, "\(answer.text)")
                let json = try answer.json
                let rows = (json["items"]?.array ?? []).map(identity)
                #expect(rows.count <= limit)
                return (rows, json["nextCursor"]?.string)
            }
            for _ in 0..<5 { try await add() }
            let old = try await page(nil, limit: 100)
            #expect(old.rows.count >= 5 && old.next == nil)
            var seen: [String] = []
            var cursor: String?
            var pages = 0
            repeat {
                let (rows, next) = try await page(cursor, limit: 2)
                seen += rows
                #expect(next == nil || rows.count == 2)
                cursor = next
                pages += 1
                if pages < 12 { try await add() }
            } while cursor != nil && pages < 60
            #expect(cursor == nil)
            #expect(Set(seen).count == seen.count, "a row came twice")
            let missed = Set(old.rows).subtracting(seen)
            #expect(missed.isEmpty, "\(missed.count) rows that were there were missed")
        }
    }
}

extension Route {
    var takesCursor: Bool { query.contains { $0.name == "cursor" } }
}
