import Glibc

/// The directory of `initdb` and `postgres`, and their major version.
struct PostgresBinaries: Equatable {
    let directory: String
    let major: String

    var initdb: String { directory + "/initdb" }
    var postgres: String { directory + "/postgres" }

    /// Where to look: PATH first, then where Debian puts the versions, the newest first.
    static func searchPath(environment: [String: String]) -> [String] {
        let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let versions = Files.names(in: "/usr/lib/postgresql").compactMap(Int.init).sorted(by: >)
        return path + versions.map { "/usr/lib/postgresql/\($0)/bin" }
    }

    /// Finds the binaries for a data directory of version `wanted`, or the first there are when it is nil.
    ///
    /// Throws `.noBinaries`, or `.otherVersion` when only others than the wanted version are installed.
    static func find(
        wanted: String?, dataDirectory: String, searchPath: [String]
    ) throws(LocalClusterError) -> PostgresBinaries {
        var found: [PostgresBinaries] = []
        for directory in searchPath
        where ["initdb", "postgres"].allSatisfy({ access("\(directory)/\($0)", X_OK) == 0 }) {
            guard let major = version(of: directory + "/postgres") else { continue }
            let binaries = PostgresBinaries(directory: directory, major: major)
            if wanted == nil || major == wanted { return binaries }
            found.append(binaries)
        }
        guard let first = found.first, let wanted else { throw .noBinaries(searched: searchPath) }
        throw .otherVersion(directory: dataDirectory, data: wanted, installed: first.major)
    }

    /// "postgres (PostgreSQL) 15.8 (Debian …)" is 15.
    private static func version(of postgres: String) -> String? {
        let output = ChildProcess.output(of: [postgres, "--version"])
        guard let number = output.split(separator: " ").first(where: { $0.first?.isNumber == true }) else { return nil }
        return String(number.prefix { $0.isNumber })
    }
}
