/// Thrown when work took longer than it was given.
struct DeadlineExceeded: Error {}

/// Runs the work and cancels it at the deadline; then throws `DeadlineExceeded`.
func withDeadline<Result: Sendable>(
    _ duration: Duration, _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: duration)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let result = first else { throw DeadlineExceeded() }
        return result
    }
}
