import API
import Foundation
import Protocol
import TestKit
import Testing

@Suite("Exporting workouts")
struct ExportTests {
    /// What a workout is beyond its ids and the times of its sets.
    private struct Content: Hashable {
        let name, notes: String?
        let exercises: [String]
    }

    private func contents(of user: TestUser) async throws -> [Content] {
        var contents: [Content] = []
        var cursor: String? = ""
        while let after = cursor {
            let page: Page<WorkoutItem> = try await user.client.get(
                "/v1/workouts?limit=100" + (after.isEmpty ? "" : "&cursor=\(after)")
            ).decoded()
            for item in page.items {
                let workout: Workout = try await user.client.get("/v1/workouts/\(item.id)").decoded()
                contents.append(
                    Content(
                        name: workout.name, notes: workout.notes,
                        exercises: workout.exercises.map { entry in
                            let sets = entry.sets.map { set in
                                "\(set.type) \(set.weightKg ?? -1) \(set.reps ?? -1) \(set.rpe ?? -1) \(set.rir ?? -1) "
                                    + "\(set.durationSeconds ?? -1) \(set.distanceMeters ?? -1) "
                                    + (set.side?.rawValue ?? "")
                            }
                            return "\(entry.name) \(entry.supersetGroup ?? 0) \(entry.note ?? "") \(sets)"
                        }))
            }
            cursor = page.nextCursor
        }
        return contents
    }

    @Test(
        "what is exported and imported by somebody else is the same workouts with the same sets",
        arguments: [("hevy", "kg"), ("hevy", "lb"), ("strong", "kg"), ("strong", "lb")])
    func roundTrip(format: String, unit: String) async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, ben) = (try await server.user("ada"), try await server.user("ben"))
            _ = try await ada.imported(try ImportFixture.whole("hevy_kg_emoji"), "?unknownExercises=keepName")
            let answer = try await ada.client.get("/v1/workouts/export?format=\(format)&unit=\(unit)")
            #expect(answer.status == 200)
            #expect(answer[header: "content-disposition"] == "attachment; filename=\"\(format)_workouts.csv\"")
            #expect(answer[header: "content-type"] == "text/csv; charset=utf-8")
            let done = try await ben.imported(Data(answer.body), "?unknownExercises=keepName")
            #expect(done.report.workouts.created == 17)
            #expect(done.report.remarkedLines == 0)
            #expect(try await contents(of: ben) == contents(of: ada))
        }
    }

    @Test(
        "sides, every type of set, repetitions in reserve, supersets and an exercise's second place come back",
        arguments: ["hevy", "strong"])
    func unnameable(format: String) async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, ben) = (try await server.user("ada"), try await server.user("ben"))
            let start = #"{"startedAt": "2026-01-05T10:00:00Z", "name": "All"}"#
            let workout: Workout = try await ada.client.send("POST", "/v1/workouts", text: start).decoded()
            let entries = "/v1/workouts/\(workout.id)/exercises"
            let types = SetType.allCases.map { #""type": "\#($0)", "weightKg": 20, "reps": 5"# }
            let marked = [
                #""reps": 8, "side": "left", "rir": 2"#, #""reps": 8, "side": "right", "rpe": 8, "rir": 2"#,
                #""type": "dropset", "reps": 3, "rir": 10"#, #""durationSeconds": 0.2, "side": "left""#,
            ]
            let plan: [(entry: String, note: String, sets: [String])] = [
                (#""name": "Row", "supersetGroup": 1"#, "slow", types),
                (#""name": "Curl", "supersetGroup": 1"#, "", marked),
                (#""name": "Row", "supersetGroup": 2"#, "ends in [set: left]", Array(types.prefix(2))),
                (#""name": "Row""#, "=[set:]", Array(types.prefix(2))),
            ]
            for (entry, note, sets) in plan {
                let added: WorkoutExercise = try await ada.client.send("POST", entries, text: "{\(entry)}").decoded()
                for set in sets {
                    let logged = try await ada.client.send("POST", "\(entries)/\(added.id)/sets", text: "{\(set)}")
                    #expect(logged.status == 201, "\(logged.text)")
                }
                _ = try await ada.client.send("PUT", "\(entries)/\(added.id)", text: #"{"note": "\#(note)"}"#)
            }
            _ = try await ada.client.send("POST", "/v1/workouts/\(workout.id)/complete")
            let csv = try await ada.client.get("/v1/workouts/export?format=\(format)").body
            let done = try await ben.imported(Data(csv), "?unknownExercises=keepName&matching=exact")
            #expect(done.report.remarkedLines == 0)
            // A moment is exported as the whole second that both apps can hold.
            let expected = try await contents(of: ada).map { content in
                Content(
                    name: content.name, notes: content.notes,
                    exercises: content.exercises.map { $0.replacing(" 0.2 ", with: " 1.0 ") })
            }
            #expect(try await contents(of: ben) == expected)
            #expect(
                try await ben.imported(Data(csv), "?unknownExercises=keepName&matching=exact").report.sets.unchanged
                    == 19)
        }
    }

    @Test("what was lifted here is exported as it stands, with dates as the athlete's clock showed them")
    func lifted() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            try await ada.log([ExerciseSeed.id(of: "Barbell_Squat")], sets: 2)
            let open = try await ada.client.send("POST", "/v1/workouts", text: "{}")
            #expect(open.status == 201)
            let csv = try await ada.client.get("/v1/workouts/export?format=strong&timeZone=Asia/Tokyo").text
            let lines = csv.split(separator: "\r\n")
            #expect(lines.count == 3)
            #expect(
                lines[0].hasPrefix("Workout #;Date;Workout Name;Duration (sec);Exercise Name;Set Order;Weight (kg)"))
            #expect(lines[1].contains(";Barbell Squat;1;100;5;"))
            #expect(lines[2].contains(";Barbell Squat;2;100;5;"))
        }
    }

    @Test("only workouts of the asked time are exported; bad questions are refused")
    func ranges() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let log = (1...60).map {
                ImportFixture.hevy(
                    [100], start: "\($0 % 28 + 1) \($0 > 28 ? $0 > 56 ? "Mar" : "Feb" : "Jan") 2024, 10:00",
                    header: $0 == 1)
            }.joined()
            #expect(try await ada.imported(log).report.workouts.created == 60)
            func rows(_ query: String) async throws -> Int {
                try await ada.client.get("/v1/workouts/export?format=hevy\(query)").text.split(separator: "\r\n").count
                    - 1
            }
            #expect(try await rows("") == 60)
            #expect(try await rows("&from=2024-02-01T00:00:00Z&to=2024-03-01T00:00:00Z") == 28)
            #expect(try await rows("&from=2030-01-01T00:00:00Z") == 0)
            for query in ["", "?format=xml", "?format=hevy&to=x", "?format=hevy&unit=st", "?format=hevy&timeZone=x"] {
                #expect(try await ada.client.get("/v1/workouts/export\(query)").status == 422, "\(query)")
            }
            #expect(try await server.client.get("/v1/workouts/export?format=hevy").status == 401)
            let eve = try await server.user("eve")
            #expect(
                try await eve.client.get("/v1/workouts/export?format=hevy").text.split(separator: "\r\n").count == 1)
        }
    }
}
