/// Why the private Postgres cannot be used; each message says what to do.
package enum LocalClusterError: Error, Sendable, Equatable {
    /// No `initdb` and `postgres` anywhere.
    case noBinaries(searched: [String])
    /// The data was made by another major version than the one installed.
    case otherVersion(directory: String, data: String, installed: String)
    /// A directory or file cannot be made, read or entered.
    case directory(String, reason: String)
    /// A program ended badly; `output` is the end of what it said.
    case program(String, output: String)
    /// The server did not become ready in time.
    case notReady(log: String)
}

extension LocalClusterError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noBinaries(let searched):
            """
            Postgres is not installed (looked for initdb and postgres in \(searched.joined(separator: ", "))). \
            Run `apt-get install postgresql`, or set DATABASE_URL to a server of yours.
            """
        case .otherVersion(let directory, let data, let installed):
            """
            \(directory) holds the data of Postgres \(data), but Postgres \(installed) is installed. \
            Run `apt-get install postgresql-\(data)`, or move the data over with pg_upgrade.
            """
        case .directory(let path, let reason): "\(path): \(reason)"
        case .program(let name, let output): "\(name) failed: \(output)"
        case .notReady(let log): "Postgres did not become ready: \(log)"
        }
    }
}
