import Glibc

/// The few file operations the cluster needs, with POSIX owners and modes.
package enum Files {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func status(_ path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    /// The names in a directory; none when it cannot be read.
    package static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The bytes of a small file as text; nil when it cannot be read.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The last `length` bytes of a text file, on one line.
    static func tail(_ path: String, _ length: Int = 1500) -> String {
        let text = read(path) ?? ""
        return text.suffix(length).split(whereSeparator: \.isNewline).suffix(8).joined(separator: "; ")
    }

    /// Writes a file anew, by way of a rename, so that nobody sees half of it.
    static func write(
        _ text: String, to path: String, mode: mode_t = 0o600, owner: ClusterOwner? = nil
    ) throws(LocalClusterError) {
        let draft = path + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw failure(draft) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw failure(draft) }
        if let owner, fchown(descriptor, owner.uid, owner.gid) != 0 { throw failure(draft) }
        guard rename(draft, path) == 0 else { throw failure(path) }
    }

    /// Makes a directory and its parents, where missing.
    static func makeDirectories(_ path: String, mode: mode_t = 0o755) throws(LocalClusterError) {
        guard !exists(path) else { return }
        let parent = directory(of: path)
        if parent != path { try makeDirectories(parent) }
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw failure(path) }
    }

    /// Makes the names in a directory as durable as the files behind them.
    static func syncDirectory(_ path: String) throws(LocalClusterError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    /// Renames a file that has grown beyond `sizeBytes` to `<path>.old`, in place of an earlier one.
    static func setAside(_ path: String, above sizeBytes: Int) {
        guard let status = status(path), status.st_size > sizeBytes else { return }
        // Where that fails the file goes on growing, which harms nothing yet.
        rename(path, path + ".old")
    }

    static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// The path without symbolic links; the directory must exist.
    static func resolved(_ path: String) throws(LocalClusterError) -> String {
        guard let real = realpath(path, nil) else { throw failure(path) }
        defer { free(real) }
        return String(cString: real)
    }

    /// Removes a file, or a directory with all it holds; what cannot be removed stays.
    package static func removeAll(_ path: String) {
        for name in isDirectory(path) ? names(in: path) : [] { removeAll("\(path)/\(name)") }
        remove(path)
    }

    static func failure(_ path: String) -> LocalClusterError {
        .directory(path, reason: String(cString: strerror(errno)))
    }

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
