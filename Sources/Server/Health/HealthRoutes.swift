import API
import Protocol

/// `/v1/health` on the port for everybody, and its details for administrators.
struct HealthRoutes: Sendable {
    let health: Health
    let detailed: @Sendable () -> DetailedHealthReport

    func declare(on routes: inout RouteTable) {
        routes.get("/v1/health", "Whether this node takes requests", use: overall)
        routes.get("/v1/health/detailed", "What this node knows of itself", use: details)
    }

    private func overall(_ call: Call<Anyone, NoQuery, NoBody>) async throws -> Answer<HealthReport> {
        let status = health.status
        guard status.takesWork else {
            throw Problem(.unavailable, detail: "this node is \(status.rawValue)", retryAfterSeconds: 1)
        }
        return Answer(HealthReport(status: status))
    }

    private func details(_ call: Call<Administrator, NoQuery, NoBody>) async throws -> Answer<DetailedHealthReport> {
        Answer(detailed())
    }
}
