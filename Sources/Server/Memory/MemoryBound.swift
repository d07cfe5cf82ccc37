import Glibc

/// How much memory there is for this process, and how much of it is in use.
///
/// The bound is what the configuration says, else what the control group of the process may use (a container's limit);
/// there, everything in the group counts but files in the cache, which the kernel can take back.
struct MemoryBound: Sendable {
    let limitBytes: Int
    /// Nil when it cannot be read.
    let usedBytes: @Sendable () -> Int?

    /// - Parameters:
    ///   - configured: what the process itself may use; nil: the control group decides.
    ///   - root: where control groups are mounted.
    /// - Returns: nil when nothing bounds the process.
    static func found(
        configured: Int?, root: String = "/sys/fs/cgroup", membership: String = "/proc/self/cgroup"
    ) -> MemoryBound? {
        if let configured { return MemoryBound(limitBytes: configured, usedBytes: { residentBytes }) }
        let groups = text(membership).split(separator: "\n").map {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        }
        var found: [MemoryBound] = []
        for group in groups where group.count == 3 {
            if group[0] == "0", group[1].isEmpty {
                found += directories(root, String(group[2])).compactMap { unified($0) }
            } else if group[1].split(separator: ",").contains("memory") {
                found += directories(root + "/memory", String(group[2])).compactMap { legacy($0) }
            }
        }
        return found.min { $0.limitBytes < $1.limitBytes }
    }

    /// What this process has in memory.
    static var residentBytes: Int? {
        let fields = text("/proc/self/statm").split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// The group's directory and all above it: each may have a limit. Inside a container the path may not be there.
    private static func directories(_ root: String, _ path: String) -> [String] {
        var directories = [root]
        for part in path.split(separator: "/") { directories.append("\(directories[directories.count - 1])/\(part)") }
        return directories
    }

    private static func unified(_ directory: String) -> MemoryBound? {
        guard let limit = number(directory + "/memory.max") else { return nil }
        return MemoryBound(limitBytes: limit) {
            used(directory + "/memory.current", directory, "inactive_file", "active_file")
        }
    }

    private static func legacy(_ directory: String) -> MemoryBound? {
        // Without a limit it holds the largest number of pages there is.
        guard let limit = number(directory + "/memory.limit_in_bytes"), limit < 1 << 60 else { return nil }
        return MemoryBound(limitBytes: limit) {
            used(directory + "/memory.usage_in_bytes", directory, "total_inactive_file", "total_active_file")
        }
    }

    private static func used(_ file: String, _ directory: String, _ cached: String...) -> Int? {
        guard let all = number(file) else { return nil }
        let statistics = text(directory + "/memory.stat").split(separator: "\n").map { $0.split(separator: " ") }
        let cache = statistics.reduce(0) { sum, line in
            guard line.count == 2, cached.contains(String(line[0])) else { return sum }
            return sum + (Int(line[1]) ?? 0)
        }
        return max(0, all - cache)
    }

    private static func number(_ file: String) -> Int? { Int(text(file).filter { !$0.isWhitespace }) }

    /// Empty when it cannot be read.
    private static func text(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk.prefix(count)
        }
    }
}
