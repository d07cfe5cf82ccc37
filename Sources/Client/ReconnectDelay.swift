import Protocol

/// How long to wait before connecting again: full jitter over a ceiling that doubles with every failure.
public struct ReconnectDelay: Sendable {
    /// What the server said about coming back.
    public enum Hint: Sendable, Hashable {
        case none
        /// Spread over this time (a node that drains).
        case within(Duration)
        /// Not before this time (a server that is busy).
        case notBefore(Duration)
    }

    private let base: Duration
    private let cap: Duration
    private var failures = 0

    /// The first ceiling is `base`; no ceiling is above `cap` unless a hint is.
    public init(base: Duration = .milliseconds(250), cap: Duration = .seconds(30)) {
        self.base = base
        self.cap = cap
    }

    /// The connection has worked: the next failure is the first.
    public mutating func reset() { failures = 0 }

    /// The next delay.
    public mutating func next(_ hint: Hint, using generator: inout some RandomNumberGenerator) -> Duration {
        let ceiling = min(cap, base * (1 << min(failures, 20)))
        failures += 1
        func jitter(_ ceiling: Duration) -> Duration {
            .milliseconds(Int64.random(in: 0...max(0, ceiling.wholeMilliseconds), using: &generator))
        }
        return switch hint {
        case .none: jitter(ceiling)
        case .within(let window): jitter(max(ceiling, window))
        case .notBefore(let earliest): earliest + jitter(ceiling)
        }
    }
}
