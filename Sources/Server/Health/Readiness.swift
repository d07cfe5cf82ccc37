import Synchronization

/// How far the process is in its life; shared by all that must know.
package final class Readiness: Sendable {
    package enum Phase: String, Sendable, Codable, CaseIterable { case starting, serving, draining }

    private let state = Mutex(Phase.starting)

    package init() {}

    package var phase: Phase { state.withLock { $0 } }

    /// Moves on; a draining process never serves again.
    package func become(_ phase: Phase) {
        state.withLock { if $0 != .draining { $0 = phase } }
    }
}
