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
        guard let line = Files.read(directory.postmasterFile)?.split(separator: "\n").first, let pid = pid_t(line),
            // A single-user server writes its id with a minus sign.
            let process = ProcessState(pid_t(clamping: pid.magnitude))
        else { return .none }
        // A postmaster works in its data directory.
        guard !process.isZombie, ProcessState.workingDirectory(process.pid) == directory.data else { return .stale }
        return .running(process)
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
        guard fields.count == 2, let pid = pid_t(fields[0]) else { return false }
        guard let process = ProcessState(pid), !process.isZombie else { return true }
        return process.startedAt != fields[1]
    }
}
