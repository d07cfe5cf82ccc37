/// A frame that the server sends.
public enum ServerFrame: Sendable {
    case welcome(id: Int64, Welcome)
    case time(id: Int64, t0: Int64, t1: Int64, t2: Int64)
    /// A request was done and has nothing to tell.
    case ok(id: Int64)
    /// An op was applied, or was before (then with its first answer and whether that is durable).
    case applied(id: Int64, epoch: Int64, seq: Int64, isDurable: Bool?)
    case subscribed(id: Int64, Subscribed)
    case error(id: Int64?, Refusal)
    /// A page of missed events ahead of the answer to the subscribe with this id.
    case page(id: Int64, room: String, events: [EncodedEvent])
    case event(room: String, EncodedEvent)
    case durable(room: String, epoch: Int64, seq: Int64)
    /// The op that was answered `ok` could not be stored; it counts as never applied.
    case rejected(room: String, opId: OpID, message: String)
    /// The room's surviving history changed: drop the state, take this one.
    case reset(room: String, Snapshot)
    /// The room is no longer to be watched; why is not said.
    case ended(room: String)
    case presence(room: String, Presence)
    case cheer(room: String, Cheer, from: Member?)
    case heart(room: String, bpm: Int64, at: Timestamp)
    /// A friend came, went, or began or ended a workout.
    case friend(FriendPresence)
    /// Something happened to the user; comes again with each hello until it was `seen`.
    case notice(Notice)
    /// The connection is about to be closed; come back after so long, spread by full jitter.
    case goodbye(retryAfterMilliseconds: Int64)
}

/// An event as JSON, encoded once for store, subscribers and resume.
public struct EncodedEvent: Sendable, Hashable {
    public let seq: Int64
    public let json: [UInt8]

    public init(seq: Int64, json: [UInt8]) {
        self.seq = seq
        self.json = json
    }
}

public struct Welcome: Sendable {
    public var session: SessionID
    public var node: String
    public var user: UserID
    public var serverTime: Timestamp
    /// After so long without hearing anything the server pings.
    public var heartbeatSeconds: Int64
    public var limits: Limits

    public struct Limits: Sendable {
        public var frameBytes: Int64
        public var subscriptions: Int64
        public var opsPerSecond: Int64
        public var opsBurst: Int64

        public init(frameBytes: Int64, subscriptions: Int64, opsPerSecond: Int64, opsBurst: Int64) {
            self.frameBytes = frameBytes
            self.subscriptions = subscriptions
            self.opsPerSecond = opsPerSecond
            self.opsBurst = opsBurst
        }
    }

    public init(
        session: SessionID, node: String, user: UserID, serverTime: Timestamp, heartbeatSeconds: Int64, limits: Limits
    ) {
        self.session = session
        self.node = node
        self.user = user
        self.serverTime = serverTime
        self.heartbeatSeconds = heartbeatSeconds
        self.limits = limits
    }
}

/// A room's whole shared state at one seq.
public struct Snapshot: Sendable {
    public var epoch: Int64
    public var seq: Int64
    public var durable: Int64
    public var athlete: Member
    public var stateHash: String
    /// `WorkoutState` as JSON.
    public var state: [UInt8]

    public init(epoch: Int64, seq: Int64, durable: Int64, athlete: Member, stateHash: String, state: [UInt8]) {
        self.epoch = epoch
        self.seq = seq
        self.durable = durable
        self.athlete = athlete
        self.stateHash = stateHash
        self.state = state
    }
}

/// The answer to `subscribe`; live events follow it.
public struct Subscribed: Sendable {
    public var room: String
    public var epoch: Int64
    public var seq: Int64
    public var durable: Int64
    public var content: Content
    public var members: Presence

    public enum Content: Sendable {
        case snapshot(Snapshot)
        /// The last page of the missing events.
        case events([EncodedEvent])
        /// The given position is not in the surviving history.
        case reset(Snapshot)
    }

    public init(room: String, epoch: Int64, seq: Int64, durable: Int64, content: Content, members: Presence) {
        self.room = room
        self.epoch = epoch
        self.seq = seq
        self.durable = durable
        self.content = content
        self.members = members
    }
}

public struct Member: Sendable, Hashable {
    public var userId: UserID
    public var name: String

    public init(userId: UserID, name: String) {
        self.userId = userId
        self.name = name
    }
}

/// Who watches: the count for everyone, names as far as the reader may know them; complete in `members`, a change in `presence`.
public struct Presence: Sendable, Hashable {
    public var watching: Int64
    public var joined: [Member]
    public var left: [UserID]

    public init(watching: Int64, joined: [Member] = [], left: [UserID] = []) {
        self.watching = watching
        self.joined = joined
        self.left = left
    }
}

public struct FriendPresence: Sendable, Hashable {
    public var user: Member
    public var isOnline: Bool
    /// The newest active workout that the reader may watch.
    public var live: WorkoutID?

    public init(user: Member, isOnline: Bool, live: WorkoutID?) {
        self.user = user
        self.isOnline = isOnline
        self.live = live
    }
}
