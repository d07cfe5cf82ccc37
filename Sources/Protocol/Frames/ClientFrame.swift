/// A frame that a client sends, decoded once.
public struct ClientFrame: Sendable {
    /// The client's own number for the request; the answer carries it. Optional for `heart` alone, which then has none.
    public let id: Int64?
    public let body: Body

    public enum Body: Sendable {
        case hello(token: String?, client: ClientInfo?)
        /// A fresh access token for this connection.
        case token(String)
        case time(t0: Int64)
        case subscribe(room: String, since: Position?, wantsEvents: Bool)
        case unsubscribe(room: String)
        case op(room: String, WorkoutOp)
        case heart(room: String, HeartBeat)
        case cheer(room: String, Cheer)
        case moderate(room: String, Moderation)
        /// These notices were shown to the user: 1…100 of them.
        case seen([NoticeID])
    }

    public init(id: Int64?, body: Body) {
        self.id = id
        self.body = body
    }
}

/// A place in a room's history.
public struct Position: Sendable, Hashable, Codable {
    public var epoch: Int64
    public var seq: Int64

    public init(epoch: Int64, seq: Int64) {
        self.epoch = epoch
        self.seq = seq
    }
}

/// What a client calls itself; shown in logs.
public struct ClientInfo: Sendable, Hashable {
    /// At most 64 characters.
    public var name: String
    /// At most 64 characters.
    public var version: String

    public init(name: String, version: String) {
        self.name = name
        self.version = version
    }
}

/// The cheers there are.
public enum Cheer: String, Sendable, CaseIterable, Codable { case clap, fire, strong, heart, wow }

/// What an athlete does about watchers.
public enum Moderation: Sendable, Hashable {
    /// The watcher's cheers reach nobody.
    case mute(UserID)
    case unmute(UserID)
    /// The watcher leaves and cannot come back to this workout.
    case remove(UserID)
    /// Nobody but the athlete may watch any more.
    case close
    case open
}

extension ClientFrame {
    /// A frame that could not be read, and why; the connection goes on.
    public struct Fault: Error, Sendable {
        /// The frame's id, if that much could be read.
        public let id: Int64?
        /// Nil for a frame that asked for no answer.
        public let refusal: Refusal?
        /// What could be read of it, if it was an op.
        public var op: UnreadableOp?
    }

    /// Decodes a text message.
    public init(_ bytes: some Collection<UInt8>) throws(Fault) {
        let json: JSONValue
        do { json = try JSONReader.parse(bytes) } catch {
            let refusal = Refusal(.badRequest, "not JSON at byte \(error.position): \(error.reason)")
            throw Fault(id: FrameIDScan.id(in: bytes), refusal: refusal)
        }
        guard json.object != nil else { throw Fault(id: nil, refusal: Refusal(.badRequest, "not a JSON object")) }
        let number = json["id"]?.integer
        if json["id"] != nil, number == nil {
            throw Fault(id: nil, refusal: Refusal(.badRequest, "id must be a whole number"))
        }
        guard json["type"] != nil else { throw Fault(id: number, refusal: Refusal(.badRequest, "type is missing")) }
        guard let type = json["type"]?.string else {
            throw Fault(id: number, refusal: Refusal(.badRequest, "type must be a string"))
        }
        let isUnanswered = number == nil && type == "heart"
        do {
            body = try Body(type: type, Fields(json))
        } catch {
            let op = type == "op" ? UnreadableOp(json) : nil
            throw Fault(id: number, refusal: isUnanswered ? nil : error, op: op)
        }
        guard number != nil || isUnanswered else {
            throw Fault(id: nil, refusal: Refusal(.badRequest, "id is missing"))
        }
        id = number
    }
}

extension ClientFrame.Body {
    init(type: String, _ fields: Fields) throws(Refusal) {
        // One spelling from here on: what a room is looked up, answered and left by.
        func room() throws(Refusal) -> String {
            RoomName.canonical(try fields.required("room", fields.string("room")))
        }
        switch type {
        case "hello": self = .hello(token: try fields.string("token"), client: try ClientInfo(fields))
        case "token": self = .token(try fields.required("token", fields.string("token")))
        case "time": self = .time(t0: try fields.required("t0", fields.integer("t0")))
        case "subscribe":
            let wantsEvents = fields.json["mode"] != nil
            guard try fields.string("mode") ?? "events" == "events" else {
                throw Refusal(.badRequest, "mode must be events")
            }
            self = .subscribe(room: try room(), since: try Position(fields), wantsEvents: wantsEvents)
        case "unsubscribe": self = .unsubscribe(room: try room())
        case "op": self = .op(room: try room(), try WorkoutOp(fields.json))
        case "heart": self = .heart(room: try room(), try HeartBeat(fields))
        case "cheer": self = .cheer(room: try room(), try fields.required("kind", fields.choice("kind")))
        case "moderate": self = .moderate(room: try room(), try Moderation(fields))
        case "seen": self = .seen(try fields.requiredIds("noticeIds"))
        default: throw Refusal(.unknownType, "there is no request of type \(type.clipped(bytes: 64))")
        }
    }
}

extension Position {
    /// The `since` member, if there is one.
    init?(_ fields: Fields) throws(Refusal) {
        guard fields.json["since"] != nil else { return nil }
        let since = try fields.object("since")
        epoch = try since.required("since.epoch", since.integer("epoch"))
        seq = try since.required("since.seq", since.integer("seq"))
    }
}

extension ClientInfo {
    /// The `client` member, if there is one.
    init?(_ fields: Fields) throws(Refusal) {
        guard fields.json["client"] != nil else { return nil }
        let client = try fields.object("client")
        name = try client.string("name")?.cut(to: 64) ?? ""
        version = try client.string("version")?.cut(to: 64) ?? ""
    }
}

extension Moderation {
    init(_ fields: Fields) throws(Refusal) {
        func user() throws(Refusal) -> UserID { try fields.required("userId", fields.id("userId")) }
        switch try fields.required("action", fields.string("action")) {
        case "mute": self = .mute(try user())
        case "unmute": self = .unmute(try user())
        case "remove": self = .remove(try user())
        case "close": self = .close
        case "open": self = .open
        default: throw Refusal(.badRequest, "action must be one of mute, unmute, remove, close, open")
        }
    }
}
