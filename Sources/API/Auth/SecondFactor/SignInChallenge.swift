import Crypto
import Foundation
import Protocol
import Synchronization

/// What somebody gets who has proved the first factor: sealed, good for five minutes, worth nothing without a code.
struct SignInChallenge: Sendable {
    static let lifetime = Duration.seconds(300)
    private static let words = 7
    /// The first word, without and with an identity behind the others.
    private static let (plain, joins): (UInt64, UInt64) = (1, 2)

    /// How the first factor was proved; compared again when the code comes.
    enum Evidence: Sendable {
        case password(hash: String)
        case identity(ProviderIdentity)
        /// An account elsewhere that is to join this one, whose address it has shown to own there.
        case joining(ProviderIdentity, email: String)

        /// 128 bits.
        fileprivate var print: [UInt64] {
            let text =
                switch self {
                case .password(let hash): "password\n\(hash)"
                case .identity(let identity): "identity\n\(identity.provider.rawValue)\n\(identity.subject)"
                case .joining(let identity, let email):
                    "joining\n\(email)\n\(identity.provider.rawValue)\n\(identity.subject)"
                }
            let hash = Array(SHA256.hash(data: Data(text.utf8)))
            return [0, 8].map { start in hash[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) } }
        }
    }

    let id: UUIDv7
    let user: UserID
    /// What joins the account when the code is right.
    let joining: ProviderIdentity?
    private let print: [UInt64]

    init(for user: UserID, _ evidence: Evidence, at time: Timestamp) {
        id = UUIDv7.make(at: time)
        self.user = user
        print = evidence.print
        if case .joining(let identity, _) = evidence { joining = identity } else { joining = nil }
    }

    /// Reads a challenge; nil unless it was made here within its lifetime.
    init?(_ text: String, _ seal: Seal, at time: Timestamp) {
        let most = Self.words + ProviderIdentity.mostWords
        guard let words = SealedWords(text, seal, mostWords: most)?.words, words.count >= Self.words else { return nil }
        switch (words[0], ProviderIdentity(words: words[Self.words...])) {
        case (Self.plain, _) where words.count == Self.words: joining = nil
        case (Self.joins, let identity?): joining = identity
        default: return nil
        }
        id = UUIDv7(high: words[1], low: words[2])
        user = UUIDv7(high: words[3], low: words[4])
        print = [words[5], words[6]]
        guard id.time <= time, time - id.time <= Self.lifetime else { return nil }
    }

    func text(_ seal: Seal) -> String {
        let kind = joining == nil ? Self.plain : Self.joins
        return SealedWords([kind] + id.words + user.words + print + (joining?.words ?? [])).text(seal)
    }

    func isProved(by evidence: Evidence) -> Bool { evidence.print == print }
}

extension ProviderIdentity {
    /// As OpenID Connect bounds it (Core, section 2).
    static let mostSubjectBytes = 255
    fileprivate static let mostWords = 1 + (mostSubjectBytes + 7) / 8

    /// Provider and length, then the subject, eight bytes a word and the last filled up with zeros.
    fileprivate var words: [UInt64] {
        let bytes = Array(subject.utf8)
        let head = UInt64(ProviderProfile.Provider.allCases.firstIndex(of: provider) ?? 0) << 32 | UInt64(bytes.count)
        return [head]
            + stride(from: 0, to: bytes.count, by: 8).map { start in
                (start..<start + 8).reduce(0) { $0 << 8 | UInt64($1 < bytes.count ? bytes[$1] : 0) }
            }
    }

    /// Reads what `words` has written; nil for anything else.
    fileprivate init?(words: ArraySlice<UInt64>) {
        guard let head = words.first else { return nil }
        let (place, count) = (Int(head >> 32), Int(head & 0xFFFF_FFFF))
        let body = words.dropFirst()
        guard ProviderProfile.Provider.allCases.indices.contains(place), (1...Self.mostSubjectBytes).contains(count),
            body.count == (count + 7) / 8
        else { return nil }
        let bytes = body.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
        guard let subject = String(validating: bytes.prefix(count), as: UTF8.self) else { return nil }
        self.init(provider: ProviderProfile.Provider.allCases[place], subject: subject)
    }
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
