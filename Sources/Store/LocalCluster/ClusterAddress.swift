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
            "listen_addresses=", "unix_socket_directories=\(quotedForList)", "unix_socket_permissions=0700", "port=5432",
            "max_connections=100", "shared_buffers=128MB", "max_wal_size=1GB", "jit=off", "fsync=on",
            "synchronous_commit=on", "timezone=UTC", "log_timezone=UTC", "logging_collector=off",
            "log_destination=stderr", "log_line_prefix=%m [%p] ",
        ]
        return [binaries.postgres, "-D", directory.data] + (ours + settings).flatMap { ["-c", $0] }
    }

    /// The setting is a list: a comma or blank in the path needs quotes.
    private var quotedForList: String {
        "\"" + socketDirectory.map { $0 == "\"" ? "\"\"" : "\($0)" }.joined() + "\""
    }

    /// Blocks until the server takes connections. Throws `.program` when it ends instead, `.notReady` after ten minutes.
    func waitUntilReady(
        _ directory: ClusterDirectory, hasEnded: () -> Bool
    ) throws(LocalClusterError) {
        // Recovery after a crash may take long; the server says that it is at it.
        let patience = ContinuousClock.now + .seconds(600)
        while PQping(connection(to: "postgres")) != PQPING_OK {
            guard !hasEnded() else { throw .program("Postgres", output: Files.tail(directory.log)) }
            guard ContinuousClock.now < patience else { throw .notReady(log: Files.tail(directory.log)) }
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
