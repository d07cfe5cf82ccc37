import Glibc

/// Names that tell the sessions of this process, and of dead ones before it, from all others.
///
/// Kept in a file of the data directory, whose lock sees to it that those who wrote there before are dead. That says nothing
/// of whoever uses the directory that ours is a copy of, so each is noted with its place.
package struct Nonces: Sendable {
    /// Every nonce has so many characters.
    static let length = 26
    /// More starts than this without ever holding the lock leave the oldest ghost to its keepalives.
    private static let most = 16

    /// This process's, made anew at each start.
    let own: String
    private let former: [String]

    var all: [String] { former + [own] }

    /// Of a process that has no past.
    package init() {
        own = Self.made()
        former = []
    }

    /// Reads the file, where there is one, and adds a nonce to it. Call only under the data directory's lock.
    package init(file path: String) throws(LocalClusterError) {
        let here = Self.place(of: path)
        let lines: [Substring] = (Files.read(path) ?? "").split(separator: "\n")
        var known: [String] = []
        for line in lines {
            let words: [Substring] = line.split(separator: " ")
            guard words.count == 2, words[0].utf8.count == Self.length, words[1] == here else { continue }
            known.append(String(words[0]))
        }
        own = Self.made()
        former = Array(known.suffix(Self.most))
        try Files.write((former + [own]).map { "\($0) \(here)\n" }.joined(), to: path)
    }

    /// Another for each copy of a directory, on this machine or another one.
    private static func place(of path: String) -> String {
        // Where an image has no id of its own, that of the kernel's start stands for it.
        let machine = ["/etc/machine-id", "/proc/sys/kernel/random/boot_id"].lazy
            .compactMap { Files.read($0)?.split(whereSeparator: \.isWhitespace).first }.first
        let directory = Files.status(Files.directory(of: path)).map { "\($0.st_ino)" }
        return "\(machine ?? "unknown")-\(directory ?? "unknown")"
    }

    private static func made() -> String {
        let digits = (0..<length - 2).map { _ in String(UInt8.random(in: 0..<16), radix: 16) }
        return "n-" + digits.joined()
    }

    /// An application name as a person wants it.
    static func removed(from name: String) -> String {
        guard let blank = name.lastIndex(of: " "), name[blank...].hasPrefix(" n-") else { return name }
        return String(name[..<blank])
    }
}
