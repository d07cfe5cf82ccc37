import Glibc

/// Where the private cluster lives: its data, its lock, its log, its socket.
struct ClusterDirectory: Equatable {
    /// A socket's address holds 108 bytes, the last of them zero.
    private static let longestSocketPath = 107
    static let socketName = "/.s.PGSQL.5432"

    /// The directory `initdb` fills, absolute.
    let data: String
    let owner: ClusterOwner
    /// What the operator should know about the choice of place.
    let notice: String?

    var lock: String { data + ".lock" }
    var log: String { data + ".log" }
    var draft: String { data + ".new" }
    var postmasterFile: String { data + "/postmaster.pid" }
    /// Who started the server that runs here.
    var parentFile: String { data + "/fitai.parent" }

    /// The major version whose data is here; nil when there is none yet.
    var version: String? {
        Files.read(data + "/PG_VERSION").map { String($0.prefix { !$0.isWhitespace }) }
    }

    /// Chooses `<dataDirectory>/postgres`, or a place under `fallbackRoot` when the account that Postgres runs as
    /// cannot get there. Throws `.directory` when data that exists already is out of reach.
    static func choose(
        dataDirectory: String, owner: ClusterOwner, fallbackRoot: String = "/var/lib"
    ) throws(LocalClusterError) -> ClusterDirectory {
        try Files.makeDirectories(dataDirectory)
        let path = try Files.resolved(dataDirectory) + "/postgres"
        let here = ClusterDirectory(data: path, owner: owner, notice: nil)
        // Only a process that has to change its account can be shut out from its own directory.
        let obstacle = owner.mustSwitch ? owner.obstacle(above: path) : nil
        let fallback = "\(fallbackRoot)/fitai-\(hash(path))/postgres"
        guard let obstacle else {
            guard here.version == nil, Files.exists(fallback + "/PG_VERSION") else { return here }
            let notice = "\(path) is empty; the data is in \(fallback), chosen when \(path) could not be reached"
            return ClusterDirectory(data: fallback, owner: owner, notice: notice)
        }
        let reason = "the user \(owner.accounts.last ?? "postgres"), as whom Postgres must run, cannot pass \(obstacle)"
        guard here.version == nil else {
            throw .directory(path, reason: "\(reason); run `chmod o+x \(obstacle)`")
        }
        try Files.makeDirectories(Files.directory(of: fallback))
        if let obstacle = owner.obstacle(above: fallback) {
            throw .directory(path, reason: "\(reason), nor \(obstacle); set DATA_DIR to a directory it can reach")
        }
        return ClusterDirectory(data: fallback, owner: owner, notice: "\(reason); the data is in \(fallback) instead")
    }

    /// The directory of the server's socket: the data directory, or a short one when that path is too long
    /// or has characters that a list of hosts cannot hold.
    func socketDirectory(environment: [String: String]) throws(LocalClusterError) -> String {
        if Self.fits(data) { return data }
        let runtime = owner.mustSwitch ? nil : environment["XDG_RUNTIME_DIR"]
        for root in [runtime, "/tmp"].compactMap({ $0 }) {
            let directory = "\(root)/fitai-\(Self.hash(data))"
            guard root.hasPrefix("/"), Self.fits(directory), Files.exists(root) else { continue }
            try makePrivate(directory)
            return directory
        }
        throw .directory(data, reason: "no socket can be there, and no short directory can be made")
    }

    /// Makes a directory that only the owner may enter; refuses one that somebody else made.
    func makePrivate(_ path: String) throws(LocalClusterError) {
        if mkdir(path, 0o700) == 0 {
            guard chown(path, owner.uid, owner.gid) == 0 else { throw Files.failure(path) }
            return
        }
        var status = stat()
        guard errno == EEXIST, lstat(path, &status) == 0 else { throw Files.failure(path) }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == owner.uid, status.st_mode & 0o077 == 0 else {
            throw .directory(path, reason: "it belongs to somebody else, or others may enter it")
        }
    }

    /// Whether a socket can be there: a comma separates hosts for libpq, and quotes end settings.
    private static func fits(_ directory: String) -> Bool {
        let isPlain = !directory.contains { ",\"'\\".contains($0) }
        return isPlain && directory.utf8.count + socketName.utf8.count <= longestSocketPath
    }

    private static func hash(_ path: String) -> String {
        String(
            path.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }, radix: 16)
    }
}
