import Foundation
import Glibc
import NIOPosix

/// Stores files below a directory, readable by the server alone.
struct DiskObjects: ObjectStore {
    let directory: URL

    func put(_ bytes: [UInt8], at key: ObjectKey, type: String) async throws {
        let file = file(of: key)
        try await onThread {
            let folder = file.deletingLastPathComponent()
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // Written aside and renamed: who reads meanwhile finds the old file or the new one, never half of it.
            let draft = folder.path + "/." + UUID().uuidString
            do {
                try Self.write(bytes, to: draft)
                guard rename(draft, file.path) == 0 else { throw Self.failure("rename", file.path) }
                try Self.sync(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            } catch {
                unlink(draft)
                throw error
            }
        }
    }

    func get(_ key: ObjectKey) async throws -> [UInt8]? {
        let file = file(of: key)
        return try await onThread {
            do {
                return Array(try Data(contentsOf: file))
            } catch CocoaError.fileReadNoSuchFile {
                return nil
            }
        }
    }

    func remove(_ key: ObjectKey) async throws {
        let file = file(of: key)
        try await onThread {
            guard unlink(file.path) == 0 || errno == ENOENT else { throw Self.failure("remove", file.path) }
        }
    }

    private func file(of key: ObjectKey) -> URL { directory.appendingPathComponent(key.description) }

    private func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        do {
            return try await NIOThreadPool.singleton.runIfActive(work)
        } catch let error as CocoaError {
            throw ObjectStoreFailure(description: error.localizedDescription)
        }
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("create", path) }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { source in
                Glibc.write(descriptor, source.baseAddress.map { $0 + done }, source.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write", path) }
            done += count
        }
        guard fsync(descriptor) == 0 else { throw failure("sync", path) }
    }

    private static func sync(_ path: String, _ flags: Int32) throws {
        let descriptor = open(path, flags)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", path) }
    }

    private static func failure(_ verb: String, _ path: String) -> ObjectStoreFailure {
        ObjectStoreFailure(description: "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
