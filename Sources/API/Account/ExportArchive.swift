import CArchive
import Glibc
import Protocol
import Synchronization

/// A ZIP file under construction, written by libarchive entry by entry and never held whole.
///
/// Its functions wait for the disk: they belong on threads that may. The file is open to its owner alone. It has to be
/// finished; otherwise it is half a file.
final class ExportArchive: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let writer: Mutex<Writer>

    init(path: String) throws { writer = Mutex(try Writer(path: path)) }

    /// Begins an entry; what is written from now on belongs to it.
    func begin(_ name: String, at time: Timestamp) throws {
        try writer.withLock { try $0.begin(name, seconds: Int(time.milliseconds / 1000)) }
    }

    func write(_ bytes: [UInt8]) throws { try writer.withLock { try $0.write(bytes) } }

    /// Keeps bytes aside for a later entry, on disk.
    func keep(_ bytes: [UInt8]) throws { try writer.withLock { try $0.keep(bytes) } }

    /// Writes what was kept aside into the entry, and forgets it.
    func writeKept() throws { try writer.withLock { try $0.writeKept() } }

    /// Closes the last entry and the archive, and has all of it on disk; answers its size in bytes.
    func finish() throws -> Int { try writer.withLock { try $0.finish() } }
}

/// Owns libarchive's writer, the archive's descriptor, and that of a file without a name for what is kept aside.
private final class Writer {
    private let archive: OpaquePointer
    private let descriptor: Int32
    private let aside: Int32
    /// `AE_IFREG`, whose macro Swift does not see.
    private static let regularFile: UInt32 = 0o100000

    init(path: String) throws {
        guard let archive = archive_write_new() else { throw ExportArchive.Failure(description: "no memory") }
        self.archive = archive
        descriptor = Writer.made(path)
        aside = Writer.made(path + ".aside")
        // From here on `deinit` frees and closes.
        guard descriptor >= 0, aside >= 0, unlink(path + ".aside") == 0 else { throw Writer.fault("cannot write") }
        try check(archive_write_set_format_zip(archive))
        try check(archive_write_open_fd(archive, descriptor))
    }

    deinit {
        archive_write_free(archive)
        for open in [descriptor, aside] where open >= 0 { close(open) }
    }

    private static func made(_ path: String) -> Int32 {
        open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
    }

    private static func fault(_ words: String) -> ExportArchive.Failure {
        ExportArchive.Failure(description: "\(words): \(String(cString: strerror(errno)))")
    }

    func begin(_ name: String, seconds: Int) throws {
        guard let entry = archive_entry_new() else { throw ExportArchive.Failure(description: "no memory") }
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname_utf8(entry, name)
        archive_entry_set_mtime(entry, seconds, 0)
        archive_entry_set_filetype(entry, Writer.regularFile)
        archive_entry_set_perm(entry, 0o600)
        try check(archive_write_header(archive, entry))
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
            guard written > 0 else { throw failure }
            rest = rest.dropFirst(written)
        }
    }

    func keep(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(aside, $0.baseAddress, $0.count) }
            guard written > 0 else { throw Writer.fault("cannot write") }
            rest = rest.dropFirst(written)
        }
    }

    func writeKept() throws {
        guard lseek(aside, 0, SEEK_SET) == 0 else { throw Writer.fault("cannot read") }
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(aside, &piece, piece.count)
            guard count >= 0 else { throw Writer.fault("cannot read") }
            if count == 0 { break }
            try write(Array(piece[..<count]))
        }
        guard ftruncate(aside, 0) == 0, lseek(aside, 0, SEEK_SET) == 0 else { throw Writer.fault("cannot write") }
    }

    func finish() throws -> Int {
        try check(archive_write_close(archive))
        let size = lseek(descriptor, 0, SEEK_END)
        guard size >= 0, fsync(descriptor) == 0 else { throw Writer.fault("cannot sync") }
        return Int(size)
    }

    private func check(_ result: Int32) throws {
        // A warning leaves the archive whole.
        if result != ARCHIVE_OK, result != ARCHIVE_WARN { throw failure }
    }

    private var failure: ExportArchive.Failure {
        ExportArchive.Failure(description: archive_error_string(archive).map { String(cString: $0) } ?? "no reason")
    }
}
