import HTTPTypes
import Protocol
import Store
import TestKit
import Testing

@testable import API

/// Every declared route on somebody's things, by the samples that say how each is called.
@Suite("Owners, strangers and versions of every route")
struct OwnershipTests {
    private func call(
        _ client: RESTClient, _ route: Route, _ path: String, _ body: String?, _ headers: [(String, String)] = []
    ) async throws -> RESTAnswer {
        guard let body else { return try await client.send(route.method.rawValue, path, headers: headers) }
        return try await client.send(route.method.rawValue, path, text: body, headers: headers)
    }

    @Test("every route with an id, a key or a tag has a sample")
    func complete() async throws {
        try await RESTServer.withRoutes { _, routes in
            let needed = routes.filter { $0.hasIds || $0.isKeyed || $0.isTaggedGet || $0.checksMatch }.map(\.name)
            let missing = Set(needed).subtracting(RouteSamples.all.keys).sorted()
            let lines = missing.map { name in
                "    \"\(name)\": RouteSample(path: { try await $0.…() }, body: …, otherBody: …),"
            }
            #expect(
                missing.isEmpty,
                """
                Add to RouteSamples.all (Tests/APITests/Conventions/RouteSamples.swift) how the thing is made as its owner \
                and a body that the route takes (otherBody too where it is keyed; isOwned: false where the id is a person):
                \(lines.joined(separator: "\n"))
                """)
            let gone = Set(RouteSamples.all.keys).subtracting(routes.map(\.name))
            #expect(gone.isEmpty, "these samples are of no route: \(gone)")
        }
    }

    @Test("the owner gets in; somebody else's thing, a random id and what is no id are 404 and nothing changes")
    func strangers() async throws {
        try await RESTServer.withRoutes { server, routes in
            let world = try await server.world()
            let stranger = try await server.user("stranger")
            for route in routes where route.hasIds {
                guard let sample = RouteSamples.all[route.name] else { continue }
                let path = try await sample.path(world)
                if sample.isOwned {
                    let refused = try await call(stranger.client, route, path, sample.body)
                    #expect(refused.status == 404, "\(route.name) to a stranger")
                }
                let answer = try await call(world.owner.client, route, path, sample.body)
                #expect(answer.status < 400 || answer.status == 403, "\(route.name) to its owner: \(answer.text)")
                let nothing = try await call(world.owner.client, route, route.somewhere, sample.body)
                #expect(nothing.status == sample.answerToNothing, "\(route.name) of nothing")
                for text in ["none", "%00", "1", UUIDv7.make().description + "0"] {
                    let malformed = route.path.replacing(#/:[A-Za-z]+/#, with: text)
                    let answer = try await call(world.owner.client, route, malformed, sample.body)
                    #expect(answer.status == 404, "\(route.name) of \(text)")
                }
            }
        }
    }

    @Test("a blocked user meets nothing, also of what everybody or friends may see, and the blocker nothing of theirs")
    func blocked() async throws {
        try await RESTServer.withRoutes { server, routes in
            let world = try await server.world()
            let friend = try await server.user("friend")
            try await Relations(pool: server.pool).makeFriends([(world.owner.id, friend.id)], at: server.clock.now)
            let shared = try await world.template("public")
            let workout = try await world.workout()
            #expect(try await friend.client.get(shared).status == 200)
            #expect(try await friend.client.get(workout).status == 200)
            let paths = try await routes.filter { $0.hasIds }.asyncMap { route in
                (route, try await RouteSamples.all[route.name]?.path(world))
            }
            #expect(try await friend.client.send("POST", "/v1/users/\(world.owner.id)/block").status == 204)
            for (one, other) in [(friend, world.owner), (world.owner, friend)] {
                #expect(try await one.client.get("/v1/users/\(other.id)").status == 404)
            }
            for (route, path) in paths {
                guard let path, let sample = RouteSamples.all[route.name] else { continue }
                if route.path.hasPrefix("/v1/templates/:id") {
                    let hidden = shared + path.dropFirst(shared.count)
                    #expect(
                        try await call(friend.client, route, hidden, sample.body).status == 404,
                        "\(route.name) of a public template")
                }
                guard sample.isOwned else { continue }
                let answer = try await call(friend.client, route, path, sample.body)
                #expect(answer.status == 404, "\(route.name) to a blocked user")
            }
            #expect(try await friend.client.get(workout).status == 404)
        }
    }

    @Test("a keyed call that is repeated gives the first answer again, and another body under its key is refused")
    func keys() async throws {
        try await RESTServer.withRoutes { server, routes in
            let world = try await server.world()
            for route in routes where route.isKeyed {
                guard var sample = RouteSamples.all[route.name] else { continue }
                if route.path == "/v1/users/friends/request" {
                    sample.body = #"{"userId": "\#(try await world.person().id)"}"#
                    sample.otherBody = #"{"userId": "\#(try await world.person().id)"}"#
                }
                let key = [("Idempotency-Key", "\(UUIDv7.make())")]
                let path = try await sample.path(world)
                let first = try await call(world.owner.client, route, path, sample.body, key)
                #expect((200..<300).contains(first.status), "\(route.name): \(first.status) \(first.text)")
                let again = try await call(world.owner.client, route, path, sample.body, key)
                #expect(again.status == first.status && again.body == first.body, "\(route.name)")
                #expect(again[header: "idempotency-replayed"] == "true", "\(route.name)")
                for name in ["location", "etag"] {
                    #expect(again[header: name] == first[header: name], "\(route.name)")
                }
                guard route.body != nil else { continue }
                let other = try #require(sample.otherBody, "\(route.name) needs otherBody in RouteSamples")
                let reused = try await call(world.owner.client, route, path, other, key)
                #expect(reused.status == 422 && reused.code == "idempotencyKeyReused", "\(route.name)")
            }
        }
    }

    @Test("every GET of one thing, and every list of the library, carries a tag")
    func tagged() async throws {
        try await RESTServer.withRoutes { _, routes in
            for route in routes where route.method == .get && route.access != .anyone {
                guard !(route.output is any MediaOutput.Type) else { continue }
                let isThing = route.path.split(separator: "/").last?.hasPrefix(":") == true
                let isLibrary =
                    route.takesCursor && !route.path.contains("/versions")
                    && ["/v1/exercises", "/v1/templates"].contains { route.path.hasPrefix($0) }
                guard isThing || isLibrary else { continue }
                #expect(route.isTaggedGet, "\(route.name)")
            }
        }
    }

    @Test("a tagged GET is 304 to who knows its tag")
    func notModified() async throws {
        try await RESTServer.withRoutes { server, routes in
            let world = try await server.world()
            for route in routes where route.isTaggedGet {
                guard let sample = RouteSamples.all[route.name] else { continue }
                let path = try await sample.path(world)
                let first = try await world.owner.client.get(path)
                #expect(first.status == 200, "\(route.name)")
                let tag = try #require(first[header: "etag"], "\(route.name)")
                let again = try await world.owner.client.get(path, headers: [("If-None-Match", tag)])
                #expect(again.status == 304 && again.body.isEmpty, "\(route.name)")
                let other = try await world.owner.client.get(path, headers: [("If-None-Match", "\"other\"")])
                #expect(other.status == 200 && other.body == first.body, "\(route.name)")
            }
        }
    }

    @Test("a PUT under a tag that no longer holds is 412 and changes nothing; under its own it is taken")
    func preconditions() async throws {
        try await RESTServer.withRoutes { server, routes in
            let world = try await server.world()
            let tagged = Set(routes.filter(\.isTaggedGet).map(\.path))
            for route in routes where route.method == .put {
                if tagged.contains(route.path) { #expect(route.checksMatch, "\(route.name) does not declare 412") }
                guard route.checksMatch, let sample = RouteSamples.all[route.name] else { continue }
                let path = try await sample.path(world)
                let before = try await world.owner.client.get(path)
                let stale = try await call(
                    world.owner.client, route, path, sample.body, [("If-Match", "\"before\"")])
                #expect(stale.status == 412, "\(route.name)")
                guard tagged.contains(route.path) else { continue }
                #expect(try await world.owner.client.get(path).body == before.body, "\(route.name)")
                let tag = try #require(before[header: "etag"])
                let taken = try await call(world.owner.client, route, path, sample.body, [("If-Match", tag)])
                #expect(taken.status == 200, "\(route.name)")
            }
        }
    }
}

extension Route {
    /// Routes that take bytes are held to their keys by tests of their own.
    var isKeyed: Bool { options.isKeyed && body?.media.isEmpty != false }

    /// Whether its answers carry a tag that clients may keep; the public ones have no owner.
    var isTaggedGet: Bool {
        guard method == .get, access != .anyone else { return false }
        switch options.caching {
        case .none, .shared: return false
        case .tagged, .revalidated: return true
        }
    }

    var checksMatch: Bool { problems.contains(.preconditionFailed) }
}

extension Sequence where Element: Sendable {
    /// One after the other.
    func asyncMap<Value: Sendable>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
