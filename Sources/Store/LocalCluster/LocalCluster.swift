import Dispatch
import Glibc
import Logging
import ServiceLifecycle

/// The private Postgres that serves a machine without one: made in the data directory, reached over a socket only its
/// account can use, stopped with this process however that ends.
///
/// `start` makes or starts it (or finds it running for another process of ours) and answers how to connect; `run`
/// keeps it running; `stop` shuts it down. The actor has a thread of its own: it may block, and the server stops when
/// that thread ends with the process.
package actor LocalCluster: Service {
    private nonisolated let executor: ThreadExecutor
    private let dataDirectory: String
    private let environment: [String: String]
    private let settings: [String]
    private let fallbackRoot: String
    private let searchPath: [String]
    let logger: Logger

    private var directory: ClusterDirectory?
    private var postmaster: Postmaster?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Does nothing yet. `dataDirectory` is the server's DATA_DIR; `settings` (`name=value`) go to Postgres as they
    /// are.
    package init(
        dataDirectory: String, environment: [String: String], settings: [String] = [],
        searchPath: [String]? = nil, fallbackRoot: String = "/var/lib", logger: Logger
    ) throws(StoreError) {
        self.dataDirectory = dataDirectory
        self.environment = environment
        self.settings = settings
        self.searchPath = searchPath ?? PostgresBinaries.searchPath(environment: environment)
        self.fallbackRoot = fallbackRoot
        self.logger = logger
        executor = try ThreadExecutor(name: "postgres-keeper")
    }

    /// Where the data is, absolute; nil before `start`.
    package var location: String? { directory?.data }

    /// What the operator should be told about the place of the data, if anything; nil before `start`.
    package var notice: String? { directory?.notice }

    /// The server's process id, when this process started it.
    package var processID: Int32? { postmaster?.pid }

    /// Starts the server, made first where there is none, and answers the text to connect with.
    ///
    /// Throws `LocalClusterError`.
    package func start() async throws -> String {
        let owner = try ClusterOwner.current()
        let directory = try ClusterDirectory.choose(
            dataDirectory: dataDirectory, owner: owner, fallbackRoot: fallbackRoot)
        self.directory = directory
        let lock = try FileLock(directory.lock)
        let binaries = try PostgresBinaries.find(
            wanted: directory.version, dataDirectory: directory.data, searchPath: searchPath)
        if directory.version == nil { try initialise(directory, binaries) }
        let socket = try directory.socketDirectory(environment: environment)
        let address = ClusterAddress(socketDirectory: socket)
        try startServer(directory, binaries, address)
        withExtendedLifetime(lock) {}
        try await address.makeDatabase(logger: logger)
        return address.connection
    }

    /// Keeps the server running until the service group shuts down or the task is cancelled, then stops it.
    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    try await self.waitForLoss()
                    self.logger.error("The private Postgres has ended; starting it again")
                    try await self.startAgain()
                }
            }
        } catch is CancellationError {
            await stop()
        }
    }

    /// Shuts the server down, if this process started it, and waits for its end.
    package func stop() async {
        guard let postmaster else { return }
        // Fast shutdown: open transactions are rolled back, everything committed is on disk.
        postmaster.signal(SIGINT)
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.stopPatience) {
            postmaster.signal(SIGQUIT)
        }
        await postmaster.waitForEnd()
        self.postmaster = nil
    }

    /// Kills the server the hard way, as tests of a crash want it, and returns once it is gone.
    package func crash() async {
        guard let postmaster else { return }
        postmaster.signal(SIGKILL)
        await postmaster.waitForEnd()
        self.postmaster = nil
    }

    /// How long the fast shutdown may take, in seconds, before the server is told to leave as after a crash.
    private static let stopPatience = 30.0
}

extension LocalCluster {
    private func initialise(_ directory: ClusterDirectory, _ binaries: PostgresBinaries) throws(LocalClusterError) {
        // What a killed attempt left is worth nothing; the rename makes the new one complete or absent.
        Files.removeAll(directory.draft)
        try directory.makePrivate(directory.draft)
        let command = [
            binaries.initdb, "--pgdata", directory.draft, "--username", ClusterAddress.user, "--auth", "peer",
            "--encoding", "UTF8", "--locale", "C.UTF-8",
        ]
        try ChildProcess.run(directory.owner.prefix + command, named: "initdb")
        if Files.exists(directory.data) {
            guard rmdir(directory.data) == 0 else {
                throw .directory(directory.data, reason: "it holds something that is no Postgres cluster")
            }
        }
        guard rename(directory.draft, directory.data) == 0 else { throw Files.failure(directory.data) }
        // What is committed from now on must not depend on a name that a power cut takes back.
        try Files.syncDirectory(Files.directory(of: directory.data))
        logger.notice("Made a private Postgres", metadata: ["postgres.directory": "\(directory.data)"])
    }

    /// Starts the server unless one of ours runs here already; one whose parent is gone is waited for first.
    private func startServer(
        _ directory: ClusterDirectory, _ binaries: PostgresBinaries, _ address: ClusterAddress
    ) throws(LocalClusterError) {
        // A killed process may leave a server that is only starting, or children that still hold the shared memory.
        let patience = ContinuousClock.now + .seconds(30)
        // A server that finds the memory in use late takes its file along: the next attempt is after a crash all the same.
        var isAfterCrash = false
        while true {
            isAfterCrash = isAfterCrash || Files.exists(directory.postmasterFile)
            switch PostmasterFile.look(directory) {
            case .running(let process):
                if !PostmasterFile.isOrphan(directory), try join(directory, address) { return }
                stopOrphan(process)
            case .stale: try PostmasterFile.disown(directory)
            case .none: break
            }
            do throws(LocalClusterError) {
                return try launch(directory, binaries, address)
            } catch {
                isAfterCrash = isAfterCrash || Files.exists(directory.postmasterFile)
                guard ContinuousClock.now < patience, isAfterCrash else { throw error }
                usleep(100_000)
            }
        }
    }

    private func launch(
        _ directory: ClusterDirectory, _ binaries: PostgresBinaries, _ address: ClusterAddress
    ) throws(LocalClusterError) {
        try PostmasterFile.removeSocketLock(of: directory, in: address.socketDirectory)
        try directory.writeAccessRules()
        Files.setAside(directory.log, above: 16 << 20)
        let command = directory.owner.prefix + address.command(binaries, directory, settings)
        let postmaster = try Postmaster(command, log: directory.log)
        do throws(LocalClusterError) {
            try address.waitUntilReady(directory) { postmaster.hasEnded }
            // Another one may have answered, from a start that was killed.
            guard !postmaster.hasEnded, PostmasterFile.pid(in: directory.postmasterFile) == postmaster.pid else {
                throw .program("Postgres", output: "another server was here: \(Files.tail(directory.log))")
            }
            // Not before: a server that a killed process leaves half started must look like nobody's.
            try PostmasterFile.claim(directory)
        } catch {
            postmaster.signal(SIGINT)
            throw error
        }
        self.postmaster = postmaster
    }

    /// Waits for a server that another process started; false when it has ended meanwhile.
    private func join(_ directory: ClusterDirectory, _ address: ClusterAddress) throws(LocalClusterError) -> Bool {
        func hasEnded() -> Bool {
            if case .running = PostmasterFile.look(directory) { return false }
            return true
        }
        do throws(LocalClusterError) {
            try address.waitUntilReady(directory, hasEnded: hasEnded)
            return true
        } catch {
            guard hasEnded() else { throw error }
            return false
        }
    }

    /// A server whose parent was killed is on its way out; one that missed its signal is sent it again.
    private func stopOrphan(_ process: ProcessState) {
        let patience = ContinuousClock.now + .seconds(30)
        var reminder = ContinuousClock.now + .seconds(1)
        while ProcessState(process.pid)?.startedAt == process.startedAt, ContinuousClock.now < patience {
            if ProcessState(process.pid)?.isZombie == true { return }
            if ContinuousClock.now > reminder {
                kill(process.pid, SIGINT)
                reminder = .now + .seconds(5)
            }
            usleep(10_000)
        }
    }

    /// Returns when no server runs any more.
    private func waitForLoss() async throws {
        if let postmaster {
            await postmaster.waitForEndOrCancellation()
            try Task.checkCancellation()
            self.postmaster = nil
            return
        }
        // Another process started it: nobody tells us, so look.
        while let directory, case .running = PostmasterFile.look(directory) {
            try await Task.sleep(for: .milliseconds(250))
        }
    }

    private func startAgain() async throws {
        var pause: Duration = .milliseconds(100)
        while true {
            try await Task.sleep(for: pause)
            do {
                _ = try await start()
                return
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                pause = min(pause * 2, .seconds(5))
                logger.error("The private Postgres does not start", metadata: ["error": "\(error)"])
            }
        }
    }
}
