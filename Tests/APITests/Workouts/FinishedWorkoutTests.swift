import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Looking back at workouts")
struct FinishedWorkoutTests {
    private static let squat = ExerciseSeed.id(of: "Barbell_Squat")

    /// Trains, and answers a copy of the workout that was never in memory, beside the one that is.
    private func trained(_ user: TestUser, _ server: RESTServer) async throws -> (known: WorkoutID, copy: WorkoutID) {
        try await user.log([Self.squat], sets: 1)
        // Not at one moment: the second comes after the first.
        server.clock.advance(by: .milliseconds(1))
        let known = try await user.log([Self.squat], sets: 2)
        let copy = WorkoutID.make()
        try await server.pool.transaction { connection in
            for table in ["workouts", "workout_events", "workout_exercises", "workout_sets"] {
                let key = table == "workouts" ? "id" : "workout_id"
                try connection.script(
                    """
                    create temp table c on commit drop as select * from \(table) where \(key) = '\(known)';
                    update c set \(key) = '\(copy)';
                    insert into \(table) select * from c;
                    drop table c
                    """)
            }
        }
        return (known, copy)
    }

    private func epoch(_ id: WorkoutID, _ server: RESTServer) async throws -> Int64? {
        try await server.pool.first("select epoch from workouts where id = \(id)", as: Int64.self)
    }

    @Test("a finished workout is shown without its room: as it is there, and nothing is written")
    func unopened() async throws {
        try await RESTServer.run(isLive: true) { server in
            let user = try await server.user("mara")
            let (known, copy) = try await trained(user, server)
            let before = try await epoch(copy, server)
            let first: Workout = try await user.client.get("/v1/workouts/\(known)").decoded()
            let answer = try await user.client.get("/v1/workouts/\(copy)")
            var second: Workout = try answer.decoded()
            #expect(second.exercises.first?.sets.count == 2)
            second.id = known
            // Each has the other among its earlier bests, which are no higher.
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            #expect(try encoder.encode(first) == encoder.encode(second))
            #expect(try await epoch(copy, server) == before)
            let again = try await user.client.get(
                "/v1/workouts/\(copy)", headers: [("If-None-Match", answer[header: "etag"] ?? "")])
            #expect(again.status == 304)
        }
    }

    @Test("what a look told is good for a change under If-Match, and for no second one")
    func change() async throws {
        try await RESTServer.run(isLive: true) { server in
            let user = try await server.user("mara")
            let (_, copy) = try await trained(user, server)
            let tag = try await user.client.get("/v1/workouts/\(copy)")[header: "etag"] ?? ""
            func rename(_ name: String) async throws -> Int {
                try await user.client.send(
                    "PUT", "/v1/workouts/\(copy)", text: #"{"name": "\#(name)"}"#, headers: [("If-Match", tag)]
                ).status
            }
            #expect(try await rename("Leg day") == 200)
            #expect(try await rename("Again") == 412)
            let shown: Workout = try await user.client.get("/v1/workouts/\(copy)").decoded()
            #expect(shown.name == "Leg day")
        }
    }

    @Test("its tag changes when another workout takes its records away, and is the same again when that one is gone")
    func movedRecords() async throws {
        try await RESTServer.run(isLive: true) { server in
            let user = try await server.user("mara")
            let begun = server.clock.now
            try await user.lift(Self.squat, [.init(90, 1)], at: begun - .seconds(30_000))
            let id = try await user.lift(Self.squat, [.init(100, 1)], at: begun - .seconds(20_000)).id
            let path = "/v1/workouts/\(id)"
            let first = try await user.client.get(path)
            let tag = try #require(first[header: "etag"])
            func again() async throws -> RESTAnswer {
                try await user.client.get(path, headers: [("If-None-Match", tag)])
            }
            #expect(try first.decoded(as: Workout.self).records.count == 2)
            #expect(try await again().status == 304)
            let heavier = try await user.lift(Self.squat, [.init(120, 1)], at: begun - .seconds(10_000)).id
            let moved = try await again()
            #expect(moved.status == 200)
            #expect(moved[header: "etag"] != tag)
            #expect(try moved.decoded(as: Workout.self).records.isEmpty)
            let stale = try await user.client.send(
                "PUT", path, text: #"{"name": "Leg day"}"#, headers: [("If-Match", tag)])
            #expect(stale.status == 412)
            #expect(try await user.client.delete("/v1/workouts/\(heavier)").status == 204)
            #expect(try await again().status == 304)
        }
    }

    @Test("others see of it what they may: strangers and the blocked nothing, friends what the audience allows")
    func access() async throws {
        try await RESTServer.run(isLive: true) { server in
            let user = try await server.user("mara")
            let friend = try await server.user("jonas")
            let (_, copy) = try await trained(user, server)
            func status() async throws -> Int { try await friend.client.get("/v1/workouts/\(copy)").status }
            #expect(try await status() == 404)
            try await Relations(pool: server.pool).makeFriends([(user.id, friend.id)], at: .now)
            #expect(try await status() == 200)
            try await server.pool.execute("update users set workouts_audience = 'private' where id = \(user.id)")
            #expect(try await status() == 404)
            try await server.pool.execute("update users set workouts_audience = 'public' where id = \(user.id)")
            try await server.pool.execute(
                "insert into workout_removed_watchers (workout_id, user_id) values (\(copy), \(friend.id))")
            #expect(try await status() == 404)
            try await server.pool.execute("delete from workout_removed_watchers")
            _ = try await user.client.send("POST", "/v1/users/\(friend.id)/block")
            #expect(try await status() == 404)
            #expect(try await epoch(copy, server) == 1)
        }
    }

    @Test("a deleted one is gone for its athlete too")
    func deleted() async throws {
        try await RESTServer.run(isLive: true) { server in
            let user = try await server.user("mara")
            let (_, copy) = try await trained(user, server)
            #expect(try await user.client.get("/v1/workouts/\(copy)").status == 200)
            #expect(try await user.client.delete("/v1/workouts/\(copy)").status == 204)
            #expect(try await user.client.get("/v1/workouts/\(copy)").status == 404)
        }
    }
}
