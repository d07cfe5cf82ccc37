import Foundation
import HTTPTypes
import Protocol
import Store
import Synchronization
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
        "GET /v1/auth/identities": GrowingList(add: { world, _ in _ = try await world.identity() }),
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
        "while several writers add rows, a reader meets each row that was there once, in order, and none twice",
        arguments: GrowingList.all.keys.sorted())
    func stable(name: String) async throws {
        let list = try #require(GrowingList.all[name])
        try await RESTServer.withRoutes { server, _ in
            let world = try await server.world()
            let reading = ListReading(
                list: list, world: world, method: String(name.prefix { $0 != " " }),
                path: try await list.path?(world) ?? String(name.drop { $0 != "/" }))
            let writing = RowWriting(list: list, world: world)
            for _ in 0..<5 { _ = try await writing.addOne() }
            let old = try await reading.page(after: nil, limit: 100)
            #expect(old.rows.count >= 5 && old.next == nil)
            let seen = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<RowWriting.writers {
                    group.addTask {
                        try await writing.addUntilDone()
                        return []
                    }
                }
                group.addTask {
                    defer { writing.stop() }
                    return try await reading.all(beforeEach: writing.anotherRow)
                }
                var seen: [String] = []
                for try await rows in group { seen += rows }
                return seen
            }
            #expect(Set(seen).count == seen.count, "a row came twice")
            let known = Set(old.rows)
            #expect(seen.filter(known.contains) == old.rows, "rows that were there were missed or changed places")
            // Every page but the first waited for another row.
            #expect(writing.added >= 7, "nothing was added while the list was read")
        }
    }
}

/// One list as its owner reads it.
private struct ListReading: Sendable {
    let list: GrowingList
    let world: SampleWorld
    let method: String
    let path: String

    /// Every page to the last one, two rows each.
    func all(beforeEach prepare: @Sendable () async -> Void) async throws -> [String] {
        var seen: [String] = []
        var cursor: String?
        for _ in 0..<60 {
            await prepare()
            let (rows, next) = try await page(after: cursor, limit: 2)
            seen += rows
            #expect(next == nil || rows.count == 2)
            cursor = next
            if next == nil { return seen }
        }
        Issue.record("the list does not end")
        return seen
    }

    func page(after cursor: String?, limit: Int) async throws -> (rows: [String], next: String?) {
        let query = "limit=\(limit)" + (cursor.map { "&cursor=\($0)" } ?? "")
        let target = path + (path.contains("?") ? "&" : "?") + query
        let answer =
            if let body = list.body {
                try await world.owner.client.send(method, target, text: body)
            } else {
                try await world.owner.client.get(target)
            }
        #expect(answer.status == 200, "\(answer.text)")
        let json = try answer.json
        let rows = (json["items"]?.array ?? []).map(identity)
        #expect(rows.count <= limit)
        return (rows, json["nextCursor"]?.string)
    }

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
}

/// Writers that add rows at the same time until the reader has come to the end of the list.
private final class RowWriting: Sendable {
    static let writers = 2
    /// So many rows at most, so that a reader who meets the new ones comes to an end.
    private static let most = 26

    private struct State {
        var begun = 0
        var added = 0
        var isOver = false
    }

    private let list: GrowingList
    private let world: SampleWorld
    private let state = Mutex(State())
    private let rows: AsyncStream<Void>
    private let tell: AsyncStream<Void>.Continuation

    init(list: GrowingList, world: SampleWorld) {
        self.list = list
        self.world = world
        (rows, tell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Rows that are committed.
    var added: Int { state.withLock(\.added) }

    /// False when there are enough or nobody reads any more.
    func addOne() async throws -> Bool {
        let number: Int? = state.withLock { state in
            guard !state.isOver, state.begun < Self.most else { return nil }
            state.begun += 1
            return state.begun - 1
        }
        guard let number else { return false }
        // Rows differ in time, as they do in life; equal times are told apart by ids.
        if number % 2 == 0 { world.server.clock.advance(by: .milliseconds(7)) }
        try await list.add(world, number)
        state.withLock { $0.added += 1 }
        tell.yield()
        return true
    }

    func addUntilDone() async throws {
        // A reader who waits for another row is not left waiting, also when one could not be added.
        defer { if state.withLock({ $0.isOver || $0.begun >= Self.most }) { tell.finish() } }
        while try await addOne() {}
    }

    /// Waits until a row was added since the last call, or no further one comes.
    func anotherRow() async {
        for await _ in rows { return }
    }

    func stop() { state.withLock { $0.isOver = true } }
}

extension GrowingListTests {
    @Test("every list shows only the members that are asked for, and refuses names that its rows do not have")
    func fields() async throws {
        try await RESTServer.withRoutes { server, _ in
            let world = try await server.world()
            for (name, list) in GrowingList.all where name.hasPrefix("GET ") {
                let path = try await list.path?(world) ?? String(name.dropFirst(4))
                try await list.add(world, 0)
                let whole = try await world.owner.client.get(path)
                let member = try #require(try Self.members(whole).first?.min(), "\(name)")
                let question = path + (path.contains("?") ? "&" : "?") + "fields="
                let cut = try await world.owner.client.get(question + member)
                #expect(try Set(Self.members(cut)) == [[member]], "\(name)")
                #expect(try cut.json["nextCursor"] == whole.json["nextCursor"], "\(name)")
                let unknown = try await world.owner.client.get(question + "nonsense")
                #expect(unknown.status == 422 && unknown.faults == ["?fields notAllowed"], "\(name)")
            }
        }
    }

    /// The names of each row's members.
    private static func members(_ answer: RESTAnswer) throws -> [Set<String>] {
        let page = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
        return (page?["items"] as? [[String: Any]] ?? []).map { Set($0.keys) }
    }
}

extension Route {
    var takesCursor: Bool { query.contains { $0.name == "cursor" } }
}
