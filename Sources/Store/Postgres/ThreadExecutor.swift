import Glibc

/// A serial executor that runs its jobs on one thread of its own, so that blocking C calls hold up nobody else.
///
/// The thread lives as long as the executor. Processes spawned from it may therefore be bound to its life
/// (`PR_SET_PDEATHSIG` fires when the spawning thread ends).
package final class ThreadExecutor: SerialExecutor {
    private let queue: JobQueue

    /// Starts the thread. `name` is shown by `top -H`, at most 15 bytes.
    package init(name: String) throws(StoreError) {
        queue = JobQueue()
        guard queue.startThread(name: name) else { throw .unavailable("the system refuses another thread") }
    }

    deinit { queue.stop() }

    package func enqueue(_ job: consuming ExecutorJob) {
        queue.append(UnownedJob(job), of: self)
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}

/// The jobs that wait for one thread.
///
/// Unchecked because the compiler cannot see the confinement: `jobs` and `isStopping` are read and written only
/// while `lock` is held, and the two pointers never change.
private final class JobQueue: @unchecked Sendable {
    /// A job keeps its executor alive until it has run.
    private typealias Entry = (job: UnownedJob, executor: ThreadExecutor)

    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let ready = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [Entry] = []
    private var isStopping = false

    init() {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(ready, nil)
    }

    deinit {
        pthread_cond_destroy(ready)
        pthread_mutex_destroy(lock)
        ready.deallocate()
        lock.deallocate()
    }

    func startThread(name: String) -> Bool {
        Thread.start(name: name) { self.run() }
    }

    func append(_ job: UnownedJob, of executor: ThreadExecutor) {
        pthread_mutex_lock(lock)
        jobs.append((job, executor))
        pthread_cond_signal(ready)
        pthread_mutex_unlock(lock)
    }

    func stop() {
        pthread_mutex_lock(lock)
        isStopping = true
        pthread_cond_signal(ready)
        pthread_mutex_unlock(lock)
    }

    private func run() {
        while let entries = next() {
            for entry in entries {
                entry.job.runSynchronously(on: entry.executor.asUnownedSerialExecutor())
            }
        }
    }

    private func next() -> [Entry]? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while jobs.isEmpty {
            if isStopping { return nil }
            pthread_cond_wait(ready, lock)
        }
        let entries = jobs
        jobs = []
        return entries
    }
}
