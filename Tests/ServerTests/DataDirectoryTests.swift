import Foundation
import Testing

@testable import Server

@Suite("The data directory")
struct DataDirectoryTests {
    /// A path that does not exist yet, below a directory that is removed afterwards.
    private func withPath(_ body: (String) throws -> Void) throws {
        let parent = FileManager.default.temporaryDirectory.appending(path: "fitai-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: parent) }  // a leftover in /tmp fails no test
        try body(parent + "/deep/var")
    }

    private func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("it is made with its parents, closed to others, and knows its absolute path")
    func made() throws {
        try withPath { path in
            let directory = try DataDirectory(path)
            #expect(directory.path.hasPrefix("/"))
            #expect(try mode(directory.path) == (geteuid() == 0 ? 0o711 : 0o700))
            #expect(try mode(directory.subdirectory("keys")) == 0o700)
        }
    }

    @Test("a second holder is refused by a message that names the first one's process, until that one lets go")
    func locked() throws {
        try withPath { path in
            var first: DataDirectory? = try DataDirectory(path)
            #expect(DataDirectory.isInUse(path))
            let fault = try #require(throws: BootFault.self) { try DataDirectory(path) }
            #expect(fault.description.contains("pid \(getpid())"))
            withExtendedLifetime(first) {}
            first = nil
            #expect(!DataDirectory.isInUse(path))
            _ = try DataDirectory(path)
        }
    }

    @Test("a file in its place is refused by name")
    func file() throws {
        try withPath { path in
            let parent = String(path.dropLast("/var".count))
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            try Data().write(to: URL(filePath: path))
            let fault = try #require(throws: BootFault.self) { try DataDirectory(path) }
            #expect(fault.description.contains("DATA_DIR"))
        }
    }
}
