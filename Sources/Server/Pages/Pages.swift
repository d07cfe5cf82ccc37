import Foundation
import NIOCore

/// The files of the web directory, read once at the start and served from memory.
///
/// Only files that were there at the start can be asked for, so no request reaches the file system. Names that begin
/// with a dot are left out, as is what a link points to outside of the directory.
struct Pages: Sendable {
    struct File: Sendable {
        let body: ByteBuffer
        let mediaType: String
        /// Strong: made from the bytes.
        let etag: String
    }

    static let limitBytes = 64 * 1024 * 1024

    /// By request path: `/`, `/index.html`, `/app/main.js`.
    private let files: [String: File]

    static let none = Pages(files: [:])

    private init(files: [String: File]) { self.files = files }

    /// What is shown at an address that leads nowhere.
    static let missingPath = "/not-found/"

    /// Reads the directory.
    ///
    /// - Throws: `BootFault` when it holds no index.html, cannot be read, or holds more than `limitBytes`.
    init(directory: String) throws(BootFault) {
        let root = URL(filePath: directory, directoryHint: .isDirectory).resolvingSymlinksInPath()
        var files: [String: File] = [:]
        var total = 0
        for path in try Self.paths(in: root, named: directory) {
            let body: Data
            do {
                body = try Data(contentsOf: root.appending(path: path))
            } catch {
                throw BootFault("WEB_DIR: \(path) cannot be read: \(error.localizedDescription)")
            }
            total += body.count
            guard total <= Self.limitBytes else {
                throw BootFault("WEB_DIR is '\(directory)', which holds more than \(Self.limitBytes) bytes")
            }
            let file = Self.file(body, path: path)
            files["/\(path)"] = file
            if path == "index.html" { files["/"] = file }
            if path.hasSuffix("/index.html") {
                files["/\(path.dropLast("index.html".count))"] = file
                files["/\(path.dropLast("/index.html".count))"] = file
            }
        }
        guard files["/"] != nil else { throw BootFault("WEB_DIR is '\(directory)', which holds no index.html") }
        self.files = files
    }

    subscript(path: String) -> File? { files[path] }

    /// The files of the API explorer, as the set-up installs them.
    static let explorerFiles = ["swagger-ui-bundle.js", "swagger-ui.css"]
    /// Where the page of `/docs` finds them; answers 200 when they are there.
    static let explorerPath = "/docs/swagger-ui/"

    /// The same pages with the explorer's files; without them where the directory does not hold them all.
    func adding(explorer directory: String) -> Pages {
        let root = URL(filePath: directory, directoryHint: .isDirectory)
        var files = files
        for name in Self.explorerFiles {
            // An explorer that is not installed is no fault: its page then shows a list of the operations.
            guard let body = try? Data(contentsOf: root.appending(path: name)) else { return self }
            files[Self.explorerPath + name] = Self.file(body, path: name)
        }
        files[Self.explorerPath] = Self.file(Data("installed".utf8), path: "installed.txt")
        return Pages(files: files)
    }

    private static func file(_ body: Data, path: String) -> File {
        let etag = "\"\(String(hash(body), radix: 16))-\(String(body.count, radix: 16))\""
        return File(body: ByteBuffer(bytes: body), mediaType: MediaType.of(path), etag: etag)
    }

    private static func paths(in root: URL, named name: String) throws(BootFault) -> [String] {
        guard let enumerator = FileManager.default.enumerator(atPath: root.path) else {
            throw BootFault("WEB_DIR is '\(name)', which is no directory that can be read")
        }
        var paths: [String] = []
        for case let path as String in enumerator
        where !path.split(separator: "/").contains(where: { $0.hasPrefix(".") }) {
            let url = root.appending(path: path).resolvingSymlinksInPath()
            var isDirectory: ObjCBool = false
            guard url.path.hasPrefix(root.path + "/"),
                FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory), !isDirectory.boolValue
            else { continue }
            paths.append(path)
        }
        return paths
    }

    /// FNV-1a, 64 bits: tells versions of one file apart; it guards nothing.
    private static func hash(_ bytes: Data) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash
    }
}
