import Glibc

/// What `postmaster.pid` says about a server, and whether it is true.
enum PostmasterFile {
    enum Finding: Equatable {
        /// No server runs here; Postgres will see that itself.
        case none
        /// The file names a process that is a zombie or has nothing to do with it: Postgres would wrongly believe it.
        case stale
        case running(ProcessState)
    }

    static func look(_ directory: ClusterDirectory) -> Finding {
        guard let pid = pid(in: directory.postmasterFile), let process = ProcessState(pid) else { return .none }
        return isPostmaster(process, of: directory) ? .running(process) : .stale
    }

    /// The process that a lock file of Postgres names in its first line.
    static func pid(in file: String) -> pid_t? {
        // Negative for a single-user server.
        guard let line = Files.read(file)?.split(separator: "\n").first, let pid = pid_t(line), pid != .min else {
            return nil
        }
        return abs(pid)
    }

    /// Whether a process serves this directory. Its number alone proves nothing: numbers come again, and also a shell or a
    /// child of the server may work in the directory.
    private static func isPostmaster(_ process: ProcessState, of directory: ClusterDirectory) -> Bool {
        guard !process.isZombie, ProcessState.workingDirectory(process.pid) == directory.data,
            ProcessState.program(process.pid) == "postgres"
        else { return false }
        // A child's command line is a title: "postgres: checkpointer".
        let arguments = ProcessState.arguments(process.pid)
        return zip(arguments, arguments.dropFirst()).contains { $0 == "-D" && $1 == directory.data }
    }

    /// Removes the lock file of the server's socket when no server of this directory stands behind it; Postgres would
    /// believe whatever process has that number now. Call only while `look` finds no server.
    static func removeSocketLock(of directory: ClusterDirectory, in socketDirectory: String) throws(LocalClusterError) {
        let file = socketDirectory + ClusterDirectory.socketName + ".lock"
        guard Files.exists(file) else { return }
        if let pid = pid(in: file), let process = ProcessState(pid), isPostmaster(process, of: directory) { return }
        guard unlink(file) == 0 || errno == ENOENT else { throw Files.failure(file) }
    }

    /// Makes the file name a process id that cannot exist, so that Postgres goes on to its other test, whether anybody
    /// still uses the cluster's shared memory; removing the file would skip that.
    static func disown(_ directory: ClusterDirectory) throws(LocalClusterError) {
        guard let text = Files.read(directory.postmasterFile) else { return }
        let rest = text.drop { $0 != "\n" }
        try Files.write("\(Int32.max)" + rest, to: directory.postmasterFile, owner: directory.owner)
    }

    /// Notes that this process started the server.
    static func claim(_ directory: ClusterDirectory) throws(LocalClusterError) {
        guard let own = ProcessState(getpid()) else { return }
        try Files.write("\(own.pid) \(own.startedAt)\n", to: directory.parentFile, owner: directory.owner)
    }

    /// Whether the process that started the server is gone; the server is then about to stop.
    static func isOrphan(_ directory: ClusterDirectory) -> Bool {
        let fields = Files.read(directory.parentFile)?.split(whereSeparator: \.isWhitespace) ?? []
        guard fields.count == 2, let pid = pid_t(fields[0]) else { return true }
        guard let process = ProcessState(pid), !process.isZombie else { return true }
        return process.startedAt != fields[1]
    }
}
