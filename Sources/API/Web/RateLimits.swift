import HTTPTypes
import Protocol
import Synchronization

/// The size of a token bucket: so many calls at once, filled again within the period.
package struct Allowance: Hashable, Sendable {
    package var calls: Int
    package var period: Duration

    package init(calls: Int, period: Duration = .seconds(60)) {
        self.calls = calls
        self.period = period
    }
}

/// How many calls of each class an address and a user may make; nil values mean no limits at all.
package struct RateLimitConfiguration: Sendable {
    package var isEnabled: Bool
    package var perAddress: [LimitClass: Allowance]
    package var perUser: [LimitClass: Allowance]
    /// Users of these roles have no bucket of their own; the one of their address counts all the same.
    package var exemptRoles: Set<Role>
    /// How many buckets are remembered; the least recently used go first.
    package var mostBuckets: Int

    package init(
        isEnabled: Bool = true,
        perAddress: [LimitClass: Allowance] = [
            .read: Allowance(calls: 3000), .write: Allowance(calls: 1200), .account: Allowance(calls: 30),
        ],
        perUser: [LimitClass: Allowance] = [
            .read: Allowance(calls: 600), .write: Allowance(calls: 300), .account: Allowance(calls: 30),
        ],
        exemptRoles: Set<Role> = [], mostBuckets: Int = 200_000
    ) {
        self.isEnabled = isEnabled
        self.perAddress = perAddress
        self.perUser = perUser
        self.exemptRoles = exemptRoles
        self.mostBuckets = mostBuckets
    }
}

/// Token buckets per address and per user and class of route, in this process's memory.
package final class RateLimits: Sendable {
    /// What a bucket says to one call.
    package struct Verdict: Sendable {
        package let name: String
        package let isAllowed: Bool
        package let allowance: Allowance
        package let remaining: Int
        /// Until the next call is allowed, or until the bucket is full.
        package let resetSeconds: Int

        var headers: HTTPFields {
            let seconds = allowance.period.components.seconds
            var fields = HTTPFields()
            fields[.rateLimitPolicy] = "\"\(name)\";q=\(allowance.calls);w=\(seconds)"
            fields[.rateLimit] = "\"\(name)\";r=\(remaining);t=\(resetSeconds)"
            return fields
        }
    }

    private struct Key: Hashable {
        let limit: LimitClass
        let owner: String
    }

    private struct Bucket {
        var tokens: Double
        var filledAt: Timestamp
    }

    /// Two generations bound the memory: what is not touched while one fills is forgotten with the next.
    private struct Buckets {
        var young: [Key: Bucket] = [:]
        var old: [Key: Bucket] = [:]
    }

    private let configuration: RateLimitConfiguration
    private let now: @Sendable () -> Timestamp
    private let buckets = Mutex(Buckets())

    package init(configuration: RateLimitConfiguration, now: @escaping @Sendable () -> Timestamp) {
        self.configuration = configuration
        self.now = now
    }

    /// Takes one call from the address's bucket; nil without a limit.
    package func spend(_ limit: LimitClass, address: String) -> Verdict? {
        spend(limit, "address", IPAddress.limitKey(of: address), configuration.perAddress[limit])
    }

    /// Takes one call from the user's bucket; nil without a limit.
    package func spend(_ limit: LimitClass, by identity: Identity) -> Verdict? {
        guard !configuration.exemptRoles.contains(identity.role) else { return nil }
        return spend(limit, "user", identity.userId.description, configuration.perUser[limit])
    }

    private func spend(_ limit: LimitClass, _ kind: String, _ owner: String, _ allowance: Allowance?) -> Verdict? {
        guard configuration.isEnabled, let allowance else { return nil }
        let perMillisecond = Double(allowance.calls) / Double(max(1, allowance.period.wholeMilliseconds))
        let time = now()
        let key = Key(limit: limit, owner: "\(kind):\(owner)")
        let capacity = Double(allowance.calls)
        let (isAllowed, left) = buckets.withLock { buckets in
            var bucket = buckets.young[key] ?? buckets.old[key] ?? Bucket(tokens: capacity, filledAt: time)
            let elapsed = Double(max(0, time.milliseconds - bucket.filledAt.milliseconds))
            bucket.tokens = min(capacity, bucket.tokens + elapsed * perMillisecond)
            bucket.filledAt = time
            let isAllowed = bucket.tokens >= 1
            if isAllowed { bucket.tokens -= 1 }
            buckets.young[key] = bucket
            if buckets.young.count >= max(1, configuration.mostBuckets / 2) {
                buckets.old = buckets.young
                buckets.young = [:]
            }
            return (isAllowed, bucket.tokens)
        }
        let missing = isAllowed ? capacity - left : 1 - left
        let resetSeconds = Int(clamping: (missing / perMillisecond / 1000).rounded(.up))
        return Verdict(
            name: "\(limit.rawValue)-\(kind)", isAllowed: isAllowed, allowance: allowance, remaining: Int(left),
            resetSeconds: max(isAllowed ? 0 : 1, resetSeconds))
    }
}

extension HTTPField.Name {
    // Tokens known to be valid names.
    static let rateLimit = HTTPField.Name("RateLimit")!
    static let rateLimitPolicy = HTTPField.Name("RateLimit-Policy")!
    static let requestId = HTTPField.Name("X-Request-Id")!
    static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
    static let frameOptions = HTTPField.Name("X-Frame-Options")!
}
