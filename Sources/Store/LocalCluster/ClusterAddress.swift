import CLibpq
import Glibc
import Logging

/// How to start the private server and how to reach it.
struct ClusterAddress {
    static let user = "fitai"
    static let database = "fitai"

    let socketDirectory: String

    /// The text to connect with.
    var connection: String { connection(to: Self.database) }

    private func connection(to database: String) -> String {
        "host=\(PostgresConfiguration.quote(socketDirectory)) port=5432 user=\(Self.user) dbname=\(database)"
    }

    /// The server's command line; later settings win.
    func command(_ binaries: PostgresBinaries, _ directory: ClusterDirectory, _ settings: [String]) -> [String] {
        let ours = [
            "listen_addresses=", "unix_socket_directories=\"\(socketDirectory)\"", "unix_socket_permissions=0700",
            "port=5432",
            "max_connections=100", "shared_buffers=128MB", "max_wal_size=1GB", "jit=off", "fsync=on",
            "synchronous_commit=on", "timezone=UTC", "log_timezone=UTC", "logging_collector=off",
            "log_destination=stderr", "log_error_verbosity=terse", "log_line_prefix=%m [%p] ",
        ]
        return [binaries.postgres, "-D", directory.data] + (ours + settings).flatMap { ["-c", $0] }
    }

    /// Blocks until the server takes connections. Throws `.program` when it ends instead, `.notReady` when it says
    /// nothing for half a minute or recovers for more than ten.
    func waitUntilReady(
        _ directory: ClusterDirectory, hasEnded: () -> Bool
    ) throws(LocalClusterError) {
        var silent = ContinuousClock.now + .seconds(30)
        let patience = ContinuousClock.now + .seconds(600)
        while true {
            switch PQping(connection(to: "postgres")) {
            case PQPING_OK: return
            // Up, and recovering after a crash.
            case PQPING_REJECT: silent = .now + .seconds(30)
            default: break
            }
            guard !hasEnded() else { throw .program("Postgres", output: Files.tail(directory.log)) }
            guard ContinuousClock.now < min(silent, patience) else { throw .notReady(log: Files.tail(directory.log)) }
            usleep(5_000)
        }
    }

    /// Makes the database, where it is missing.
    func makeDatabase(logger: Logger) async throws {
        let configuration = try PostgresConfiguration(connection: connection(to: "postgres"), variable: "DATA_DIR")
        try await PostgresConnection.once(configuration, logger: logger) { connection in
            let names = try connection.query(
                "select 1 from pg_database where datname = \(Self.database)", as: Int.self)
            if names.isEmpty { try connection.script("create database \(Self.database)") }
        }
    }
}

extension ClusterDirectory {
    /// Lets in, by `peer`, the account of the server and that of this process, and nobody else.
    func writeAccessRules() throws(LocalClusterError) {
        let map = owner.accounts.map { "fitai \"\($0)\" \(ClusterAddress.user)\n" }.joined()
        try Files.write("local all all peer map=fitai\n", to: data + "/pg_hba.conf", owner: owner)
        try Files.write(map, to: data + "/pg_ident.conf", owner: owner)
    }
}
