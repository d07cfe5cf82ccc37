/// How long a failed job waits before it is tried again.
package struct JobBackOff: Sendable {
    /// After the first failure; doubles with each further one.
    package var first = Duration.seconds(5)
    package var longest = Duration.seconds(3600)

    package init() {}

    /// The pause after the `attempt`th failure (from 1): the doubled pause, of which up to a half is left out by
    /// `jitter` (0..<1), so that jobs that failed together do not come back together.
    package func pause(after attempt: Int, jitter: Double) -> Duration {
        let whole = min(longest, first * (1 << min(max(attempt, 1) - 1, 20)))
        return whole * (1 - jitter / 2)
    }
}
