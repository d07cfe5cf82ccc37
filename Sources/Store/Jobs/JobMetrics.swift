import Metrics

/// What the workers count.
struct JobMetrics: Sendable {
    enum Outcome: String {
        case done, retried, dead, released, lost
    }

    private let waiting = Gauge(label: "fitai_jobs_due")
    private let dead = Gauge(label: "fitai_jobs_dead")

    func ended(_ kind: String, _ outcome: Outcome, after elapsed: Duration) {
        Counter(label: "fitai_jobs_total", dimensions: [("kind", kind), ("outcome", outcome.rawValue)]).increment()
        Timer(label: "fitai_job_seconds", dimensions: [("kind", kind)]).record(duration: elapsed)
    }

    /// Jobs that wait although they are due, and dead letters.
    func stock(due: Int, dead count: Int) {
        waiting.record(due)
        dead.record(count)
    }
}
