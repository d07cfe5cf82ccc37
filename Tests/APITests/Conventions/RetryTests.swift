import HTTPTypes
import Protocol
import Store
import TestKit
import Testing

@testable import API

/// Calls whose process was killed after they had changed something and before their answer was kept.
@Suite("Retries under a key whose answer was lost")
struct RetryTests {
    private func call(
        _ client: RESTClient, _ route: Route, _ path: String, _ body: String?, _ headers: [(String, String)]
    ) async throws -> RESTAnswer {
        guard let body else { return try await client.send(route.method.rawValue, path, headers: headers) }
        return try await client.send(route.method.rawValue, path, text: body, headers: headers)
    }

    private func isSame(_ one: RESTAnswer, _ other: RESTAnswer) -> Bool {
        one.status == other.status && one.body == other.body
            && ["location", "etag"].allSatisfy { one[header: $0] == other[header: $0] }
    }

    @Test("every keyed call that is repeated is answered as the first, and changes nothing")
    func everyRoute() async throws {
        try await RESTServer.withRoutes { server, routes in
            let world = try await server.world()
            for route in routes where route.isKeyed {
                guard var sample = RouteSamples.all[route.name] else { continue }
                if route.path == "/v1/users/friends/request" {
                    sample.body = #"{"userId": "\#(try await world.person().id)"}"#
                }
                let key = [("Idempotency-Key", "\(UUIDv7.make())")]
                let path = try await sample.path(world)
                let first = try await call(world.owner.client, route, path, sample.body, key)
                #expect((200..<300).contains(first.status), "\(route.name): \(first.status) \(first.text)")
                let before = try await server.everything()
                try await server.loseAnswers()
                server.clock.advance(by: .seconds(2))
                let again = try await call(world.owner.client, route, path, sample.body, key)
                #expect(isSame(again, first), "\(route.name): \(again.status) \(again.text) after \(first.text)")
                let after = try await server.everything()
                let changed = after.filter { before[$0.key] != $0.value }.keys.sorted()
                #expect(changed.isEmpty, "\(route.name) changed \(changed)")
            }
            // Of the routes that take bytes, which have no samples.
            let picture = AvatarFiles.form(AvatarFiles.quarters())
            let first = try await world.owner.upload(picture, key: "picture")
            try await server.loseAnswers()
            #expect(isSame(try await world.owner.upload(picture, key: "picture"), first))
        }
    }

    @Test("a PUT under the tag that its own first try has changed is answered as the first")
    func underTag() async throws {
        try await RESTServer.withRoutes { server, routes in
            let world = try await server.world()
            for route in routes where route.isKeyed && route.checksMatch {
                guard let sample = RouteSamples.all[route.name] else { continue }
                let path = try await sample.path(world)
                // Parts of a workout are under the workout's tag.
                let workout = path.split(separator: "/").prefix(3).joined(separator: "/")
                let tag = try #require(try await world.owner.client.get("/\(workout)")[header: "etag"])
                let headers = [("Idempotency-Key", "\(UUIDv7.make())"), ("If-Match", tag)]
                let first = try await call(world.owner.client, route, path, sample.body, headers)
                #expect(first.status == 200, "\(route.name): \(first.text)")
                try await server.loseAnswers()
                let again = try await call(world.owner.client, route, path, sample.body, headers)
                #expect(isSame(again, first), "\(route.name): \(again.status) \(again.text)")
                let other = [("Idempotency-Key", "\(UUIDv7.make())"), ("If-Match", tag)]
                #expect(try await call(world.owner.client, route, path, sample.body, other).status == 412)
            }
        }
    }

    @Test("a goal that was set is answered, though its target has been reached since")
    func goalReachedSince() async throws {
        try await RESTServer.withRoutes { server, _ in
            let world = try await server.world()
            _ = try await world.measurement()
            let key = [("Idempotency-Key", "k1")]
            let first = try await world.owner.client.send("POST", "/v1/goals", text: Samples.goal, headers: key)
            #expect(first.status == 201)
            try await server.loseAnswers()
            server.clock.advance(by: .seconds(2))
            _ = try await world.made("/v1/progress/body", #"{"weightKg": 75}"#)
            let again = try await world.owner.client.send("POST", "/v1/goals", text: Samples.goal, headers: key)
            #expect(again.status == 201)
            #expect(again.string("id") == first.string("id"))
            #expect(try await server.count("goals") == 1)
        }
    }

    @Test("a copy that was made is answered, though its original is gone since")
    func originalGone() async throws {
        try await RESTServer.withRoutes { server, _ in
            let world = try await server.world()
            let path = try await world.template()
            let key = [("Idempotency-Key", "k1")]
            let first = try await world.owner.client.send("POST", "\(path)/duplicate", headers: key)
            try await server.loseAnswers()
            #expect(try await world.owner.client.delete(path).status == 204)
            let again = try await world.owner.client.send("POST", "\(path)/duplicate", headers: key)
            #expect(again.status == 201 && again.string("id") == first.string("id"))
        }
    }

    @Test(
        "a workout that was made is answered, though its template is gone or hidden since", arguments: [true, false],
        [true, false])
    func templateGone(isDeleted: Bool, isWhole: Bool) async throws {
        try await RESTServer.withRoutes { server, _ in
            let world = try await server.world()
            let path = try await world.template("public")
            let friend = try await server.user("friend")
            let id = path.split(separator: "/").last ?? ""
            let body = #"{"templateId": "\#(id)", "day": 1, "name": "Legs"}"#
            let key = [("Idempotency-Key", "k1")]
            // As after a kill before the exercises were added.
            if !isWhole { try await server.refuse("insert", on: "workout_plans") }
            let first = try await friend.client.send("POST", "/v1/workouts", text: body, headers: key)
            #expect(isWhole ? first.status == 201 : first.status >= 500, "\(first.text)")
            if !isWhole { try await server.refuseNoMore("workout_plans") }
            try await server.loseAnswers()
            let gone =
                isDeleted
                ? try await world.owner.client.delete(path)
                : try await world.owner.client.send("PUT", path, text: #"{"visibility": "private"}"#)
            #expect(gone.status < 300)
            let again = try await friend.client.send("POST", "/v1/workouts", text: body, headers: key)
            #expect(again.status == 201, "\(again.text)")
            let workout: Workout = try again.decoded()
            #expect(workout.name == "Legs" && workout.exercises.isEmpty == !isWhole)
            #expect(try await server.count("workouts") == 1)
            let new = [("Idempotency-Key", "k2")]
            #expect(try await friend.client.send("POST", "/v1/workouts", text: body, headers: new).status == 422)
        }
    }

    @Test(
        "what was deleted since is not made again",
        arguments: ["/v1/exercises", "/v1/templates", "/v1/goals", "/v1/progress/body", "/v1/workouts"])
    func deletedSince(path: String) async throws {
        try await RESTServer.withRoutes { server, _ in
            let world = try await server.world()
            let body = try #require(RouteSamples.all["POST \(path)"]?.body)
            let key = [("Idempotency-Key", "k1")]
            let first = try await world.owner.client.send("POST", path, text: body, headers: key)
            #expect(first.status == 201)
            try await server.loseAnswers()
            #expect(try await world.owner.client.delete("\(path)/\(try #require(first.string("id")))").status == 204)
            let again = try await world.owner.client.send("POST", path, text: body, headers: key)
            #expect(again.status == 404, "\(again.text)")
        }
    }

    @Test("what another call did is no first try: to end what is over and to remove what is gone is refused")
    func notOurs() async throws {
        try await RESTServer.withRoutes { server, _ in
            let world = try await server.world()
            let goal = try await world.goal()
            let set = try await world.set()
            // The first tries fail before they change anything.
            try await server.refuse("update", on: "goals")
            let key = [("Idempotency-Key", "k1")]
            let first = try await world.owner.client.send("POST", "\(goal)/complete", headers: key)
            #expect(first.status >= 500)
            try await server.refuseNoMore("goals")
            server.clock.advance(by: .seconds(2))
            #expect(try await world.owner.client.send("POST", "\(goal)/complete").status == 200)
            #expect(try await world.owner.client.send("POST", "\(goal)/complete", headers: key).code == "wrongState")
            #expect(try await world.owner.client.delete(set).status == 204)
            #expect(try await world.owner.client.send("DELETE", set, headers: key).status == 404)
        }
    }
}

extension RESTServer {
    /// As after a kill between what calls did and their kept answers.
    func loseAnswers() async throws {
        try await pool.execute(
            "update idempotency_keys set status = null, body = null, location = null, entity_tag = null")
    }

    /// Has Postgres refuse one kind of write to a table where the condition holds, as long as nobody lifts it.
    func refuse(_ write: StaticString, on table: StaticString, when condition: SQL = "true") async throws {
        try await pool.execute(
            """
            create or replace function refuse() returns trigger language plpgsql as $$ begin
                if \(condition) then raise exception 'not now'; end if;
                return new;
            end $$
            """)
        try await pool.execute(
            """
            create trigger refuse before \(raw: write) on \(raw: table) for each row execute function refuse()
            """)
    }

    func refuseNoMore(_ table: StaticString) async throws {
        try await pool.execute("drop trigger refuse on \(raw: table)")
    }

    /// A hash of the rows of each table but the keys' own.
    fileprivate func everything() async throws -> [String: String] {
        let rows = try await pool.query(
            """
            select tablename::text, md5(query_to_xml(
                format('select t::text as row from %I t order by 1', tablename), true, false, '')::text)
            from pg_tables where schemaname = 'public' and tablename <> 'idempotency_keys'
            """, as: (String, String).self)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.0, $0.1) })
    }
}
