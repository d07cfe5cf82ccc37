import Crypto
import Foundation
import Protocol
import Synchronization

/// Growing pauses between failed attempts to sign in, in this process's memory.
///
/// Strangers are counted by name and address together, by address, and by name over all addresses; a device that the
/// account knows is counted by itself alone, so that nobody else's guesses keep an owner out. Names count as they were
/// typed, whether or not there is such an account: a pause never tells that two names are one's, or that one exists.
///
/// An attempt counts as failed from the moment it begins, so that many at once gain nothing; a success takes it back.
/// A count is forgotten an hour after its last failure.
package final class LoginDelays: Sendable {
    /// After so many failures the first pause comes; each further failure doubles it, from one second on.
    package struct Policy: Sendable {
        /// Of one name from one address, or from one known device.
        package var freeForAccount = 5
        /// Of all names from one address.
        package var freeForAddress = 30
        /// Of one name from all addresses together; what a second factor may be guessed at has a fifth of it.
        package var ceiling = 100
        package var longest = Duration.seconds(15 * 60)
        /// How many counts are remembered.
        package var mostCounts = 100_000

        package init() {}
    }

    /// Who tries what from where.
    struct Attempt: Sendable {
        /// What was typed, or what stands for the account where its caller is known.
        let name: String
        let address: String
        /// One that the account knows; nil for a stranger's.
        let device: String?
        /// Whether few guesses would do.
        var isShortSecret = false
    }

    /// Of 16 bytes, whatever was typed.
    private struct Key: Hashable {
        let high: UInt64
        let low: UInt64

        init(_ parts: String...) {
            // Its parts can't be shifted into each other: none holds the separator's byte 0.
            let hash = Array(SHA256.hash(data: Data(parts.joined(separator: "\0").utf8)))
            high = hash[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
            low = hash[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private struct Count {
        var failures = 0
        var lastAt: Timestamp
    }

    private struct Counts {
        var young: [Key: Count] = [:]
        /// The generation before: bounds the memory without a scan.
        var old: [Key: Count] = [:]

        subscript(key: Key) -> Count? { young[key] ?? old[key] }
    }

    private static let forgottenAfter = Duration.seconds(3600)

    private let policy: Policy
    private let now: @Sendable () -> Timestamp
    private let counts = Mutex(Counts())

    package init(policy: Policy = Policy(), now: @escaping @Sendable () -> Timestamp) {
        self.policy = policy
        self.now = now
    }

    /// Those that belong to one who signs in go when the attempt succeeds; of the shared ones it is taken back.
    private func keys(of attempt: Attempt) -> (own: (Key, Int), shared: [(Key, Int)]) {
        if let device = attempt.device { return ((Key("device", device, attempt.name), policy.freeForAccount), []) }
        let address = IPAddress.limitKey(of: attempt.address)
        let ceiling = attempt.isShortSecret ? max(1, policy.ceiling / 5) : policy.ceiling
        return (
            (Key("pair", address, attempt.name), policy.freeForAccount),
            [(Key("address", address), policy.freeForAddress), (Key("name", attempt.name), ceiling)]
        )
    }

    /// Counts an attempt. Throws `tooManyRequests` with the seconds to wait while a pause lasts.
    func begin(_ attempt: Attempt) throws(Problem) {
        let time = now()
        let (own, shared) = keys(of: attempt)
        let waitMilliseconds = counts.withLock { counts -> Int64 in
            let all = [own] + shared
            let waits = all.map { LoginDelays.wait(for: counts[$0.0], $0.1, policy.longest, at: time) }
            let longest = waits.max() ?? 0
            guard longest <= 0 else { return longest }
            for (key, _) in all {
                var count = counts[key] ?? Count(lastAt: time)
                if time - count.lastAt > LoginDelays.forgottenAfter { count.failures = 0 }
                count.failures += 1
                count.lastAt = time
                counts.young[key] = count
            }
            if counts.young.count > policy.mostCounts / 2 {
                counts.old = counts.young
                counts.young = [:]
            }
            return 0
        }
        guard waitMilliseconds <= 0 else {
            throw Problem(
                .tooManyRequests, detail: "Too many failed attempts to sign in.",
                retryAfterSeconds: Int((waitMilliseconds + 999) / 1000))
        }
    }

    /// Takes the attempt back: it was no failure.
    func succeeded(_ attempt: Attempt) {
        let (own, shared) = keys(of: attempt)
        counts.withLock { counts in
            counts.young[own.0] = nil
            counts.old[own.0] = nil
            for (key, _) in shared {
                guard var count = counts[key] else { continue }
                count.failures = max(0, count.failures - 1)
                counts.young[key] = count
            }
        }
    }

    private static func wait(for count: Count?, _ free: Int, _ longest: Duration, at time: Timestamp) -> Int64 {
        guard let count, count.failures >= free, time - count.lastAt <= forgottenAfter else { return 0 }
        let pause = min(longest, .seconds(1 << min(count.failures - free, 20)))
        return (count.lastAt + pause - time).wholeMilliseconds
    }
}
