import Protocol

/// Why a `LiveClient` does not do what it was asked.
public enum LiveClientError: Error, Sendable, Hashable {
    /// `run` is under way already, or has ended: a client runs once.
    case alreadyRan
    /// The server does not want this client back: close code or status, and its reason.
    case ended(String)
    /// There is no connection for a request that cannot wait.
    case notConnected
    case refused(Refusal)
    /// The op's frame would be larger than the server takes.
    case opTooLarge(bytes: Int)
    /// More ops wait than the outbox takes; none of these was queued.
    case outboxFull
}
