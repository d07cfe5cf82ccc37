import Foundation
import HTTPTypes
import Protocol
import Store
import TestKit

@testable import API

/// How a route is called properly on a thing that its owner has just made.
///
/// Routes that are keyed, tagged or have an id in their path need an entry in `RouteSamples.all`; tests fail for those
/// that have none, and hold those that have one to the conventions.
struct RouteSample: Sendable {
    /// Makes the thing as its owner and answers the path that names it.
    let path: @Sendable (SampleWorld) async throws -> String
    /// A body the route takes; nil for none.
    var body: String?
    /// Another one that it takes too, for keyed routes.
    var otherBody: String?
    /// False for routes whose id names a person, whom strangers may know: only blocked ones may not.
    var isOwned = true
    /// What an id of nothing is answered where asking for its end is no fault.
    var answerToNothing = 404
}

/// One server with an owner of things.
struct SampleWorld: Sendable {
    let server: RESTServer
    let owner: TestUser

    /// Makes a thing by POST as the owner and answers its id.
    func made(_ path: String, _ body: String = "{}") async throws -> String {
        let answer = try await owner.client.send("POST", path, text: body)
        guard (200...201).contains(answer.status), let id = answer.string("id") else {
            throw SampleFault(description: "POST \(path) answered \(answer.status): \(answer.text)")
        }
        return id
    }

    func exercise() async throws -> String { "/v1/exercises/" + (try await made("/v1/exercises", Samples.exercise)) }

    /// A template that everybody may see, so that only a block hides it; `private` hides it from strangers.
    func template(_ visibility: String = "private") async throws -> String {
        "/v1/templates/" + (try await made("/v1/templates", Samples.template(visibility)))
    }

    func goal() async throws -> String { "/v1/goals/" + (try await made("/v1/goals", Samples.goal)) }
    func measurement() async throws -> String {
        "/v1/progress/body/" + (try await made("/v1/progress/body", #"{"weightKg": 80}"#))
    }

    func workout(_ body: String = "{}") async throws -> String {
        "/v1/workouts/" + (try await made("/v1/workouts", body))
    }

    func entry() async throws -> String {
        let entries = try await workout() + "/exercises"
        return entries + "/" + (try await made(entries, #"{"name": "Sled"}"#))
    }

    func set() async throws -> String {
        let sets = try await entry() + "/sets"
        return sets + "/" + (try await made(sets, #"{"weightKg": 100, "reps": 5}"#))
    }

    /// An export that is ready.
    func export() async throws -> String {
        _ = try await owner.client.get("/v1/users/data-export")
        try await server.runJobs()
        let made = try await server.pool.first(
            "select id from data_exports where user_id = \(owner.id) and status = 'ready'", as: UUIDv7.self)
        guard let id = made else { throw SampleFault(description: "no export was made") }
        return "/v1/users/data-export/\(id)"
    }

    /// A training log's import.
    func imported() async throws -> String {
        let answer = try await owner.importing(Data(ImportFixture.hevy([100]).utf8))
        guard let id = answer.string("id") else { throw SampleFault(description: "no import: \(answer.text)") }
        return "/v1/workouts/import/\(id)"
    }

    /// A picture.
    func avatar() async throws -> String {
        let answer = try await owner.upload(AvatarFiles.form(AvatarFiles.quarters()))
        return try answer.decoded(as: Profile.Avatar.self).small
    }

    /// A sign-in elsewhere.
    func identity() async throws -> UUIDv7 {
        let id = UUIDv7.make(at: server.clock.now)
        try await server.pool.execute(
            """
            insert into sign_in_identities (id, provider, subject, user_id, created_at)
            values (\(id), 'github', \(id.description), \(owner.id), \(server.clock.now))
            """)
        return id
    }

    /// Another user, as a fresh name has it.
    func person() async throws -> TestUser {
        let number = UUIDv7.make().description.suffix(12)
        return try await server.user("p_\(number)")
    }

    /// Asks the owner for friendship.
    func request() async throws -> TestUser {
        let person = try await person()
        _ = try await person.client.send("POST", "/v1/users/friends/request", text: #"{"userId": "\#(owner.id)"}"#)
        return person
    }
}

struct SampleFault: Error, CustomStringConvertible { let description: String }

/// Bodies that routes take.
enum Samples {
    static let squat = ExerciseSeed.id(of: "Barbell_Squat")
    static let exercise = """
        {"name": "Sandbag carry", "level": "beginner", "category": "strength", "primaryMuscles": ["neck"],
         "equipment": "sandbag"}
        """
    static let goal = #"{"kind": "body", "title": "Lighter", "target": 75, "metric": "weightKg"}"#

    static func template(_ visibility: String) -> String {
        TemplateTests.body(visibility: visibility)
    }
}

enum RouteSamples {
    /// Text parameters of paths; all others are ids.
    static let textParameters: Set<String> = ["muscle", "equipment", "size"]

    /// By method and declared path.
    static let all: [String: RouteSample] = accounts.merging(library) { $1 }.merging(training) { $1 }

    private static let accounts: [String: RouteSample] = [
        "DELETE /v1/auth/sessions/:id": RouteSample(path: { world in
            let login = LoginRequest(login: world.owner.account.username, password: RESTServer.password)
            _ = try await world.server.client.post("/v1/auth/login", login)
            let sessions: Page<AccountSession> = try await world.owner.client.get("/v1/auth/sessions").decoded()
            guard let other = sessions.items.first(where: { !$0.isCurrent }) else {
                throw SampleFault(description: "there is no other session")
            }
            return "/v1/auth/sessions/\(other.id)"
        }),
        "DELETE /v1/auth/identities/:id": RouteSample(
            path: { "/v1/auth/identities/\(try await $0.identity())" },
            body: #"{"password": "\#(RESTServer.password)"}"#),
        "GET /v1/users/profile": RouteSample(path: { _ in "/v1/users/profile" }),
        "PUT /v1/users/profile": RouteSample(path: { _ in "/v1/users/profile" }, body: #"{"bio": "Lifts."}"#),
        "GET /v1/users/plates": RouteSample(path: { _ in "/v1/users/plates" }),
        "PUT /v1/users/plates": RouteSample(path: { _ in "/v1/users/plates" }, body: "{}"),
        "GET /v1/users/preferences": RouteSample(path: { _ in "/v1/users/preferences" }),
        "PUT /v1/users/preferences": RouteSample(path: { _ in "/v1/users/preferences" }, body: "{}"),
        "GET /v1/users/:userId": RouteSample(path: { "/v1/users/\(try await $0.person().id)" }, isOwned: false),
        "POST /v1/users/:userId/block": RouteSample(
            path: { "/v1/users/\(try await $0.person().id)/block" }, isOwned: false),
        "DELETE /v1/users/:userId/block": RouteSample(
            path: { "/v1/users/\(try await $0.person().id)/block" }, isOwned: false, answerToNothing: 204),
        "GET /v1/avatars/:avatarId/:size": RouteSample(path: { try await $0.avatar() }, isOwned: false),
        "GET /v1/workouts/import/:id": RouteSample(path: { try await $0.imported() }),
        "GET /v1/users/data-export/:id": RouteSample(path: { try await $0.export() }),
        "GET /v1/users/data-export/:id/download": RouteSample(path: { try await $0.export() + "/download" }),
        "POST /v1/users/friends/request": RouteSample(
            path: { _ in "/v1/users/friends/request" }, isOwned: false),
        "PUT /v1/users/friends/:userId": RouteSample(
            path: { "/v1/users/friends/\(try await $0.request().id)" }, body: #"{"action": "accept"}"#),
        "DELETE /v1/users/friends/:userId": RouteSample(path: { world in
            let person = try await world.person()
            try await Relations(pool: world.server.pool).makeFriends(
                [(world.owner.id, person.id)], at: world.server.clock.now)
            return "/v1/users/friends/\(person.id)"
        }),
    ]

    private static let library: [String: RouteSample] = [
        "POST /v1/exercises": RouteSample(
            path: { _ in "/v1/exercises" }, body: Samples.exercise,
            otherBody: Samples.exercise.replacing("Sandbag", with: "Bag")),
        "GET /v1/exercises/:id": RouteSample(path: { try await $0.exercise() }),
        "PUT /v1/exercises/:id": RouteSample(path: { try await $0.exercise() }, body: #"{"name": "Carry"}"#),
        "DELETE /v1/exercises/:id": RouteSample(path: { try await $0.exercise() }),
        "GET /v1/exercises/:id/similar": RouteSample(path: { try await $0.exercise() + "/similar" }),
        "POST /v1/exercises/:id/rate": RouteSample(
            path: { try await $0.exercise() + "/rate" }, body: #"{"rating": 4}"#),
        "GET /v1/exercises": RouteSample(path: { _ in "/v1/exercises" }),
        "GET /v1/exercises/filters": RouteSample(path: { _ in "/v1/exercises/filters" }),
        "GET /v1/exercises/muscle/:muscle": RouteSample(path: { _ in "/v1/exercises/muscle/neck" }),
        "GET /v1/exercises/equipment/:equipment": RouteSample(path: { _ in "/v1/exercises/equipment/barbell" }),
        "GET /v1/templates": RouteSample(path: { _ in "/v1/templates" }),
        "GET /v1/templates/public": RouteSample(path: { _ in "/v1/templates/public" }),
        "GET /v1/templates/featured": RouteSample(path: { _ in "/v1/templates/featured" }),
        "GET /v1/templates/my": RouteSample(path: { _ in "/v1/templates/my" }),
        "POST /v1/templates": RouteSample(
            path: { _ in "/v1/templates" }, body: Samples.template("private"), otherBody: Samples.template("public")),
        "GET /v1/templates/:id": RouteSample(path: { try await $0.template() }),
        "PUT /v1/templates/:id": RouteSample(path: { try await $0.template() }, body: #"{"name": "Three"}"#),
        "DELETE /v1/templates/:id": RouteSample(path: { try await $0.template() }),
        "GET /v1/templates/:id/versions": RouteSample(path: { try await $0.template() + "/versions" }),
        "POST /v1/templates/:id/favorite": RouteSample(path: { try await $0.template() + "/favorite" }),
        "DELETE /v1/templates/:id/favorite": RouteSample(path: { world in
            let path = try await world.template() + "/favorite"
            _ = try await world.owner.client.send("POST", path)
            return path
        }),
        "POST /v1/templates/:id/duplicate": RouteSample(path: { try await $0.template() + "/duplicate" }),
        "POST /v1/templates/:id/rate": RouteSample(
            path: { try await $0.template() + "/rate" }, body: #"{"rating": 4}"#),
    ]

    private static let training: [String: RouteSample] = [
        "POST /v1/workouts": RouteSample(
            path: { _ in "/v1/workouts" }, body: #"{"name": "Legs"}"#, otherBody: #"{"name": "Arms"}"#),
        "GET /v1/workouts/:id": RouteSample(path: { try await $0.workout() }),
        "PUT /v1/workouts/:id": RouteSample(
            path: { try await $0.workout() }, body: #"{"name": "Legs"}"#, otherBody: #"{"name": "Arms"}"#),
        "DELETE /v1/workouts/:id": RouteSample(path: { try await $0.workout() }),
        "POST /v1/workouts/:id/start": RouteSample(
            path: { try await $0.workout(#"{"plannedFor": "2030-01-01"}"#) + "/start" }, body: "{}",
            otherBody: #"{"rpe": 7}"#),
        "POST /v1/workouts/:id/pause": RouteSample(
            path: { try await $0.workout() + "/pause" }, body: "{}", otherBody: #"{"rpe": 7}"#),
        "POST /v1/workouts/:id/resume": RouteSample(
            path: { world in
                let path = try await world.workout()
                _ = try await world.owner.client.send("POST", path + "/pause")
                return path + "/resume"
            }, body: "{}", otherBody: #"{"rpe": 7}"#),
        "POST /v1/workouts/:id/complete": RouteSample(
            path: { try await $0.workout() + "/complete" }, body: "{}", otherBody: #"{"rpe": 7}"#),
        "POST /v1/workouts/:id/abandon": RouteSample(
            path: { try await $0.workout() + "/abandon" }, body: "{}", otherBody: #"{"rpe": 7}"#),
        "POST /v1/workouts/:id/exercises": RouteSample(
            path: { try await $0.workout() + "/exercises" }, body: #"{"name": "Sled"}"#,
            otherBody: #"{"name": "Prowler"}"#),
        "PUT /v1/workouts/:id/exercises/:exerciseId": RouteSample(
            path: { try await $0.entry() }, body: #"{"restSeconds": 60}"#, otherBody: #"{"restSeconds": 90}"#),
        "DELETE /v1/workouts/:id/exercises/:exerciseId": RouteSample(path: { try await $0.entry() }),
        "POST /v1/workouts/:id/exercises/:exerciseId/sets": RouteSample(
            path: { try await $0.entry() + "/sets" }, body: #"{"weightKg": 100, "reps": 5}"#,
            otherBody: #"{"weightKg": 105, "reps": 5}"#),
        "PUT /v1/workouts/:id/exercises/:exerciseId/sets/:setId": RouteSample(
            path: { try await $0.set() }, body: #"{"weightKg": 110, "reps": 3}"#,
            otherBody: #"{"weightKg": 115, "reps": 3}"#),
        "DELETE /v1/workouts/:id/exercises/:exerciseId/sets/:setId": RouteSample(path: { try await $0.set() }),
        "GET /v1/progress/strength/:exerciseId": RouteSample(
            path: { try await $0.exercise().replacing("/v1/exercises", with: "/v1/progress/strength") }),
        "POST /v1/progress/body": RouteSample(
            path: { _ in "/v1/progress/body" }, body: #"{"weightKg": 80}"#, otherBody: #"{"weightKg": 81}"#),
        "PUT /v1/progress/body/:id": RouteSample(path: { try await $0.measurement() }, body: #"{"weightKg": 79}"#),
        "DELETE /v1/progress/body/:id": RouteSample(path: { try await $0.measurement() }),
        "POST /v1/goals": RouteSample(
            path: { _ in "/v1/goals" }, body: Samples.goal, otherBody: Samples.goal.replacing("75", with: "74")),
        "GET /v1/goals/:id": RouteSample(path: { try await $0.goal() }),
        "PUT /v1/goals/:id": RouteSample(path: { try await $0.goal() }, body: #"{"title": "Light"}"#),
        "DELETE /v1/goals/:id": RouteSample(path: { try await $0.goal() }),
        "POST /v1/goals/:id/complete": RouteSample(path: { try await $0.goal() + "/complete" }),
        "GET /v1/goals/:id/progress": RouteSample(path: { try await $0.goal() + "/progress" }),
    ]
}

extension Route {
    /// As `RouteSamples` and failures name it.
    var name: String { "\(method.rawValue) \(path)" }

    var parameters: [String] {
        path.split(separator: "/").filter { $0.hasPrefix(":") }.map { String($0.dropFirst()) }
    }

    var hasIds: Bool { parameters.contains { !RouteSamples.textParameters.contains($0) } }

    /// The path with ids of nothing.
    var somewhere: String {
        path.split(separator: "/").map { segment in
            switch segment {
            case ":muscle": "/neck"
            case ":equipment": "/barbell"
            case ":size": "/64"
            case _ where segment.hasPrefix(":"): "/\(UUIDv7.make())"
            default: "/\(segment)"
            }
        }.joined()
    }
}

extension RESTServer {
    /// Runs a test against every route that is declared.
    static func withRoutes(_ body: @escaping @Sendable (RESTServer, [Route]) async throws -> Void) async throws {
        try await run(isLive: true) { server in
            try await body(server, server.api.table.routes)
        }
    }

    /// A world whose owner has verified their address.
    func world() async throws -> SampleWorld { SampleWorld(server: self, owner: try await user("owner")) }
}
