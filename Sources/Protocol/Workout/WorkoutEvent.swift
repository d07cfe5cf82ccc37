/// An op as it was applied, with what the room computed from it; the fold reads nothing else.
public struct WorkoutEvent: Sendable, Hashable {
    /// Bytes of an event as JSON, at most.
    public static let limitBytes = 8 * 1024
    /// What a summary takes of them at most.
    static let summaryBytes = 256

    public var epoch: Int64
    /// 1, 2, 3 … without gaps in the room's surviving history.
    public var seq: Int64
    public var opId: OpID
    /// When it happened; never later than `receivedAt`.
    public var at: Timestamp
    /// When the server applied it; never goes back within a room.
    public var receivedAt: Timestamp
    public var action: WorkoutAction
    public var effects: Effects

    public init(
        epoch: Int64, seq: Int64, opId: OpID, at: Timestamp, receivedAt: Timestamp, action: WorkoutAction,
        effects: Effects = Effects()
    ) {
        self.epoch = epoch
        self.seq = seq
        self.opId = opId
        self.at = at
        self.receivedAt = receivedAt
        self.action = action
        self.effects = effects
    }

    /// What the room added to an op as it applied it.
    public struct Effects: Sendable, Hashable {
        /// Recorded, but a later change or a deletion had won: the state stays as it is.
        public var isSuperseded = false
        /// The op's time, or one that it tells, lay in the future and was set to the server's.
        public var isClamped = false
        /// Made by the server (twelve idle hours).
        public var isAutomatic = false
        /// When a rest that was started ends; nil when it was over already.
        public var restEndsAt: Timestamp?
        public var summary: Summary?
        /// Hard sets in halves, of the muscles this event changed.
        public var hardSetHalves: [MuscleCount] = []
        /// Of the set this event logged or changed, in grams.
        public var estimatedOneRepMaxGrams: Int64?
        /// The estimate comes from more than ten repetitions.
        public var isEstimateUnsure = false
        public var records: [PersonalRecord] = []
        public var recordsTakenBack: [PersonalRecord] = []

        public init() {}
    }

    /// The event as watchers may see it once the workout has come to `state`.
    ///
    /// A note keeps its text only while that is what the shared note says now, however the event was stored: a note that is
    /// no longer shared disappears from the history too. An empty text stays, since it says that the note is gone. Records
    /// lose the best before this workout, which may come from a private one.
    public func forWatchers(in state: WorkoutState) -> WorkoutEvent {
        var copy = self
        if case .note(let entry, let text?, let isShared) = action, !text.isEmpty,
            !isShared || state.sharedText(ofNoteOn: entry) != text
        {
            copy.action = .note(entry: entry, text: nil, isShared: isShared)
        }
        copy.effects.records = effects.records.map(\.forWatchers)
        copy.effects.recordsTakenBack = effects.recordsTakenBack.map(\.forWatchers)
        return copy
    }
}

/// A muscle and a count in halves.
public struct MuscleCount: Sendable, Hashable {
    public let muscle: String
    public let halves: Int64

    public init(muscle: String, halves: Int64) {
        self.muscle = muscle
        self.halves = halves
    }
}
