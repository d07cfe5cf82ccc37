import NIOPosix

/// Threads for tasks that reckon for long between their waits: on the shared threads of all tasks a few of them would
/// hold up every request.
///
/// `withTaskExecutorPreference(WorkExecutor.logs) { … }` runs what is in no actor there. Actors without an executor of their
/// own would come along, with all who wait for them: call them in `outside`. Lives as long as the process.
final class WorkExecutor: TaskExecutor {
    /// Reads and writes training logs while their senders wait; tasks take turns where they wait for storage.
    static let logs = WorkExecutor(threads: 1)
    /// The same for small ones, which are done at once.
    static let smallLogs = WorkExecutor(threads: 1)
    /// The same for jobs, which last for minutes: who waits for an answer does not stand behind them.
    static let logsOfJobs = WorkExecutor(threads: 1)

    /// Runs on the shared threads what would not be long.
    static func outside<Value, Failure>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try await withTaskExecutorPreference(globalConcurrentExecutor, operation: body)
    }

    private let threads: NIOThreadPool

    private init(threads: Int) {
        self.threads = NIOThreadPool(numberOfThreads: threads)
        self.threads.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        threads.submit { _ in job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
