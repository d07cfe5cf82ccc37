import Glibc
import Synchronization

/// A server process that this process started; its end is noticed once, by a thread that waits for it.
final class Postmaster: Sendable {
    private struct End {
        var hasEnded = false
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    let pid: pid_t
    private let end = Mutex(End())

    /// Starts the server. Must run on the thread whose end shall stop it.
    init(_ command: [String], log: String) throws(LocalClusterError) {
        pid = try ChildProcess.spawn(command, output: log)
        let watching = Thread.start(name: "postmaster-wait") { [self] in
            _ = ChildProcess.wait(pid)
            wake(hasEnded: true)
        }
        guard watching else {
            kill(pid, SIGQUIT)
            _ = ChildProcess.wait(pid)
            throw .program("Postgres", output: "the system refuses another thread")
        }
    }

    var hasEnded: Bool { end.withLock { $0.hasEnded } }

    /// Returns once the process has ended, however long that takes.
    func waitForEnd() async {
        while !hasEnded { await waitForNews() }
    }

    /// Returns once the process has ended or the task is cancelled.
    func waitForEndOrCancellation() async {
        await withTaskCancellationHandler {
            // A cancellation that came before we stood in line has woken nobody.
            await waitForNews(unless: { Task.isCancelled })
        } onCancel: {
            wake(hasEnded: false)
        }
    }

    private func waitForNews(unless isPointless: @Sendable () -> Bool = { false }) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let mustWait = end.withLock { end in
                if end.hasEnded || isPointless() { return false }
                end.waiters.append(continuation)
                return true
            }
            if !mustWait { continuation.resume() }
        }
    }

    /// Sends a signal, unless the process is known to have ended.
    func signal(_ signal: Int32) {
        if !hasEnded { kill(pid, signal) }
    }

    private func wake(hasEnded: Bool) {
        let waiters = end.withLock { end in
            end.hasEnded = end.hasEnded || hasEnded
            defer { end.waiters = [] }
            return end.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
