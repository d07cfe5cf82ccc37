import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Workouts made from templates")
struct PlannedWorkoutTests {
    private func plan(_ user: TestUser, _ members: String) async throws -> RESTAnswer {
        try await user.client.send("POST", "/v1/workouts", text: "{\(members)}")
    }

    private func template(_ user: TestUser) async throws -> Template {
        try await user.client.send("POST", "/v1/templates", text: TemplateTests.body()).decoded()
    }

    /// Logs what is aimed at, with the weight given where nothing else is known, and completes.
    private func train(_ user: TestUser, _ workout: Workout, weightKg: Double, reps: Int) async throws {
        let path = "/v1/workouts/\(workout.id)"
        for exercise in workout.exercises {
            for target in exercise.targets where target.type != .warmup {
                let body = #"{"weightKg": \#(target.weightKg ?? weightKg), "reps": \#(reps)}"#
                _ = try await user.client.send("POST", "\(path)/exercises/\(exercise.id)/sets", text: body)
            }
        }
        _ = try await user.client.send("POST", "\(path)/complete")
    }

    @Test("the first time weights are to be found; complete sets raise them, missing repetitions keep them")
    func progression() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let template = try await template(ada)
            let members = #""templateId": "\#(template.id)", "day": 1"#
            let first = try await plan(ada, members)
            #expect(first.status == 201)
            let one: Workout = try first.decoded()
            #expect(one.status == .active)
            #expect(one.name == "Squat day")
            #expect(one.template == WorkoutTemplate(templateId: template.id, version: 1, week: 1, day: 1))
            let exercise = try #require(one.exercises.first)
            #expect(exercise.name == "Barbell Squat")
            #expect(exercise.restSeconds == 180)
            #expect(exercise.targets.map(\.reason) == [.template, .firstTime, .firstTime])
            let areTold = exercise.targets.allSatisfy { !$0.why.isEmpty }
            #expect(areTold)
            try await train(ada, one, weightKg: 100, reps: 5)
            server.clock.advance(by: .seconds(60))
            let two: Workout = try await plan(ada, members).decoded()
            #expect(two.template?.week == 2)
            #expect(two.exercises.first?.targets.map(\.weightKg) == [nil, 105, 105])
            #expect(two.exercises.first?.targets.last?.reason == .allRepsReached)
            try await train(ada, two, weightKg: 0, reps: 4)
            server.clock.advance(by: .seconds(60))
            let three: Workout = try await plan(ada, members).decoded()
            #expect(three.exercises.first?.targets.last?.weightKg == 105)
            #expect(three.exercises.first?.targets.last?.reason == .repsMissing)
            let shown: Workout = try await ada.client.get("/v1/workouts/\(two.id)").decoded()
            #expect(shown.exercises.first?.targets == two.exercises.first?.targets)
            #expect(shown.exercises.first?.sets.count == 2)
            let used: Template = try await ada.client.get("/v1/templates/\(template.id)").decoded()
            #expect(used.uses == 3)
            let list: Page<WorkoutItem> = try await ada.client.get("/v1/workouts?template=\(template.id)").decoded()
            #expect(list.items.count == 3)
        }
    }

    @Test("percentages and RPE resolve against the estimated 1RM, rounded to the plates")
    func intensity() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let template = try await template(ada)
            try await ada.log(TemplateTests.bench)
            let members = #""templateId": "\#(template.id)", "day": 2, "week": 3, "plannedFor": "2030-01-02""#
            let workout: Workout = try await plan(ada, members).decoded()
            #expect(workout.status == .planned)
            #expect(workout.template?.week == 3)
            let exercise = try #require(workout.exercises.first)
            #expect(exercise.supersetGroup == 1)
            #expect(exercise.note == "Pause.")
            // 100 kg × 5 is 116.667 kg by Epley: 80 % are 93.3 kg, five at RPE 8 (seven to failure) 94.6 kg.
            #expect(exercise.targets.map(\.weightKg) == [92.5, 95])
            #expect(exercise.targets.map(\.reason) == [.intensity, .intensity])
        }
    }

    @Test("a key makes one workout and one use; what the template lacks is told")
    func refusals() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let template = try await template(ada)
            let body = #"{"templateId": "\#(template.id)", "day": 1}"#
            let key = [("Idempotency-Key", "monday")]
            let first = try await bob.client.send("POST", "/v1/workouts", text: body, headers: key)
            let second = try await bob.client.send("POST", "/v1/workouts", text: body, headers: key)
            #expect(first.status == 201)
            #expect(first.body == second.body)
            let used: Template = try await ada.client.get("/v1/templates/\(template.id)").decoded()
            #expect(used.uses == 1)
            func pointer(_ members: String) async throws -> String? {
                try await plan(bob, members).problem.errors.first?.pointer
            }
            #expect(try await pointer(#""templateId": "\#(template.id)", "day": 3"#) == "/day")
            #expect(try await pointer(#""templateId": "\#(template.id)", "day": 1, "week": 5"#) == "/week")
            #expect(try await pointer(#""templateId": "\#(template.id)""#) == "/day")
            #expect(try await pointer(#""day": 1"#) == "/templateId")
            #expect(try await pointer(#""templateId": "\#(TemplateID.make())", "day": 1"#) == "/templateId")
            _ = try await ada.client.send("PUT", "/v1/templates/\(template.id)", text: #"{"visibility": "private"}"#)
            #expect(try await pointer(#""templateId": "\#(template.id)", "day": 1"#) == "/templateId")
        }
    }

    /// A program of two weeks whose days have other names and exercises each.
    private func program(_ user: TestUser) async throws -> Template {
        func day(_ name: String, _ exercise: ExerciseID) -> String {
            """
            {"days": [{"name": "\(name)", "exercises": [
                {"exerciseId": "\(exercise)", "note": "\(name)", "sets": [{"reps": 5}]}]}]}
            """
        }
        let weeks = [day("Week of squats", TemplateTests.squat), day("Week of presses", TemplateTests.bench)]
        let body = """
            {"name": "Two weeks", "category": "strength", "level": "beginner", "lengthWeeks": 2,
             "weeks": [\(weeks.joined(separator: ", "))]}
            """
        return try await user.client.send("POST", "/v1/templates", text: body).decoded()
    }

    @Test("a retry whose first answer was lost is of the same week, and the same workout")
    func retried() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let template = try await program(ada)
            let body = #"{"templateId": "\#(template.id)", "day": 1}"#
            let key = [("Idempotency-Key", "monday")]
            let first = try await ada.client.send("POST", "/v1/workouts", text: body, headers: key)
            #expect(try first.decoded(as: Workout.self).name == "Week of squats")
            for _ in 0..<2 {
                try await server.loseAnswers()
                server.clock.advance(by: .seconds(2))
                let again = try await ada.client.send("POST", "/v1/workouts", text: body, headers: key)
                #expect(again.status == 201 && again.body == first.body, "\(again.text)")
            }
            #expect(try await server.count("workouts") == 1)
            let used: Template = try await ada.client.get("/v1/templates/\(template.id)").decoded()
            #expect(used.uses == 1)
        }
    }

    /// A call that plans a day of a program and was ended between the workout and its plan: its body and key.
    private func interruptedPlan(
        _ user: TestUser, _ server: RESTServer
    ) async throws -> (body: String, key: [(String, String)]) {
        let template = try await program(user)
        let body = #"{"templateId": "\#(template.id)", "day": 1}"#
        let key = [("Idempotency-Key", "monday")]
        try await server.refuse("insert", on: "workout_plans")
        #expect(try await user.client.send("POST", "/v1/workouts", text: body, headers: key).status >= 500)
        try await server.refuseNoMore("workout_plans")
        return (body, key)
    }

    @Test("a retry goes on where the first try ended, also when other workouts were made of the template meanwhile")
    func resumed() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let (body, key) = try await interruptedPlan(ada, server)
            #expect(try await server.count("workouts") == 1)
            server.clock.advance(by: .seconds(60))
            #expect(try await ada.client.send("POST", "/v1/workouts", text: body).status == 201)
            let again: Workout = try await ada.client.send("POST", "/v1/workouts", text: body, headers: key).decoded()
            #expect(again.name == "Week of squats")
            #expect(again.template?.week == 1)
            #expect(again.exercises.map(\.name) == ["Barbell Squat"])
            #expect(try await server.count("workouts") == 2)
        }
    }

    @Test("a call that was refused behind its first op keeps its key: no retry makes a second workout")
    func refusedBehind() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let (body, key) = try await interruptedPlan(ada, server)
            let made = try await server.pool.first("select id from workouts", as: UUIDv7.self)
            #expect(try await ada.client.delete("/v1/workouts/\(try #require(made))").status == 204)
            for _ in 0..<3 {
                server.clock.advance(by: .seconds(2))
                let again = try await ada.client.send("POST", "/v1/workouts", text: body, headers: key)
                #expect(again.status == 404, "\(again.text)")
            }
            #expect(try await server.count("workouts") == 1)
        }
    }

    @Test("a workout that was deleted counts no longer for the week that one is in")
    func deleted() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let template = try await program(ada)
            let members = #""templateId": "\#(template.id)", "day": 1"#
            for _ in 0..<3 {
                let workout: Workout = try await plan(ada, members).decoded()
                #expect(workout.template?.week == 1)
                #expect(try await ada.client.delete("/v1/workouts/\(workout.id)").status == 204)
                server.clock.advance(by: .seconds(60))
            }
            _ = try await plan(ada, members)
            server.clock.advance(by: .seconds(60))
            let next: Workout = try await plan(ada, members).decoded()
            #expect(next.template?.week == 2)
            #expect(try await ada.client.delete("/v1/workouts/\(next.id)").status == 204)
            server.clock.advance(by: .seconds(60))
            #expect(try await plan(ada, members).decoded(as: Workout.self).template?.week == 2)
        }
    }

    @Test("only those who completed a workout of a template rate it, and nobody their own")
    func rating() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let template = try await template(ada)
            let path = "/v1/templates/\(template.id)"
            func rate(_ user: TestUser, _ rating: Int) async throws -> RESTAnswer {
                try await user.client.send("POST", "\(path)/rate", text: #"{"rating": \#(rating)}"#)
            }
            #expect(try await rate(bob, 4).status == 403)
            let members = #""templateId": "\#(template.id)", "day": 1"#
            for user in [ada, bob] {
                let workout: Workout = try await plan(user, members).decoded()
                try await train(user, workout, weightKg: 60, reps: 5)
            }
            #expect(try await rate(ada, 5).status == 403)
            #expect(try await rate(bob, 0).status == 422)
            #expect(try await rate(bob, 3).status == 200)
            let rating: TemplateRating = try await rate(bob, 4).decoded()
            #expect(rating.averageRating == 4)
            #expect(rating.ratingCount == 1)
            let best: Page<TemplateItem> = try await bob.client.get("/v1/templates/public?sort=rating").decoded()
            #expect(best.items.first?.myRating == 4)
        }
    }

    @Test("another's own exercise comes as a name that can be trained")
    func foreignExercise() async throws {
        try await RESTServer.run(isLive: true) { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let body =
                #"{"name": "Log Squat", "level": "beginner", "category": "strength", "primaryMuscles": ["glutes"]}"#
            let own: Exercise = try await ada.client.send("POST", "/v1/exercises", text: body).decoded()
            let text = TemplateTests.body().replacing("\(TemplateTests.squat)", with: "\(own.id)")
            let template: Template = try await ada.client.send("POST", "/v1/templates", text: text).decoded()
            let workout: Workout = try await plan(bob, #""templateId": "\#(template.id)", "day": 1"#).decoded()
            #expect(workout.exercises.first?.name == "Log Squat")
            #expect(workout.exercises.first?.exerciseId == nil)
            #expect(workout.exercises.first?.targets.count == 3)
        }
    }
}
