/// Keeps a sender within a rate and a burst.
struct TokenBucket: Sendable {
    private let perSecond: Double
    private let burst: Double
    private var tokens: Double
    private var filledAt: ContinuousClock.Instant

    init(perSecond: Int64, burst: Int64, now: ContinuousClock.Instant) {
        self.perSecond = Double(max(1, perSecond))
        self.burst = Double(max(1, burst))
        tokens = self.burst
        filledAt = now
    }

    /// How long to wait until there is a token; zero when there is one.
    mutating func wait(now: ContinuousClock.Instant) -> Duration {
        tokens = min(burst, tokens + filledAt.duration(to: now) / .seconds(1) * perSecond)
        filledAt = now
        return tokens >= 1 ? .zero : .seconds((1 - tokens) / perSecond) + .milliseconds(1)
    }

    /// Takes the token that `wait` has promised.
    mutating func take() { tokens -= 1 }
}
