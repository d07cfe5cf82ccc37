import Glibc

/// A process as /proc shows it.
struct ProcessState: Equatable {
    let pid: pid_t
    let isZombie: Bool
    /// Ticks since boot: tells a process from a later one with the same id.
    let startedAt: String

    /// Nil when there is no such process.
    init?(_ pid: pid_t) {
        // "pid (name) state ppid …"; the name may hold blanks and parentheses. The start is the 22nd field.
        guard let text = Files.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19 else { return nil }
        self.pid = pid
        isZombie = fields[0] == "Z" || fields[0] == "X"
        startedAt = String(fields[19])
    }

    static func workingDirectory(_ pid: pid_t) -> String? {
        guard let path = realpath("/proc/\(pid)/cwd", nil) else { return nil }
        defer { free(path) }
        return String(cString: path)
    }

    /// The name of the program that a process runs; nil when that cannot be seen.
    static func program(_ pid: pid_t) -> String? {
        var path = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/\(pid)/exe", &path, path.count)
        guard count > 0 else { return nil }
        let text = String(decoding: path.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // After an upgrade of the package the file is another one.
        let name = text.split(separator: "/").last ?? ""
        return name.hasSuffix(" (deleted)") ? String(name.dropLast(10)) : String(name)
    }

    /// What a process was started with, or has made of it.
    static func arguments(_ pid: pid_t) -> [String] {
        (Files.read("/proc/\(pid)/cmdline") ?? "").split(separator: "\0").map(String.init)
    }
}
