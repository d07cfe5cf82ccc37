import Foundation
import Glibc
import NIOPosix
import Protocol

/// The files of exports in one directory, `<id>.zip`, open to their owner alone.
struct ExportFiles: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let directory: URL

    func path(of id: UUIDv7) -> String { directory.appendingPathComponent("\(id).zip").path }

    /// The file of an export, which stays readable when it is removed meanwhile; nil when there is none.
    func open(_ id: UUIDv7) async throws -> SpooledFile? {
        let path = path(of: id)
        return try await NIOThreadPool.singleton.runIfActive {
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else {
                guard errno == ENOENT else { throw Failure(description: "cannot read \(path)") }
                return nil
            }
            return SpooledFile(taking: descriptor, sizeBytes: Int(lseek(descriptor, 0, SEEK_END)))
        }
    }

    /// Has an archive written and puts it in its place when it is complete; answers its size in bytes.
    ///
    /// What an earlier attempt left is removed first. A failure leaves no file behind.
    func write(_ id: UUIDv7, _ fill: (ExportArchive) async throws -> Void) async throws -> Int {
        try await remove([id])
        let draft = directory.appendingPathComponent("\(id).\(UUIDv7.make()).draft").path
        do {
            let archive = try await NIOThreadPool.singleton.runIfActive { try ExportArchive(path: draft) }
            try await fill(archive)
            let path = path(of: id)
            return try await NIOThreadPool.singleton.runIfActive {
                let size = try archive.finish()
                // Another attempt that took over has removed this draft: then it must not count.
                guard rename(draft, path) == 0 else { throw Failure(description: "cannot rename \(draft)") }
                return size
            }
        } catch {
            // What cannot be removed now is found by the clean-up.
            _ = try? await NIOThreadPool.singleton.runIfActive { unlink(draft) }
            throw error
        }
    }

    /// Removes all files of exports; those that are not there are no fault.
    func remove(_ ids: [UUIDv7]) async throws {
        let directory = directory
        let prefixes = Set(ids.map(\.description))
        try await NIOThreadPool.singleton.runIfActive {
            for name in try Self.names(in: directory) where prefixes.contains(String(name.prefix(36))) {
                let path = directory.appendingPathComponent(name).path
                guard unlink(path) == 0 || errno == ENOENT else {
                    throw Failure(description: "cannot remove \(path)")
                }
            }
        }
    }

    /// The exports that have files, whole or half.
    func ids() async throws -> [UUIDv7] {
        let directory = directory
        return try await NIOThreadPool.singleton.runIfActive {
            Array(Set(try Self.names(in: directory).compactMap { UUIDv7(String($0.prefix(36))) }))
        }
    }

    private static func names(in directory: URL) throws -> [String] {
        let privately: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: privately)
        return try FileManager.default.contentsOfDirectory(atPath: directory.path)
    }
}
