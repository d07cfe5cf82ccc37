import Protocol
import Synchronization

/// Growing pauses between failed log-ins, per account and per address, in this process's memory.
///
/// An attempt counts as failed from the moment it begins, so that many at once gain nothing; a success clears the
/// account's count. A count is forgotten an hour after its last failure.
package final class LoginDelays: Sendable {
    /// After so many failures the first pause comes; each further failure doubles it, from one second on.
    package struct Policy: Sendable {
        package var freeForAccount = 5
        package var freeForAddress = 30
        package var longest = Duration.seconds(15 * 60)
        /// How many accounts and addresses are remembered.
        package var mostCounts = 100_000

        package init() {}
    }

    private struct Count {
        var failures = 0
        var lastAt: Timestamp
    }

    private struct Counts {
        var young: [String: Count] = [:]
        /// The generation before: bounds the memory without a scan.
        var old: [String: Count] = [:]
    }

    private static let forgottenAfter = Duration.seconds(3600)

    private let policy: Policy
    private let now: @Sendable () -> Timestamp
    private let counts = Mutex(Counts())

    package init(policy: Policy = Policy(), now: @escaping @Sendable () -> Timestamp) {
        self.policy = policy
        self.now = now
    }

    /// Counts an attempt. Throws `tooManyRequests` with the seconds to wait while a pause lasts.
    package func begin(account: String, address: String) throws(Problem) {
        let time = now()
        let keys = [
            ("account:\(account)", policy.freeForAccount),
            ("address:\(IPAddress.limitKey(of: address))", policy.freeForAddress),
        ]
        let waitMilliseconds = counts.withLock { counts -> Int64 in
            let waits = keys.map { key, free in
                LoginDelays.wait(for: counts.young[key] ?? counts.old[key], free, policy.longest, at: time)
            }
            let longest = waits.max() ?? 0
            guard longest <= 0 else { return longest }
            for (key, _) in keys {
                var count = counts.young[key] ?? counts.old[key] ?? Count(lastAt: time)
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
                .tooManyRequests, detail: "Too many failed log-ins.",
                retryAfterSeconds: Int((waitMilliseconds + 999) / 1000))
        }
    }

    /// Takes the attempt back: it was no failure.
    package func succeeded(account: String, address: String) {
        counts.withLock { counts in
            counts.young["account:\(account)"] = nil
            counts.old["account:\(account)"] = nil
            let key = "address:\(IPAddress.limitKey(of: address))"
            if var count = counts.young[key] ?? counts.old[key] {
                count.failures -= 1
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
