import HTTPTypes
import Hummingbird

/// The routes of the operations port: metrics and health, never reachable from outside of the machine.
struct OperationsRoutes: Sendable {
    let registry: PrometheusRegistry
    let watch: HealthWatch

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: registry.rendered() + ProcessMetrics.rendered())))
        }
        router.get("v1/health") { _, _ in
            let status = watch.health.status
            return EditedResponse(status: status.httpStatus, response: HealthReport(status: status))
        }
        router.get("v1/health/detailed") { _, _ in
            let report = watch.detailed()
            return EditedResponse(status: report.status.httpStatus, response: report)
        }
        return router
    }
}
