import Glibc

/// The account of the system that Postgres runs as, and those that may connect.
struct ClusterOwner: Equatable {
    let uid: uid_t
    let gid: gid_t
    /// Whether this process must change to the account first: it is root, which Postgres refuses.
    let mustSwitch: Bool
    /// Names of the system's accounts that `peer` lets in.
    let accounts: [String]

    /// `postgres`, else `nobody`, when this process is root; itself otherwise.
    static func current() throws(LocalClusterError) -> ClusterOwner {
        let own = geteuid()
        guard own == 0 else {
            guard let (name, _, gid) = account(own) else {
                throw .directory("/etc/passwd", reason: "the user \(own) is not in it, as Postgres wants")
            }
            return ClusterOwner(uid: own, gid: gid, mustSwitch: false, accounts: [name])
        }
        guard let (name, uid, gid) = account(named: "postgres") ?? account(named: "nobody") else {
            throw .directory("/etc/passwd", reason: "neither postgres nor nobody is in it; Postgres refuses root")
        }
        return ClusterOwner(uid: uid, gid: gid, mustSwitch: true, accounts: ["root", name])
    }

    /// How to begin a command so that it runs as this account and is told to stop (SIGINT: Postgres's fast shutdown)
    /// when the thread that started it ends, be it by `kill -9`.
    var prefix: [String] {
        let switching = ["--reuid", "\(uid)", "--regid", "\(gid)", "--clear-groups"]
        return ["/usr/bin/setpriv", "--pdeathsig", "INT"] + (mustSwitch ? switching : []) + ["--"]
    }

    /// The first directory above `path` that the account may not pass through.
    func obstacle(above path: String) -> String? {
        var path = Files.directory(of: path)
        var obstacle: String?
        while true {
            if let status = Files.status(path), !maySearch(status) { obstacle = path }
            if path == "/" { return obstacle }
            path = Files.directory(of: path)
        }
    }

    private func maySearch(_ status: stat) -> Bool {
        if status.st_uid == uid { return status.st_mode & S_IXUSR != 0 }
        if status.st_gid == gid { return status.st_mode & S_IXGRP != 0 }
        return status.st_mode & S_IXOTH != 0
    }

    private static func account(_ uid: uid_t) -> (String, uid_t, gid_t)? {
        account { getpwuid_r(uid, $0, $1, $2, $3) }
    }

    private static func account(named name: String) -> (String, uid_t, gid_t)? {
        account { getpwnam_r(name, $0, $1, $2, $3) }
    }

    private static func account(
        _ look: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) -> (String, uid_t, gid_t)? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16384)
        return buffer.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress, look(&entry, base, buffer.count, &found) == 0, found != nil else {
                return nil
            }
            return (String(cString: entry.pw_name), entry.pw_uid, entry.pw_gid)
        }
    }
}
