import API
import Protocol
import Store
import TestKit
import Testing

@Suite("Records are never stale")
struct RecordTests {
    private let squat = ExerciseSeed.id(of: "Barbell_Squat")
    private let bench = ExerciseSeed.id(of: "Barbell_Bench_Press_-_Medium_Grip")

    private func ago(_ days: Int, _ server: RESTServer) -> Timestamp { server.clock.now - .seconds(86_400 * days) }

    private func records(_ user: TestUser, of exercise: ExerciseID) async throws -> [TrainingRecord] {
        let page: Page<ExerciseRecords> = try await user.client.get("/v1/progress/records?exercise=\(exercise)")
            .decoded()
        return page.items.first?.records ?? []
    }

    private func workout(_ id: WorkoutID, _ user: TestUser) async throws -> Workout {
        try await user.client.get("/v1/workouts/\(id)").decoded()
    }

    private func log(_ body: String, _ workout: WorkoutID, _ entry: EntryID, _ user: TestUser) async throws -> SetID {
        try await user.client.send("POST", "/v1/workouts/\(workout)/exercises/\(entry)/sets", text: body)
            .decoded(as: WorkoutSet.self).id
    }

    private func begin(_ exercise: ExerciseID, _ user: TestUser) async throws -> (workout: WorkoutID, entry: EntryID) {
        let workout: Workout = try await user.client.send("POST", "/v1/workouts", text: "{}").decoded()
        let entry: WorkoutExercise = try await user.client.send(
            "POST", "/v1/workouts/\(workout.id)/exercises", text: #"{"exerciseId": "\#(exercise)"}"#
        ).decoded()
        return (workout.id, entry.id)
    }

    @Test("an estimate is unsure from more than ten repetitions, and no record from more than fifteen")
    func repetitions() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let lifts: [TestUser.Lift] = [.init(100, 10), .init(100, 11), .init(100, 15), .init(100, 16)]
            let done = try await ada.lift(squat, lifts, at: ago(2, server))
            let sets = try #require(done.exercises.first?.sets)
            #expect(sets.map(\.isEstimateUnsure) == [false, true, true, true])
            func best() async throws -> TrainingRecord? {
                try await records(ada, of: squat).first { $0.kind == .bestEstimatedOneRepMax }
            }
            var record = try #require(try await best())
            #expect(record.setId == sets[2].id && record.value == 150 && record.isUnsure)
            let path = "/v1/workouts/\(done.id)/exercises/\(done.exercises[0].id)/sets"
            for set in sets[1...2] { #expect(try await ada.client.delete("\(path)/\(set.id)").status == 204) }
            record = try #require(try await best())
            #expect(record.setId == sets[0].id && !record.isUnsure)
            #expect(try await ada.client.delete("\(path)/\(sets[0].id)").status == 204)
            #expect(try await best() == nil)
        }
    }

    @Test("longest and farthest follow edits, deletions, removed exercises and deleted workouts")
    func cardio() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let (first, entry) = try await begin(bench, ada)
            let far = try await log(#"{"durationSeconds": 600, "distanceMeters": 2000}"#, first, entry, ada)
            let long = try await log(#"{"durationSeconds": 900, "distanceMeters": 1500}"#, first, entry, ada)
            func holders() async throws -> [SetID?] {
                let records = try await records(ada, of: bench)
                return [.longest, .farthest].map { kind in records.first { $0.kind == kind }?.setId }
            }
            #expect(try await holders() == [long, far])
            let path = "/v1/workouts/\(first)/exercises/\(entry)"
            _ = try await ada.client.send(
                "PUT", "\(path)/sets/\(long)", text: #"{"durationSeconds": 500, "distanceMeters": 2500}"#)
            #expect(try await holders() == [far, long])
            #expect(try await ada.client.delete("\(path)/sets/\(long)").status == 204)
            #expect(try await holders() == [far, far])
            let (second, other) = try await begin(bench, ada)
            let farther = try await log(#"{"durationSeconds": 700, "distanceMeters": 3000}"#, second, other, ada)
            #expect(try await holders() == [farther, farther])
            #expect(try await ada.client.delete("/v1/workouts/\(second)").status == 204)
            #expect(try await holders() == [far, far])
            #expect(try await ada.client.delete(path).status == 204)
            #expect(try await holders() == [nil, nil])
        }
    }

    @Test("a late set of long ago takes the record of equal ones, and repetitions without weight have theirs")
    func late() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let first = try await ada.lift(squat, [.init(100, 5), .init(0, 30)], at: ago(5, server))
            #expect(try await records(ada, of: squat).filter { $0.kind == .mostReps }.map(\.value) == [5, 30])
            let imported = try await ada.lift(squat, [.init(100, 5)], at: ago(400, server))
            func holder(_ kind: TrainingRecordKind) async throws -> WorkoutID? {
                try await records(ada, of: squat).first { $0.kind == kind }?.workoutId
            }
            #expect(try await holder(.heaviestWeight) == imported.id)
            #expect(try await holder(.bestEstimatedOneRepMax) == imported.id)
            #expect(try await holder(.bestSetTonnage) == imported.id)
            #expect(try await ada.client.delete("/v1/workouts/\(imported.id)").status == 204)
            let left = Set(try await records(ada, of: squat).map(\.workoutId))
            #expect(left == [first.id])
        }
    }

    @Test("a renamed exercise's records have its new name, a deleted one's stay")
    func exercise() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let body = #"{"name": "Log", "level": "beginner", "category": "strength", "primaryMuscles": ["biceps"]}"#
            let own: Exercise = try await ada.client.send("POST", "/v1/exercises", text: body).decoded()
            try await ada.lift(own.id, [.init(60, 3)], at: ago(2, server))
            func names() async throws -> [String] {
                let page: Page<ExerciseRecords> = try await ada.client.get("/v1/progress/records").decoded()
                return page.items.map(\.name)
            }
            _ = try await ada.client.send("PUT", "/v1/exercises/\(own.id)", text: #"{"name": "Log press"}"#)
            #expect(try await names() == ["Log press"])
            #expect(try await ada.client.delete("/v1/exercises/\(own.id)").status == 204)
            #expect(try await names() == ["Log press"])
            #expect(try await records(ada, of: own.id).contains { $0.kind == .heaviestWeight && $0.value == 60 })
        }
    }

    @Test("a workout's own records know what another workout did since it was opened")
    func overtaken() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            try await ada.lift(squat, [.init(90, 1)], at: ago(5, server))
            let (first, entry) = try await begin(squat, ada)
            let set = try await log(#"{"weightKg": 100, "reps": 1}"#, first, entry, ada)
            func holders() async throws -> Set<SetID> {
                Set(try await workout(first, ada).records.map(\.setId))
            }
            #expect(try await holders() == [set])
            let (second, other) = try await begin(squat, ada)
            let heavier = try await log(#"{"weightKg": 120, "reps": 1}"#, second, other, ada)
            #expect(try await holders() == [])
            #expect(Set(try await workout(second, ada).records.map(\.setId)) == [heavier])
            #expect(try await workout(second, ada).records.first?.previousKg == 100)
            #expect(try await ada.client.delete("/v1/workouts/\(second)").status == 204)
            #expect(try await holders() == [set])
            #expect(try await workout(first, ada).records.first?.previousKg == 90)
        }
    }

    @Test("what the room says of its records is what progress says, through random sets, edits and deletions")
    func agreement() async throws {
        let seed = UInt64.random(in: 1...1_000_000)
        print("record agreement: seed \(seed)")
        try await RESTServer.run(isLive: true) { server in
            var random = SplitMix64(state: seed)
            let ada = try await server.user("ada")
            try await ada.lift(squat, [.init(100, 3)], at: ago(9, server))
            let (id, entry) = try await begin(squat, ada)
            let second: WorkoutExercise = try await ada.client.send(
                "POST", "/v1/workouts/\(id)/exercises", text: #"{"exerciseId": "\#(squat)"}"#
            ).decoded()
            var sets: [(id: SetID, entry: EntryID)] = []
            for step in 0..<40 {
                let values = #"""
                    {"weightKg": \#(90 + 5 * Int.random(in: 0...5, using: &random)),
                     "reps": \#([1, 3, 5, 12, 15, 16, 20][Int.random(in: 0...6, using: &random)]),
                     "type": "\#(random.chance(in: 5) ? "warmup" : "normal")"}
                    """#
                let action = sets.isEmpty ? 0 : Int.random(in: 0...3, using: &random)
                let picked = sets.isEmpty ? 0 : Int.random(in: 0..<sets.count, using: &random)
                switch action {
                case 0, 1:
                    let place = random.chance(in: 2) ? entry : second.id
                    sets.append((try await log(values, id, place, ada), place))
                case 2:
                    let path = "/v1/workouts/\(id)/exercises/\(sets[picked].entry)/sets/\(sets[picked].id)"
                    #expect(try await ada.client.send("PUT", path, text: values).status == 200)
                default:
                    let gone = sets.remove(at: picked)
                    let path = "/v1/workouts/\(id)/exercises/\(gone.entry)/sets/\(gone.id)"
                    #expect(try await ada.client.delete(path).status == 204)
                }
                let told = try await workout(id, ada).records
                let held = try await records(ada, of: squat)
                for kind in [TrainingRecordKind.heaviestWeight, .bestEstimatedOneRepMax] {
                    let ours = told.first { $0.kind == kind.rawValue }
                    let theirs = held.first { $0.kind == kind && $0.workoutId == id }
                    #expect(ours?.setId == theirs?.setId, "seed \(seed), step \(step), \(kind)")
                    #expect(ours?.valueKg == theirs?.value, "seed \(seed), step \(step), \(kind)")
                }
            }
        }
    }
}
