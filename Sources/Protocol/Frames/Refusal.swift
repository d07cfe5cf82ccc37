/// Why a request was answered with `error` instead of `ok`; nothing changed.
public struct Refusal: Error, Sendable, Hashable {
    /// The codes of the live protocol; whether trying again later may help belongs to the code.
    public enum Code: String, Sendable, CaseIterable {
        // Temporary: the same request may succeed later.
        /// The write-behind queue is full, or the memory of the node or of the account.
        case busy
        /// Storage or the room's owner is out of reach.
        case unavailable
        /// The op names a workout, an exercise entry or a set that is not known (yet).
        case unknownTarget
        /// An earlier op of this connection for the same room was refused temporarily and must come first.
        case outOfOrder
        case rateLimited
        case draining
        // Permanent: the same request will be refused again.
        case badRequest
        case unknownType
        case unauthorized
        /// The room is missing, private, blocked or ended; from outside these look alike.
        case noSuchRoom
        case forbidden
        /// A value is out of its bounds.
        case invalid
        /// The workout's state does not allow this op.
        case invalidState
        /// Another body came under the same `opId`.
        case opIdReused
        /// The id of a new exercise entry or set is in use in this workout.
        case idTaken
        case limitReached
        /// The athlete has not consented to heart rate.
        case heartRateOff
        case deleted
        /// The op builds on something that a permanently refused op was to make.
        case dependsOnRefused
        /// The op was stored by nobody: Postgres refused it although it was valid (see `rejected`).
        case rejected

        public var isTemporary: Bool {
            switch self {
            case .busy, .unavailable, .unknownTarget, .outOfOrder, .rateLimited, .draining: true
            default: false
            }
        }
    }

    public let code: Code
    /// One sentence for developers.
    public let message: String
    /// When trying again makes sense.
    public let retryAfterMilliseconds: Int64?

    public init(_ code: Code, _ message: String, retryAfterMilliseconds: Int64? = nil) {
        self.code = code
        self.message = message
        self.retryAfterMilliseconds = retryAfterMilliseconds
    }
}
