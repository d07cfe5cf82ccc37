import API
import Foundation
import Protocol
import Store
import TestKit
import Testing

@Suite("Importing training logs")
struct ImportTests {
    @Test("a Hevy export of 7,211 rows is imported whole; a second import changes nothing")
    func hevy() async throws {
        try await RESTServer.run(isLive: true, adjust: { $0.importAtOnceBytes = 8 << 20 }) { server in
            let ada = try await server.user("ada")
            let data = try ImportFixture.whole("hevy_kg")
            let first = try await ada.imported(data)
            #expect(first.status == .completed)
            #expect(first.report.rows == 7211)
            #expect(first.report.app == "hevy")
            #expect(first.report.workouts.created == 335)
            #expect(first.report.sets.created + first.report.sets.refused == 7211)
            #expect(try await server.count("workouts") == 335)
            #expect(try await server.count("workout_sets") == first.report.sets.created)
            let before = try await server.stored()
            let second = try await ada.imported(data)
            #expect(second.report.workouts.unchanged == 335)
            #expect(second.report.workouts.created == 0)
            #expect(second.report.sets.unchanged == first.report.sets.created)
            #expect(try await server.stored() == before)
        }
    }

    @Test(
        "every committed export is imported with the workouts and sets it has",
        arguments: [
            ("hevy_kg_emoji", true, "", 17, 330), ("strong_without_notes", true, "?unit=lb", 37, 666),
            ("strong_comma", false, "?unit=kg", 13, 262), ("strong_german", false, "?unit=kg", 6, 86),
            ("strong_chinese", false, "?unit=lb", 3, 47), ("strong_semicolon", false, "", 2, 26),
        ])
    func files(name: String, isWhole: Bool, query: String, workouts: Int, sets: Int) async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let data = try isWhole ? ImportFixture.whole(name) : ImportFixture.excerpt(name)
            let done = try await ada.imported(data, query)
            #expect(done.report.workouts.created == workouts)
            #expect(done.report.sets.created + done.report.sets.refused == sets)
            #expect(try await server.count("workouts") == workouts)
            #expect(try await server.count("workout_sets") == done.report.sets.created)
            let again = try await ada.imported(data, query)
            #expect(again.report.workouts.unchanged == workouts)
        }
    }

    @Test("an imported workout is read, edited and deleted like any other, and stays deleted when it is imported again")
    func life() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let log = ImportFixture.hevy([100, 102.5])
            let item = try #require(try await ada.imported(log, "?timeZone=Europe/Berlin").report.items.first)
            let id = try #require(item.workoutId)
            let path = "/v1/workouts/\(id)"
            let first = try await ada.client.get(path)
            let workout: Workout = try first.decoded()
            #expect(first[header: "etag"]?.hasSuffix(".0\"") == true)
            #expect(workout.status == .completed)
            #expect(workout.startedAt?.rfc3339 == "2025-09-15T05:48:00.000Z")
            #expect(workout.exercises.map(\.name) == ["Barbell Squat"])
            #expect(workout.exercises.first?.sets.map(\.weightKg) == [100, 102.5])
            #expect(workout.summary.tonnageKg == 1012.5)
            let entry = try #require(workout.exercises.first)
            let sets = "\(path)/exercises/\(entry.id)/sets"
            let changed = try await ada.client.send(
                "PUT", "\(sets)/\(entry.sets[0].id)", text: #"{"weightKg": 90, "reps": 8}"#)
            #expect(changed.status == 200)
            #expect(try await ada.client.send("POST", sets, text: #"{"weightKg": 120, "reps": 1}"#).status == 201)
            let after: Workout = try await ada.client.get(path).decoded()
            #expect(after.exercises.first?.sets.map(\.weightKg) == [90, 102.5, 120])
            let history: Page<WorkoutItem> = try await ada.client.get("/v1/workouts").decoded()
            #expect(history.items.first?.tonnageKg == 90 * 8 + 512.5 + 120)
            let eve = try await server.user("eve")
            #expect(try await eve.client.get(path).status == 404)
            #expect(try await ada.client.delete(path).status == 204)
            #expect(try await ada.client.get(path).status == 404)
            #expect(try await server.count("workout_sets") == 0)
            #expect(try await server.count("workout_bases") == 0)
            let again = try await ada.imported(log)
            #expect(again.report.items.map(\.outcome) == [.deleted])
            #expect(try await server.count("workout_sets") == 0)
        }
    }

    @Test("records, volume, exercise use and goals see what was imported")
    func seen() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let squat = ExerciseSeed.id(of: "Barbell_Squat")
            let begun = CalendarDate(daysSinceEpoch: Int(server.clock.now.milliseconds / 86_400_000) - 7)
            let goal = try await ada.client.send(
                "POST", "/v1/goals",
                text:
                    #"{"kind": "strength", "title": "Squat", "exerciseId": "\#(squat)", "target": 110, "startsOn": "\#(begun)"}"#
            )
            #expect(goal.status == 201)
            // A room that is open measures its records against what comes beside it.
            let open: Workout = try await ada.client.send("POST", "/v1/workouts", text: "{}").decoded()
            let date = begun.description.split(separator: "-")
            let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            let month = months[(Int(date[1]) ?? 1) - 1]
            let log = ImportFixture.hevy([100, 140], start: "\(date[2]) \(month) \(date[0]), 12:00")
            #expect(try await ada.imported(log).report.sets.created == 2)
            let entry: WorkoutExercise = try await ada.client.send(
                "POST", "/v1/workouts/\(open.id)/exercises", text: #"{"exerciseId": "\#(squat)"}"#
            ).decoded()
            _ = try await ada.client.send(
                "POST", "/v1/workouts/\(open.id)/exercises/\(entry.id)/sets", text: #"{"weightKg": 130, "reps": 1}"#)
            #expect(try await ada.client.get("/v1/workouts/\(open.id)").decoded(as: Workout.self).records.isEmpty)
            let records = try await ada.client.get("/v1/progress/records")
            #expect(records.text.contains(#""weightKg":140"#))
            let volume = try await ada.client.get("/v1/progress/volume?weeks=4")
            #expect(volume.text.contains("quadriceps"))
            let goals: Page<Goal> = try await ada.client.get("/v1/goals").decoded()
            #expect(goals.items.first?.isAchieved == true)
            let history: Page<WorkoutItem> = try await ada.client.get("/v1/workouts?exercise=\(squat)").decoded()
            #expect(history.items.count == 2)
        }
    }

    @Test("a file without units is asked about, naming the parameter and a line; nothing is guessed or changed")
    func units() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let data = try ImportFixture.excerpt("strong_comma")
            let answer = try await ada.importing(data)
            #expect(answer.status == 422)
            #expect(answer.code == "unitRequired")
            #expect(try answer.problem.errors.map(\.pointer) == ["?unit"])
            #expect(try await server.count("workouts") == 0)
            let log =
                "Date,Workout Name,Exercise Name,Set Order,Weight,Reps,Distance,Seconds\n"
                + "2024-01-02 10:00:00,Run,Running,1,0,0,5,1800\n2024-01-02 10:00:00,Run,Squat (Barbell),1,100,5,0,0\n"
            let both = try await ada.importing(Data(log.utf8))
            #expect(try both.problem.errors.map(\.pointer) == ["?unit", "?distanceUnit"])
            let done = try await ada.imported(log, "?unit=lb&distanceUnit=mi")
            #expect(done.report.sets.created == 2)
            let stored = try await server.pool.query(
                "select coalesce(weight_g, 0), coalesce(distance_mm, 0) from workout_sets order by 1",
                as: (Int, Int).self)
            #expect(stored.map { [$0.0, $0.1] } == [[0, 8_046_720], [45_359, 0]])
            for query in ["?unit=stone", "?timeZone=Mars", "?unknownExercises=x", "?matching=x", "?colour=red"] {
                #expect(try await ada.importing(Data(log.utf8), query).status == 422, "\(query)")
            }
        }
    }

    @Test("a dry run tells line by line what would happen and changes nothing")
    func dryRun() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let log =
                ImportFixture.hevy([100, 5000], exercise: "Zercher Yoke Carry")
                + ImportFixture.hevy([20], title: "Later", start: "1 Jan 2200, 10:00", header: false)
                + "\"Odd\",\"no date\",,,Squat (Barbell),,,0,normal,100,5,,,\n"
                + "\"Odd\",\"16 Sep 2025, 07:48\",,,Squat (Barbell),,,0,normal,-5,5,,,\n"
            let before = try await server.stored()
            let dry = try await ada.imported(log, "?dryRun=true")
            #expect(dry.isDryRun)
            #expect(try await server.stored() == before)
            #expect(dry.report.items.map(\.outcome) == [.created, .refused])
            #expect(dry.report.items.map(\.workoutId) == [nil, nil])
            #expect(dry.report.lines.map(\.line) == [3, 4, 5, 6])
            #expect(dry.report.lines.map(\.code) == ["invalidValue", "timeInFuture", "invalidValue", "invalidValue"])
            #expect(dry.report.lines.allSatisfy { $0.isRefused })
            #expect(dry.report.exercises.first?.outcome == .created)
            #expect(dry.report.exercises.first?.exerciseId == nil)
            let real = try await ada.imported(log)
            #expect(real.report.items.map(\.outcome) == dry.report.items.map(\.outcome))
            #expect(real.report.sets == dry.report.sets)
            #expect(real.report.lines == dry.report.lines)
        }
    }

    @Test("unknown exercises become one's own or stay names, as asked; known ones are matched")
    func exercises() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, ben) = (try await server.user("ada"), try await server.user("ben"))
            let log =
                ImportFixture.hevy([100], exercise: "Zercher Yoke Carry")
                + ImportFixture.hevy([100], start: "16 Sep 2025, 07:48", header: false)
            let made = try await ada.imported(log).report.exercises
            #expect(made.map(\.outcome) == [.created, .matched])
            #expect(made[1].exerciseName == "Barbell Squat")
            let own: Page<Exercise> = try await ada.client.get("/v1/exercises?mine=true").decoded()
            #expect(own.items.map(\.name) == ["Zercher Yoke Carry"])
            #expect(own.items.first?.id == made[0].exerciseId)
            #expect(try await ada.imported(log).report.exercises.map(\.outcome) == [.matched, .matched])
            let named = try await ben.imported(log, "?unknownExercises=keepName&matching=exact").report.exercises
            #expect(named.map(\.outcome) == [.named, .named])
            #expect(try await ben.client.get("/v1/exercises?mine=true").decoded(as: Page<Exercise>.self).items.isEmpty)
        }
    }

    @Test("a changed file adds new sets and changes those that nobody touched here; what was changed here stays")
    func changed() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let id = try #require(
                try await ada.imported(ImportFixture.hevy([100, 110, 120])).report.items.first?.workoutId)
            let path = "/v1/workouts/\(id)"
            let entry = try #require(try await ada.client.get(path).decoded(as: Workout.self).exercises.first)
            _ = try await ada.client.send(
                "PUT", "\(path)/exercises/\(entry.id)/sets/\(entry.sets[2].id)", text: #"{"weightKg": 77, "reps": 5}"#)
            let log = ImportFixture.hevy([100, 115, 125, 130])
            let dry = try await ada.imported(log, "?dryRun=true").report
            let report = try await ada.imported(log).report
            #expect(report.items.map(\.outcome) == [.updated])
            #expect(report.sets == dry.sets)
            #expect(report.sets.created == 1)
            #expect(report.sets.updated == 1)
            #expect(report.sets.unchanged == 2)
            let weights = try await ada.client.get(path).decoded(as: Workout.self).exercises.first?.sets.map(\.weightKg)
            #expect(weights == [100, 115, 77, 130])
            let again = try await ada.imported(log).report
            #expect(again.items.map(\.outcome) == [.unchanged])
            #expect(try await ada.imported(ImportFixture.hevy([100, 118, 125, 130])).report.sets.updated == 1)
        }
    }

    @Test("under a key the first answer comes again, and another file is refused")
    func keyed() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let headers = [("Content-Type", "text/csv"), ("Idempotency-Key", "monday")]
            let data = Data(ImportFixture.hevy([100]).utf8)
            let first = try await ada.importing(data, headers: headers)
            #expect(try first.decoded(as: WorkoutImport.self).report.workouts.created == 1)
            let again = try await ada.importing(data, headers: headers)
            #expect(again.status == 200 && again.body == first.body)
            let other = try await ada.importing(Data(ImportFixture.hevy([110]).utf8), headers: headers)
            #expect(other.code == "idempotencyKeyReused")
            #expect(try await ada.importing(data, "?dryRun=true", headers: headers).code == "idempotencyKeyReused")
            #expect(try await server.count("workout_imports") == 1)
        }
    }

    @Test("movements of the body count with its weight, as they do when they are lifted here")
    func bodyWeight() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            _ = try await ada.client.send("POST", "/v1/progress/body", text: #"{"weightKg": 80}"#)
            let report = try await ada.imported(ImportFixture.hevy([0, 10], exercise: "Pull Up")).report
            #expect(report.exercises.map(\.exerciseName) == ["Pullups"])
            let id = try #require(report.items.first?.workoutId)
            let workout: Workout = try await ada.client.get("/v1/workouts/\(id)").decoded()
            #expect(workout.exercises.first?.bodyLoadKg == 76)
            #expect(workout.summary.tonnageKg == 76 * 5 + 86 * 5)
        }
    }

    @Test("two imports of the same file at once double nothing")
    func concurrent() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let data = try ImportFixture.whole("hevy_kg_emoji")
            async let first = ada.imported(data)
            async let second = ada.imported(data)
            let reports = try await [first.report, second.report]
            #expect(reports.map(\.workouts.created).reduce(0, +) == 17)
            #expect(reports.map(\.workouts.unchanged).reduce(0, +) == 17)
            #expect(try await server.count("workouts") == 17)
            #expect(try await server.count("workout_sets") == reports.map(\.sets.created).reduce(0, +))
            let names = try await server.pool.query(
                "select name from exercises where owner is not null", as: String.self)
            #expect(Set(names).count == names.count)
        }
    }
}
