import Protocol
import Store
import TestKit

extension TestUser {
    /// Trains exercises in one completed workout, with so many sets of 100 kg × 5 each.
    @discardableResult
    func log(_ exercises: [ExerciseID], sets: Int = 1) async throws -> WorkoutID {
        let workout: Workout = try await client.send("POST", "/v1/workouts", text: "{}").decoded()
        let path = "/v1/workouts/\(workout.id)"
        for exercise in exercises {
            let entry: WorkoutExercise = try await client.send(
                "POST", "\(path)/exercises", text: #"{"exerciseId": "\#(exercise)"}"#
            ).decoded()
            for _ in 0..<sets {
                _ = try await client.send(
                    "POST", "\(path)/exercises/\(entry.id)/sets", text: #"{"weightKg": 100, "reps": 5}"#
                ).decoded(as: WorkoutSet.self)
            }
        }
        _ = try await client.send("POST", "\(path)/complete").decoded(as: Workout.self)
        return workout.id
    }

    func log(_ exercise: ExerciseID, sets: Int = 1) async throws { try await log([exercise], sets: sets) }
}

extension RESTServer {
    /// Registers an administrator and signs them in.
    func admin(_ name: String) async throws -> TestUser {
        let user = try await user(name)
        try await pool.execute("update users set role = 'admin' where id = \(user.id)")
        let body = LoginRequest(login: name, password: Self.password)
        let signedIn: SignedIn = try await client.post("/v1/auth/login", body).decoded()
        // As if it had passed a second factor, without which the role doesn't count.
        try await pool.execute("update sessions set factor_at = created_at where user_id = \(user.id)")
        let renewal = RefreshRequest(refreshToken: signedIn.tokens.refreshToken)
        let tokens: Tokens = try await client.post("/v1/auth/refresh", renewal).decoded()
        return TestUser(
            account: signedIn.user, tokens: tokens, client: RESTClient(port: port, token: tokens.accessToken))
    }
}
