import API
import Protocol

/// What a test athlete lifts over REST.
extension TestUser {
    /// One set as it is sent.
    package struct Lift: Sendable {
        package var weightKg: Double
        package var reps: Int
        package var type: String

        package init(_ weightKg: Double, _ reps: Int, _ type: String = "normal") {
            self.weightKg = weightKg
            self.reps = reps
            self.type = type
        }
    }

    /// A workout of the past: begun then, an exercise with its sets a minute apart, completed an hour later.
    @discardableResult
    package func lift(
        _ exercise: ExerciseID, _ lifts: [Lift], at start: Timestamp, rpe: Double? = nil, isCompleted: Bool = true
    ) async throws -> Workout {
        let body = #"{"startedAt": "\#(start.rfc3339)"}"#
        let workout: Workout = try await client.send("POST", "/v1/workouts", text: body).decoded()
        let path = "/v1/workouts/\(workout.id)"
        let entry: WorkoutExercise = try await client.send(
            "POST", "\(path)/exercises", text: #"{"exerciseId": "\#(exercise)"}"#
        ).decoded()
        for (index, lift) in lifts.enumerated() {
            let at = start + .seconds(60 * (index + 1))
            let values = #"""
                {"weightKg": \#(lift.weightKg), "reps": \#(lift.reps), "type": "\#(lift.type)", "at": "\#(at.rfc3339)"}
                """#
            _ = try await client.send("POST", "\(path)/exercises/\(entry.id)/sets", text: values)
                .decoded(as: WorkoutSet.self)
        }
        guard isCompleted else { return try await client.get(path).decoded() }
        let end = (start + .seconds(3600)).rfc3339
        let step = rpe.map { #"{"at": "\#(end)", "rpe": \#($0)}"# } ?? #"{"at": "\#(end)"}"#
        return try await client.send("POST", "\(path)/complete", text: step).decoded()
    }
}
