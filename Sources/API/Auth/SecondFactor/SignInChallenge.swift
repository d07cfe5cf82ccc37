import Crypto
import Foundation
import Protocol
import Synchronization

/// What somebody gets who has proved the first factor: sealed, good for five minutes, worth nothing without a code.
struct SignInChallenge: Sendable {
    static let lifetime = Duration.seconds(300)
    private static let words = 7
    private static let version: UInt64 = 1

    /// How the first factor was proved; compared again when the code comes.
    enum Evidence: Sendable {
        case password(hash: String)
        case identity(provider: String, subject: String)

        /// 128 bits.
        fileprivate var print: [UInt64] {
            let text =
                switch self {
                case .password(let hash): "password\n\(hash)"
                case .identity(let provider, let subject): "identity\n\(provider)\n\(subject)"
                }
            let hash = Array(SHA256.hash(data: Data(text.utf8)))
            return [0, 8].map { start in hash[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        }
    }

    let id: UUIDv7
    let user: UserID
    private let print: [UInt64]

    init(for user: UserID, _ evidence: Evidence, at time: Timestamp) {
        id = UUIDv7.make(at: time)
        self.user = user
        print = evidence.print
    }

    /// Reads a challenge; nil unless it was made here within its lifetime.
    init?(_ text: String, _ seal: Seal, at time: Timestamp) {
        guard let words = SealedWords(text, seal, mostWords: Self.words)?.words, words.count == Self.words,
            words[0] == Self.version
        else { return nil }
        id = UUIDv7(high: words[1], low: words[2])
        user = UUIDv7(high: words[3], low: words[4])
        print = [words[5], words[6]]
        guard id.time <= time, time - id.time <= Self.lifetime else { return nil }
    }

    func text(_ seal: Seal) -> String {
        SealedWords([Self.version] + id.words + user.words + print).text(seal)
    }

    func isProved(by evidence: Evidence) -> Bool { evidence.print == print }
}

/// Counts the codes that were tried at each challenge, in bounded memory.
final class ChallengeTries: Sendable {
    static let most = 5
    private static let mostChallenges = 20_000

    private struct Counts {
        var young: [UUIDv7: Int] = [:]
        /// The generation before: bounds the memory without a scan.
        var old: [UUIDv7: Int] = [:]
    }

    private let counts = Mutex(Counts())

    /// Whether one more may be tried.
    func begin(_ challenge: UUIDv7) -> Bool {
        counts.withLock { counts in
            let tries = (counts.young[challenge] ?? counts.old[challenge] ?? 0) + 1
            counts.young[challenge] = tries
            if counts.young.count > Self.mostChallenges / 2 {
                counts.old = counts.young
                counts.young = [:]
            }
            return tries <= Self.most
        }
    }
}
