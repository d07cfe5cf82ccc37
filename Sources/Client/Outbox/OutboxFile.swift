#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file to append to; every call blocks. Not shared: the outbox's executor alone touches it.
struct OutboxFile: ~Copyable {
    private let path: String
    private var descriptor: Int32
    private(set) var length = 0

    /// Opens or makes the file (0600) and takes its lock, which another process may hold.
    init(path: String) throws(OutboxError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw OutboxError("cannot open \(path)", errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            descriptor = -1
            throw code == EWOULDBLOCK ? OutboxError("\(path) is in use") : OutboxError("cannot lock \(path)", code)
        }
        try OutboxFile.syncDirectory(of: path)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    mutating func readAll() throws(OutboxError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = pread(descriptor, &chunk, chunk.count, off_t(bytes.count))
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw OutboxError("cannot read \(path)", errno) }
            if count == 0 { break }
            bytes += chunk[..<count]
        }
        length = bytes.count
        return bytes
    }

    /// Cuts the file to so many bytes.
    mutating func truncate(to length: Int) throws(OutboxError) {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw OutboxError("cannot cut \(path)", errno) }
        self.length = length
    }

    /// Appends the bytes whole, or leaves the file as it was; with `isSynced` they are on the disk on return.
    mutating func append(_ bytes: [UInt8], isSynced: Bool) throws(OutboxError) {
        do throws(OutboxError) {
            try OutboxFile.write(bytes, to: descriptor, at: length, path)
            if isSynced { try OutboxFile.sync(descriptor, path) }
            length += bytes.count
        } catch {
            // What was written in part would be read as a record's beginning; if cutting fails too, the mark and the
            // CRC still tell.
            _ = ftruncate(descriptor, off_t(length))
            throw error
        }
    }

    /// Replaces the file's content; a crash leaves either the old or the new one.
    mutating func replace(with bytes: [UInt8]) throws(OutboxError) {
        let temporary = path + ".new"
        let fresh = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard fresh >= 0 else { throw OutboxError("cannot open \(temporary)", errno) }
        do throws(OutboxError) {
            // The lock is on the file, not on its name: the new one is locked before it takes the name.
            guard flock(fresh, LOCK_EX | LOCK_NB) == 0 else { throw OutboxError("cannot lock \(temporary)", errno) }
            try OutboxFile.write(bytes, to: fresh, at: 0, temporary)
            try OutboxFile.sync(fresh, temporary)
            guard rename(temporary, path) == 0 else { throw OutboxError("cannot rename \(temporary)", errno) }
            try OutboxFile.syncDirectory(of: path)
        } catch {
            close(fresh)
            throw error
        }
        close(descriptor)
        descriptor = fresh
        length = bytes.count
    }

    private static func write(
        _ bytes: [UInt8], to descriptor: Int32, at start: Int, _ path: String
    ) throws(OutboxError) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress, $0.count, off_t(start + written))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw OutboxError("cannot write \(path)", errno) }
            written += count
        }
    }

    private static func sync(_ descriptor: Int32, _ path: String) throws(OutboxError) {
        guard fsync(descriptor) == 0 else { throw OutboxError("cannot sync \(path)", errno) }
    }

    private static func syncDirectory(of path: String) throws(OutboxError) {
        let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let directory = open(parent.isEmpty ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw OutboxError("cannot open \(parent)", errno) }
        defer { close(directory) }
        try sync(directory, parent)
    }
}

/// The outbox's file cannot be used.
public struct OutboxError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One sentence with the path and the system's reason.
    public let description: String

    init(_ what: String, _ code: Int32? = nil) {
        description = code.map { "\(what): \(String(cString: strerror($0)))" } ?? what
    }
}
