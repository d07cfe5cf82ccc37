import HTTPTypes
import Protocol
import Store
import TestKit
import Testing

@testable import API

/// Every declared route, those of later features too, is held to the conventions here without being named.
@Suite("Refusals of every route")
struct RefusalTests {
    /// A body that no fault of its own keeps from being read.
    private func body(of route: Route) -> String? { route.body == nil ? nil : "{}" }

    private func send(
        _ client: RESTClient, _ route: Route, query: String = "", body: String?, headers: [(String, String)] = []
    ) async throws -> RESTAnswer {
        let target = route.somewhere + query
        guard let body else { return try await client.send(route.method.rawValue, target, headers: headers) }
        return try await client.send(route.method.rawValue, target, text: body, headers: headers)
    }

    @Test("a route that is not for anyone answers 401 without a token and with one that is bad or over")
    func unauthenticated() async throws {
        try await RESTServer.withRoutes { server, routes in
            let ada = try await server.user("ada")
            let over = Identity(
                userId: ada.id, sid: SessionID.make(at: server.clock.now), expiresAt: server.clock.now - .seconds(1),
                isVerified: true, role: .admin)
            let stranger = try TokenIssuer(keys: SigningKeys()).issue(
                Identity(
                    userId: ada.id, sid: over.sid, expiresAt: server.clock.now + .seconds(60), isVerified: true,
                    role: .admin), at: server.clock.now)
            let tokens: [String?] = [
                nil, "nonsense", try TokenIssuer(keys: server.keys).issue(over, at: server.clock.now), stranger,
            ]
            for route in routes where route.access != .anyone {
                for (number, token) in tokens.enumerated() {
                    let answer = try await send(server.client(token: token), route, body: body(of: route))
                    #expect(answer.status == 401, "\(route.name), token \(number)")
                    #expect(answer[header: "www-authenticate"]?.hasPrefix("Bearer") == true, "\(route.name)")
                    let code = number == 2 ? "tokenExpired" : "unauthenticated"
                    #expect(answer.code == code, "\(route.name), token \(number)")
                }
            }
        }
    }

    @Test("a route for administrators answers 403 to anybody else, and one for verified users to those who are not")
    func forbidden() async throws {
        try await RESTServer.withRoutes { server, routes in
            let ada = try await server.user("ada", isVerified: false)
            for route in routes where route.access == .admin || route.access == .verified {
                let answer = try await send(ada.client, route, body: body(of: route))
                #expect(answer.status == 403, "\(route.name)")
            }
        }
    }

    @Test("a query parameter that a route does not have is refused by name")
    func unknownParameter() async throws {
        try await RESTServer.withRoutes { server, routes in
            let admin = try await server.admin("root")
            for route in routes where !route.options.ignoresUnknownQuery {
                let answer = try await send(admin.client, route, query: "?nonsense=1", body: body(of: route))
                #expect(answer.status == 422, "\(route.name)")
                #expect(
                    answer.faults.contains("?nonsense unknownParameter"), "\(route.name) tells \(answer.faults)")
            }
        }
    }

    @Test("a body that is no JSON is 400, of another type 415, too long 413, and {} names all that it lacks")
    func bodies() async throws {
        try await RESTServer.withRoutes { server, routes in
            let admin = try await server.admin("root")
            for route in routes {
                guard let shape = route.body, shape.media.isEmpty else { continue }
                let malformed = try await send(admin.client, route, body: "{")
                #expect(malformed.status == 400 && malformed.code == "malformedBody", "\(route.name)")
                let other = try await send(admin.client, route, body: "{}", headers: [("Content-Type", "text/plain")])
                #expect(other.status == 415, "\(route.name)")
                let required = shape.members.filter(\.isRequired).map(\.name)
                guard !required.isEmpty, shape.isRequired else { continue }
                let empty = try await send(admin.client, route, body: "{}")
                #expect(empty.status == 422, "\(route.name)")
                let missing = required.filter { !empty.faults.contains("/\($0) required") }
                #expect(missing.isEmpty, "\(route.name) does not tell of \(missing)")
            }
        }
    }

    @Test("a body that announces more than its route takes is 413 before it is sent")
    func tooLarge() async throws {
        try await RESTServer.withRoutes { server, routes in
            let admin = try await server.admin("root")
            for route in routes where route.body?.media.isEmpty == true {
                let socket = try await RawSocket.connect(port: server.port)
                try await socket.write(
                    """
                    \(route.method.rawValue) \(route.somewhere) HTTP/1.1\r
                    Host: localhost\r
                    Authorization: Bearer \(admin.tokens.accessToken)\r
                    Content-Type: application/json\r
                    Content-Length: \(route.options.bodyLimit + 1)\r
                    \r\n
                    """)
                #expect(try await socket.readHead().hasPrefix("HTTP/1.1 413"), "\(route.name)")
                try await socket.close()
            }
        }
    }

    @Test("another method is 405 and told which there are")
    func wrongMethod() async throws {
        try await RESTServer.withRoutes { server, routes in
            let methods = ["GET", "POST", "PUT", "DELETE", "PATCH"]
            for (path, declared) in Dictionary(grouping: routes, by: \.path) {
                var allowed = Set(declared.map(\.method.rawValue))
                if allowed.contains("GET") { allowed.insert("HEAD") }
                for method in methods where !allowed.contains(method) {
                    let answer = try await server.client.send(method, declared[0].somewhere)
                    #expect(answer.status == 405, "\(method) \(path)")
                    let told = (answer[header: "allow"] ?? "").split(separator: ", ").map(String.init)
                    #expect(Set(told) == allowed, "\(method) \(path)")
                }
            }
        }
    }

    @Test("limits beyond 1 to 100 and cursors that are none are 422, and a first page keeps its limit")
    func lists() async throws {
        try await RESTServer.withRoutes { server, routes in
            let admin = try await server.admin("root")
            for route in routes where route.query.contains(where: { $0.name == "limit" }) {
                for limit in ["0", "101", "-1", "ten", "1.5", "", "99999999999999999999"] {
                    let answer = try await send(admin.client, route, query: "?limit=\(limit)", body: body(of: route))
                    #expect(answer.status == 422, "\(route.name) limit \(limit)")
                    #expect(answer.faults.contains { $0.hasPrefix("?limit ") }, "\(route.name) limit \(limit)")
                }
                guard route.query.contains(where: { $0.name == "cursor" }) else { continue }
                for cursor in ["nonsense", "Zm9vYmFy", "%00", String(repeating: "x", count: 2000)] {
                    let answer = try await send(admin.client, route, query: "?cursor=\(cursor)", body: body(of: route))
                    #expect(answer.status == 422, "\(route.name) cursor \(cursor)")
                    #expect(answer.faults.contains { $0.hasPrefix("?cursor ") }, "\(route.name) cursor \(cursor)")
                }
            }
        }
    }
}

extension RESTAnswer {
    /// The faults of a 422, each as its pointer and code.
    var faults: [String] {
        // Another answer has none.
        ((try? problem)?.errors ?? []).map { "\($0.pointer) \($0.code)" }
    }
}
