import CLinux
import Glibc

/// Starts programs of the system, in a session of their own, without our descriptors and signal settings.
enum ChildProcess {
    private static let environment = ["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C.UTF-8"]
    /// POSIX_SPAWN_SETSID, which Swift's Glibc leaves out: a Ctrl-C in the terminal is not for the children.
    private static let ownSession: Int32 = 0x80

    /// Starts a program; `output` is a file that its output is appended to. Answers its process id.
    static func spawn(_ command: [String], output: String) throws(LocalClusterError) -> pid_t {
        let descriptor = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Files.failure(output) }
        defer { close(descriptor) }
        return try spawn(command, output: descriptor)
    }

    /// Runs a program to its end and answers what it wrote, empty when it cannot be started.
    static func output(of command: [String]) -> String {
        run(command)?.output ?? ""
    }

    /// Runs a program to its end. Throws `.program` with the end of what it wrote when it fails.
    static func run(_ command: [String], named name: String) throws(LocalClusterError) {
        guard let (status, output) = run(command) else { throw .program(name, output: "cannot be started") }
        guard status == 0 else {
            let lines = output.split(whereSeparator: \.isNewline)
            throw .program(name, output: lines.suffix(6).joined(separator: "; "))
        }
    }

    /// Waits for a child to end; blocks the thread.
    static func wait(_ pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return -1 }
        }
        return status
    }

    private static func run(_ command: [String]) -> (status: Int32, output: String)? {
        var ends: [Int32] = [0, 0]
        guard pipe2(&ends, O_CLOEXEC) == 0 else { return nil }
        defer { close(ends[0]) }
        let child: pid_t
        do throws(LocalClusterError) {
            defer { close(ends[1]) }
            child = try spawn(command, output: ends[1])
        } catch {
            return nil
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(ends[0], &chunk, chunk.count)
            if count > 0 { bytes += chunk.prefix(count) }
            if count == 0 || (count < 0 && errno != EINTR) { break }
        }
        return (wait(child), String(decoding: bytes, as: UTF8.self))
    }

    private static func spawn(_ command: [String], output: Int32) throws(LocalClusterError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // A listening socket of ours must not outlive us in a child.
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        // The current directory may be closed to the account.
        posix_spawn_file_actions_addchdir_np(&actions, "/")

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | ownSession
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let arguments = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { (arguments + variables).forEach { free($0) } }
        var child = pid_t()
        let status = posix_spawn(&child, command[0], &actions, &attributes, arguments, variables)
        guard status == 0 else { throw .program(command[0], output: String(cString: strerror(status))) }
        return child
    }
}
