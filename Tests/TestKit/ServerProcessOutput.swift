import Foundation
import Glibc
import Synchronization

/// The life of one child process as its starting thread sees it: its lines, who waits for which, and its end.
final class ProcessOutput: Sendable {
    private struct Waiter {
        let isWanted: @Sendable (String) -> Bool
        let continuation: CheckedContinuation<String?, Never>
    }

    private struct State {
        var pid: pid_t = 0
        var startError: Int32 = 0
        var lines: [String] = []
        var isClosed = false
        var exit: ServerProcess.Exit?
        var lineWaiters: [Waiter] = []
        var exitWaiters: [CheckedContinuation<ServerProcess.Exit, Never>] = []
    }

    private let state = Mutex(State())
    /// One at a time: a child that inherits another one's pipe would keep it open.
    private static let spawning = Mutex(())

    var lines: [String] { state.withLock { $0.lines } }

    func startedPid() throws -> pid_t {
        let (pid, error) = state.withLock { ($0.pid, $0.startError) }
        guard error == 0 else { throw POSIXError(POSIXErrorCode(rawValue: error) ?? .EIO) }
        return pid
    }

    func line(where isWanted: @escaping @Sendable (String) -> Bool) async throws -> String {
        let line = await withCheckedContinuation { (continuation: CheckedContinuation<String?, Never>) in
            let known: String?? = state.withLock { state in
                if let line = state.lines.first(where: isWanted) { return .some(line) }
                if state.isClosed { return .some(nil) }
                state.lineWaiters.append(Waiter(isWanted: isWanted, continuation: continuation))
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
        guard let line else {
            let (lines, exit) = state.withLock { ($0.lines, $0.exit) }
            let how = exit.map { "\($0)" } ?? "its output ended"
            throw ServerProcess.Ended(description: (lines + ["the process ended: \(how)"]).joined(separator: "\n"))
        }
        return line
    }

    func exit() async -> ServerProcess.Exit {
        await withCheckedContinuation { continuation in
            let exit = state.withLock { state in
                if state.exit == nil { state.exitWaiters.append(continuation) }
                return state.exit
            }
            if let exit { continuation.resume(returning: exit) }
        }
    }

    /// Under the lock, so that the id cannot have been given to another process meanwhile.
    func send(_ signal: Int32, to pid: pid_t) {
        state.withLock { if $0.exit == nil { kill(pid, signal) } }
    }

    /// Starts the command, reads its output to the end and waits for its exit; blocks this thread all the while.
    func run(_ command: [String], environment: [String: String], onStart: () -> Void) {
        let (pid, error, descriptor) = Self.spawning.withLock { _ in
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { return (pid_t(), errno, Int32(-1)) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            let (pid, error) = Self.spawn(command, environment, output: ends[1])
            close(ends[1])
            return (pid, error, ends[0])
        }
        state.withLock {
            $0.pid = pid
            $0.startError = error
        }
        onStart()
        if error == 0 {
            read(descriptor)
            finish(Self.wait(pid))
        }
        close(descriptor)
    }

    private func read(_ descriptor: Int32) {
        var rest: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest += chunk.prefix(count)
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                add(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeSubrange(...end)
            }
        }
        if !rest.isEmpty { add(String(decoding: rest, as: UTF8.self)) }
    }

    private func add(_ line: String) {
        let served = state.withLock { state in
            state.lines.append(line)
            let served = state.lineWaiters.filter { $0.isWanted(line) }
            state.lineWaiters.removeAll { $0.isWanted(line) }
            return served
        }
        for waiter in served { waiter.continuation.resume(returning: line) }
    }

    private func finish(_ exit: ServerProcess.Exit) {
        let (lineWaiters, exitWaiters) = state.withLock { state in
            state.isClosed = true
            state.exit = exit
            defer {
                state.lineWaiters = []
                state.exitWaiters = []
            }
            return (state.lineWaiters, state.exitWaiters)
        }
        for waiter in lineWaiters { waiter.continuation.resume(returning: nil) }
        for waiter in exitWaiters { waiter.resume(returning: exit) }
    }

    private static func spawn(
        _ command: [String], _ environment: [String: String], output: Int32
    ) -> (pid: pid_t, error: Int32) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let arguments = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var pid = pid_t()
        let error = posix_spawn(&pid, command[0], &actions, &attributes, arguments, variables)
        return (pid, error)
    }

    private static func wait(_ pid: pid_t) -> ServerProcess.Exit {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? .status((status >> 8) & 0xFF) : .signal(signal)
    }
}
