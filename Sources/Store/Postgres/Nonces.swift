import Glibc

/// Names that tell the sessions of this process, and of dead ones before it, from all others.
///
/// Kept in a file of the data directory, whose lock sees to it that those who wrote there before are dead.
package struct Nonces: Sendable {
    /// Every nonce has so many characters.
    static let length = 26
    /// More starts than this without ever holding the lock leave the oldest ghost to its keepalives.
    private static let most = 16

    /// This process's, made anew at each start: a copy of the data directory elsewhere can never be taken for us again.
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
        let known = (Files.read(path) ?? "").split(separator: "\n").map(String.init).filter {
            $0.utf8.count == Self.length
        }
        own = Self.made()
        former = Array(known.suffix(Self.most))
        try Files.write((former + [own]).map { "\($0)\n" }.joined(), to: path)
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
