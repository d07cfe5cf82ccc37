import Foundation
import Glibc
import Protocol

/// Reads ZIP files with the system's `unzip`, so that archives are held to a reader that is not ours.
package struct ZipArchive: Sendable {
    package struct Unreadable: Error { package let reason: String }

    /// In the archive's order.
    package let names: [String]
    private let contents: [String: [UInt8]]

    /// Unpacks an archive; every entry's checksum is verified.
    package init(_ bytes: [UInt8]) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("zip-\(UUIDv7.make())")
        defer { try? FileManager.default.removeItem(at: directory) }  // a left-over directory harms nobody
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = directory.appendingPathComponent("archive.zip")
        try Data(bytes).write(to: file)
        names = try Self.run(["-Z1", file.path]).split(separator: "\n").map(String.init)
        let unpacked = directory.appendingPathComponent("unpacked")
        _ = try Self.run(["-q", file.path, "-d", unpacked.path])
        contents = try Dictionary(
            uniqueKeysWithValues: names.map { ($0, Array(try Data(contentsOf: unpacked.appendingPathComponent($0)))) })
    }

    package func bytes(_ name: String) throws -> [UInt8] {
        guard let bytes = contents[name] else { throw Unreadable(reason: "no \(name)") }
        return bytes
    }

    package func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

    package func json(_ name: String) throws -> JSONValue { try JSONReader.parse(try text(name)) }

    private static func run(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/unzip")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Unreadable(reason: text) }
        return text
    }
}
