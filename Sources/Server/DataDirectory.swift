import Foundation
import Glibc

/// The directory that holds all that this server keeps outside of Postgres, locked for this process while it is open.
///
/// The lock is the kernel's, on the file `lock`: it ends with the process, however that ends.
package final class DataDirectory: Sendable {
    /// Absolute, without links.
    package let path: String
    private let lock: Int32

    /// Makes the directory where needed and takes its lock.
    ///
    /// It is readable by its owner alone. For root it may also be passed through by others (0711), since the private
    /// Postgres runs as another user below it; what lies inside protects itself.
    ///
    /// - Throws: `BootFault` when it cannot be made or written, or when another process holds it.
    package init(_ name: String) throws(BootFault) {
        path = try Self.made(name, mode: geteuid() == 0 ? 0o711 : 0o700)
        lock = try Self.locked(path)
    }

    deinit { close(lock) }

    /// A directory of this name inside, made where needed, open to its owner alone.
    package func subdirectory(_ name: String) throws(BootFault) -> String {
        try Self.made("\(path)/\(name)", mode: 0o700)
    }

    /// Whether a process holds this directory's lock now; false also for a directory that does not exist.
    package static func isInUse(_ name: String) -> Bool {
        let descriptor = open("\(name)/lock", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0
    }

    private static func made(_ name: String, mode: mode_t) throws(BootFault) -> String {
        var parent = name.hasPrefix("/") ? "/" : ""
        for part in name.split(separator: "/") {
            parent += parent.isEmpty || parent.hasSuffix("/") ? part : "/\(part)"
            if mkdir(parent, parent == name ? mode : 0o755) != 0, errno != EEXIST {
                throw .dataDirectory(name, reason())
            }
        }
        guard let resolved = realpath(name, nil) else { throw .dataDirectory(name, reason()) }
        defer { free(resolved) }
        let path = String(cString: resolved)
        let attributes: [FileAttributeKey: Any]
        do {
            attributes = try FileManager.default.attributesOfItem(atPath: path)
        } catch {
            throw .dataDirectory(path, error.localizedDescription)
        }
        guard attributes[.type] as? FileAttributeType == .typeDirectory else {
            throw .dataDirectory(path, "it is no directory")
        }
        if attributes[.posixPermissions] as? Int != Int(mode), chmod(path, mode) != 0 {
            throw .dataDirectory(path, "it must be open to its owner alone, and that cannot be set: \(reason())")
        }
        return path
    }

    private static func locked(_ path: String) throws(BootFault) -> Int32 {
        let descriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .dataDirectory(path, reason()) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var digits = [UInt8](repeating: 0, count: 20)
            let count = read(descriptor, &digits, digits.count)
            close(descriptor)
            let holder = count > 0 ? String(decoding: digits.prefix(count), as: UTF8.self).trimmingSpaces() : ""
            throw .dataDirectoryTaken(path, by: Int(holder).map { " (pid \($0))" } ?? "")
        }
        let holder = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0, write(descriptor, holder, holder.count) == holder.count else {
            close(descriptor)
            throw .dataDirectory(path, reason())
        }
        return descriptor
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
