import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// Looks once a second for how long the oldest op has waited to become durable.
///
/// A Postgres that answers may still store nothing: its disk is full, a table is locked, it only reads.
final class DurabilityWatch: Service {
    /// Ops that wait longer than this are a fault.
    private static let limit: Duration = .seconds(5)

    private let oldestAge: @Sendable () -> Duration?
    private let logger: Logger
    private let late = Atomic<Bool>(false)
    private let gauge = Gauge(label: "fitai_oldest_undurable_seconds")

    /// - Parameter oldestAge: nil when nothing waits.
    init(logger: Logger, oldestAge: @escaping @Sendable () -> Duration?) {
        self.logger = logger
        self.oldestAge = oldestAge
    }

    /// Zero when nothing waits.
    var age: Duration { oldestAge() ?? .zero }

    var isFine: Bool { age <= Self.limit }

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    self.look()
                    try await Task.sleep(for: .seconds(1))
                }
            }
        } catch is CancellationError {
            return
        }
    }

    private func look() {
        let age = age
        gauge.record(age.seconds)
        let isLate = age > Self.limit
        guard late.exchange(isLate, ordering: .relaxed) != isLate else { return }
        if isLate {
            logger.error("ops do not become durable", metadata: ["undurable.seconds": "\(age.seconds)"])
        } else {
            logger.notice("ops become durable again")
        }
    }
}

extension Duration {
    /// In seconds, with a fraction.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
