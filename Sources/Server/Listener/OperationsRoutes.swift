import HTTPTypes
import Hummingbird
import Protocol

/// The routes of the operations port: metrics and health, never reachable from outside of the machine.
struct OperationsRoutes: Sendable {
    let registry: PrometheusRegistry
    let health: Health
    let startedAt: Timestamp
    let database: Database

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: registry.rendered() + ProcessMetrics.rendered())))
        }
        router.get("v1/health") { _, _ in
            let status = health.status
            return EditedResponse(status: status.httpStatus, response: HealthReport(status: status))
        }
        router.get("v1/health/detailed") { _, _ in
            let report = detailed()
            return EditedResponse(status: report.status.httpStatus, response: report)
        }
        return router
    }

    private func detailed() -> DetailedHealthReport {
        DetailedHealthReport(
            status: health.status, phase: health.readiness.phase, version: Release.version, startedAt: startedAt,
            database: .init(
                isReachable: health.databaseIsReachable(), isPrivate: database.cluster != nil,
                durability: "what is called durable is on this Postgres's disk; without synchronous_standby_names it "
                    + "does not outlive a failover"),
            queue: health.queue())
    }
}
