import Foundation

/// What this process holds of memory.
package enum ProcessMemory {
    package struct Unknown: Error {}

    /// By how many KiB the process grew at most while `body` ran.
    package static func growthKiB(_ body: () async throws -> Void) async throws -> Int {
        // Has the kernel forget the peak so far.
        try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        let before = try kibibytes("VmRSS")
        try await body()
        return try kibibytes("VmHWM") - before
    }

    /// Now (`VmRSS`), or at most so far (`VmHWM`).
    private static func kibibytes(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        guard let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
            throw Unknown()
        }
        return number
    }
}
