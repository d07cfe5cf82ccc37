import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

/// The sender of a request decides for how long it waits before it is worked on; its session may end meanwhile.
@Suite("Requests whose session ends before they are worked on")
struct EndedSessionTests {
    /// As a reset ends them, on this node.
    private func endSessions(of user: TestUser, _ server: RESTServer) async throws {
        let sid = try server.tokens.verify(user.tokens.accessToken).sid
        try await server.pool.execute("update sessions set revoked_at = \(server.clock.now) where id = \(sid)")
        await server.revoked.add([sid])
    }

    @Test(
        "a body that comes to its end only then changes nothing",
        arguments: [
            ("PUT", "/v1/users/preferences", #"{"privacy": {"profile": "public"}}"#),
            ("PUT", "/v1/users/profile", #"{"displayName": "Somebody else"}"#),
            ("POST", "/v1/workouts", #"{"name": "ghost", "visibility": "public"}"#),
            ("POST", "/v1/workouts/import?unit=kg", "Date,Workout Name,Exercise Name"),
            ("POST", "/v1/auth/logout", #"{"everywhere": true}"#),
        ])
    func body(method: String, path: String, body: String) async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let socket = try await RawSocket.connect(port: server.port)
            let type = path.contains("import") ? "text/csv" : "application/json"
            try await socket.write(
                "\(method) \(path) HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\n"
                    + "Content-Length: \(body.utf8.count)\r\nAuthorization: Bearer \(ada.tokens.accessToken)\r\n\r\n"
                    + body.prefix(10))
            // Meanwhile that arrives.
            for _ in 0..<10 { _ = try await ada.client.get("/v1/users/profile") }
            try await endSessions(of: ada, server)
            let login = LoginRequest(login: "ada", password: RESTServer.password)
            let owner: SignedIn = try await server.client.post("/v1/auth/login", login).decoded()
            try await socket.write(String(body.dropFirst(10)))
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 401"))
            try await socket.close()
            #expect(try await server.count("workouts") == 0)
            #expect(try await server.pool.query("select version from users", as: Int.self) == [1])
            let client = server.client(token: owner.tokens.accessToken)
            #expect(try await client.get("/v1/users/profile").status == 200)
        }
    }

    @Test("a request that waits for its turn neither changes nor answers anything when it comes")
    func turn() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let body = #"{"displayName": "Somebody else"}"#
            try await withThrowingTaskGroup(of: RESTAnswer.self) { group in
                try await server.pool.whileHolding("select from users where id = \(ada.id) for update") {
                    for _ in 0..<3 {
                        group.addTask { try await ada.client.send("PUT", "/v1/users/profile", text: body) }
                    }
                    try await server.pool.untilWaiting { $0 == 3 }
                    group.addTask { try await ada.client.get("/v1/users/preferences") }
                    // Meanwhile it arrives.
                    for _ in 0..<10 { _ = try await bob.client.get("/v1/users/profile") }
                    try await endSessions(of: ada, server)
                }
                for try await answer in group { #expect(answer.code == "sessionEnded") }
            }
            #expect(try await server.pool.query("select distinct version from users", as: Int.self) == [1])
        }
    }
}
