import Foundation
import Glibc

/// A directory of its own for one test, removed afterwards.
///
/// It lies in /tmp: the private Postgres runs as another user when the tests run as root and must reach it, and its
/// socket's path has a short limit.
package enum ServerDirectory {
    package static func with<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        // With the process's id, as the test clusters have it: what a killed run leaves is removed by a later one.
        let path = "/tmp/fitai-test-\(getpid())-\(UUID().uuidString.prefix(8).lowercased())"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        // A leftover in /tmp fails no test.
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await body(path)
    }
}
