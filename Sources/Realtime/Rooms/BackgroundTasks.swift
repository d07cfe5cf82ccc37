import ServiceLifecycle

/// Runs what event loops and rooms may not wait for: look-ups, openings, pages of history.
///
/// Bounded: beyond 10,000 waiting jobs `start` refuses.
package final class BackgroundTasks: Service, Sendable {
    package typealias Job = @Sendable () async -> Void

    private let jobs: AsyncStream<Job>
    private let continuation: AsyncStream<Job>.Continuation

    package init() {
        (jobs, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(10_000))
    }

    /// - Returns: false when too many jobs wait, or after `finish`; the job will not run.
    package func start(_ job: @escaping Job) -> Bool {
        if case .enqueued = continuation.yield(job) { true } else { false }
    }

    /// Takes no more jobs; `run` ends when those that run have ended.
    package func finish() { continuation.finish() }

    package func run() async throws {
        await withDiscardingTaskGroup { group in
            for await job in jobs { group.addTask { await job() } }
        }
    }
}
