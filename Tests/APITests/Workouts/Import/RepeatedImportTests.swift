import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Importing changed logs again and again")
struct RepeatedImportTests {
    private func weights(_ user: TestUser, _ id: WorkoutID) async throws -> [Double?] {
        let workout: Workout = try await user.client.get("/v1/workouts/\(id)").decoded()
        return workout.exercises.flatMap(\.sets).map(\.weightKg)
    }

    /// Two workouts with two sets each.
    private func log(_ weight: Double) -> String {
        ImportFixture.hevy([weight, weight])
            + ImportFixture.hevy([weight, weight], start: "16 Sep 2025, 07:48", header: false)
    }

    @Test("values that go back and forth are stored each time, and reported as what was done")
    func backAndForth() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let first = try await ada.imported(ImportFixture.hevy([100, 90]))
            let id = try #require(first.report.items.first?.workoutId)
            for weight in [110.0, 100, 110, 110, 100, 110] {
                let before = try await weights(ada, id)
                let report = try await ada.imported(ImportFixture.hevy([weight, 90])).report
                #expect(try await weights(ada, id) == [weight, 90])
                let changed = before == [weight, 90] ? 0 : 1
                #expect(report.sets.updated == changed && report.sets.unchanged == 2 - changed)
                #expect(report.workouts.updated == changed && report.workouts.unchanged == 1 - changed)
            }
        }
    }

    @Test("an import of changed values that is interrupted goes on, and tells all its changes as such")
    func interrupted() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            _ = try await ada.imported(log(100))
            let headers = [("Content-Type", "text/csv"), ("Idempotency-Key", "k1")]
            // The first workout is done, the second one changed but not noted.
            try await server.refuse(
                "update", on: "workout_sources",
                when: """
                    new.import_id <> old.import_id and exists (select from workout_sources s
                        where s.import_id = new.import_id and s.source_key <> new.source_key)
                    """)
            let data = Data(log(110).utf8)
            #expect(try await ada.importing(data, headers: headers).status >= 500)
            try await server.refuseNoMore("workout_sources")
            for _ in 0..<2 {
                let report = try await ada.importing(data, headers: headers).decoded(as: WorkoutImport.self).report
                #expect(report.workouts.created == 0 && report.workouts.updated == 2)
                #expect(report.sets.created == 0 && report.sets.updated == 4 && report.sets.unchanged == 0)
                #expect(report.items.map(\.outcome) == [.updated, .updated])
                try await server.loseAnswers()
            }
            let events = try await server.pool.query("select count(*) from workout_events", as: Int.self)
            #expect(events == [4])
        }
    }

    @Test("the log as it was before an import that was interrupted brings back what that one changed")
    func broughtBack() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let id = try #require(try await ada.imported(ImportFixture.hevy([100])).report.items.first?.workoutId)
            try await server.refuse("update", on: "workout_sources", when: "new.import_id <> old.import_id")
            let changed = Data(ImportFixture.hevy([110]).utf8)
            #expect(try await ada.importing(changed).status >= 500)
            try await server.refuseNoMore("workout_sources")
            #expect(try await weights(ada, id) == [110])
            let report = try await ada.imported(ImportFixture.hevy([100])).report
            #expect(report.sets.updated == 1)
            #expect(try await weights(ada, id) == [100])
        }
    }

    @Test("sets that a log adds to an exercise that was removed here stay away, and are not told as created")
    func removed() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            func log(_ weights: [Double]) -> String {
                ImportFixture.hevy(weights)
                    + ImportFixture.hevy([60, 60], exercise: "Bench Press (Barbell)", header: false)
            }
            let id = try #require(try await ada.imported(log([100])).report.items.first?.workoutId)
            let path = "/v1/workouts/\(id)"
            let entry = try #require(try await ada.client.get(path).decoded(as: Workout.self).exercises.first)
            #expect(try await ada.client.delete("\(path)/exercises/\(entry.id)").status == 204)
            for query in ["?dryRun=true", ""] {
                let report = try await ada.imported(log([100, 110]), query).report
                #expect(report.sets.created == 0 && report.sets.unchanged == 4)
                #expect(report.workouts.unchanged == 1)
            }
            #expect(try await weights(ada, id) == [60, 60])
        }
    }

    @Test("a log that waits for its job is answered under its key also while another one waits")
    func accepted() async throws {
        try await RESTServer.run(isLive: true, adjust: { $0.importAtOnceBytes = 100 }) { server in
            let ada = try await server.user("ada")
            let headers = [("Content-Type", "text/csv"), ("Idempotency-Key", "k1")]
            let data = Data(log(100).utf8)
            let first = try await ada.importing(data, headers: headers)
            #expect(first.status == 202)
            try await server.runJobs()
            #expect(try await ada.importing(Data(log(110).utf8)).status == 202)
            try await server.loseAnswers()
            let again = try await ada.importing(data, headers: headers)
            #expect(again.status == 202)
            #expect(again.string("id") == first.string("id"))
        }
    }
}
