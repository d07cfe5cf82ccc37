import Foundation
import FoundationNetworking
import Protocol
import Synchronization
import TestKit
import Testing

@testable import Server

@Suite("Memory")
struct MemoryTests {
    /// Makes files as the kernel shows control groups.
    private func withGroups(_ files: [String: String], _ body: (String) throws -> Void) throws {
        let root = "/tmp/fitai-test-\(getpid())-groups-\(UUIDv7.make())"
        defer { try? FileManager.default.removeItem(atPath: root) }  // a left-over directory harms nobody
        for (name, text) in files {
            let file = URL(filePath: "\(root)/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data((text + "\n").utf8).write(to: file)
        }
        try body(root)
    }

    @Test("the tightest limit of the group and those above it counts; files in the cache do not count as used")
    func unified() throws {
        let files = [
            "membership": "0::/a/b", "memory.max": "max", "a/memory.max": "1000", "a/memory.current": "900",
            "a/memory.stat": "anon 100\ninactive_file 300\nactive_file 200", "a/b/memory.max": "2000",
        ]
        try withGroups(files) { root in
            let bound = MemoryBound.found(configured: nil, root: root, membership: root + "/membership")
            #expect(bound?.limitBytes == 1000)
            #expect(bound?.usedBytes() == 400)
            #expect(MemoryBound.found(configured: 5, root: root, membership: root + "/membership")?.limitBytes == 5)
        }
    }

    @Test("groups of the old kind are read as well; without a limit there is no bound")
    func legacy() throws {
        let unlimited = "9223372036854771712"
        var files = [
            "membership": "4:memory:/c\n0::/", "memory/memory.limit_in_bytes": unlimited,
            "memory/c/memory.limit_in_bytes": unlimited,
        ]
        try withGroups(files) { root in
            #expect(MemoryBound.found(configured: nil, root: root, membership: root + "/membership") == nil)
        }
        files["memory/c/memory.limit_in_bytes"] = "500"
        files["memory/c/memory.usage_in_bytes"] = "450"
        files["memory/c/memory.stat"] = "total_inactive_file 50\ntotal_active_file 100\ninactive_file 7"
        try withGroups(files) { root in
            let bound = MemoryBound.found(configured: nil, root: root, membership: root + "/membership")
            #expect(bound?.limitBytes == 500 && bound?.usedBytes() == 300)
        }
    }

    @Test("above nine tenths of its memory the server refuses new work, says so, and goes on")
    func short() async throws {
        try await ServerDirectory.with { directory in
            // More than a server needs to start cannot be less than it has in memory then.
            let environment = ["MEMORY_BYTES": "67108864"]
            try await ServerProcess.serving(dataDirectory: directory + "/var", environment: environment) {
                server, ready in
                _ = try await server.line { $0.contains("memory is short") }
                let (health, status) = try await get(ready.url + "/v1/health")
                #expect(status == 503 && health.contains("overloaded"))
                #expect(try await get(ready.url + "/v1/exercises").1 == 503)
            }
        }
    }

    @Test("what the allocator merely keeps is given back before work is refused, and work is taken again well below")
    func trimsFirst() {
        let readings = Mutex<[Int]>([])
        let bound = MemoryBound(limitBytes: 1000) { readings.withLock { $0.removeFirst() } }
        let watch = MemoryWatch(bound, logger: .silent)
        // Each look reads once, and again behind a trim.
        for (used, isShort) in [
            ([890], false), ([950, 880], false), ([950, 910], true), ([870, 860], true), ([870, 840], false),
            ([890], false),
        ] {
            readings.withLock { $0 = used }
            watch.look()
            #expect(watch.isShort == isShort && readings.withLock { $0.isEmpty }, "\(used)")
        }
    }

    @Test("all threads of a server share two arenas of memory")
    func arenas() async throws {
        try await ServerDirectory.with { directory in
            try await ServerProcess.serving(dataDirectory: directory + "/var") { server, ready in
                for _ in 0..<20 { _ = try await get(ready.url + "/v1/exercises") }
                let maps = try String(contentsOfFile: "/proc/\(server.pid)/maps", encoding: .utf8)
                #expect(Self.arenas(in: maps) <= 1)
            }
        }
    }

    /// How many arenas there are beside the main one: glibc sets 64 MiB of addresses aside for each, at a multiple of it.
    private static func arenas(in maps: String) -> Int {
        let size = 64 << 20
        var heaps = 0
        var (start, end) = (0, 0)
        for line in maps.split(separator: "\n") {
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            let ends = fields[0].split(separator: "-").compactMap { Int($0, radix: 16) }
            // Anonymous only.
            guard ends.count == 2, fields.count == 5 else { continue }
            if ends[0] != end || ends[0] % size == 0 { start = ends[0] }
            end = ends[1]
            if start % size == 0, end - start == size { heaps += 1 }
        }
        return heaps
    }

    private func get(_ url: String) async throws -> (String, Int) {
        let (data, response) = try await URLSession.shared.data(for: URLRequest(url: try #require(URL(string: url))))
        return (String(decoding: data, as: UTF8.self), try #require(response as? HTTPURLResponse).statusCode)
    }
}
