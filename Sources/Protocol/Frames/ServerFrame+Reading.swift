extension ServerFrame {
    /// Decodes a text message of a server; members this version does not know are ignored.
    ///
    /// - Throws: `badRequest` when it is no frame, `unknownType` for a type this version does not know (to be ignored).
    public init(_ bytes: some Collection<UInt8>) throws(Refusal) {
        let json: JSONValue
        do { json = try JSONReader.parse(bytes) } catch { throw Refusal(.badRequest, "not JSON: \(error.reason)") }
        let fields = Fields(json)
        let type = try fields.required("type", fields.string("type"))
        func id() throws(Refusal) -> Int64 { try fields.required("id", fields.integer("id")) }
        switch type {
        case "welcome": self = .welcome(id: try id(), try Welcome(fields))
        case "time":
            self = .time(
                id: try id(), t0: try fields.required("t0", fields.integer("t0")),
                t1: try fields.required("t1", fields.integer("t1")),
                t2: try fields.required("t2", fields.integer("t2")))
        case "ok" where json["room"] != nil: self = .subscribed(id: try id(), try Subscribed(fields))
        case "ok" where json["seq"] != nil:
            self = .applied(
                id: try id(), epoch: try fields.required("epoch", fields.integer("epoch")),
                seq: try fields.required("seq", fields.integer("seq")), isDurable: try fields.bool("durable"))
        case "ok": self = .ok(id: try id())
        case "error": self = .error(id: try fields.integer("id"), try Refusal(fields))
        default: self = try .push(type, fields)
        }
    }

    private static let roomPushes: Set<String> = [
        "page", "event", "durable", "rejected", "reset", "ended", "presence", "cheer", "heart",
    ]

    private static func push(_ type: String, _ fields: Fields) throws(Refusal) -> ServerFrame {
        if type == "goodbye" { return .goodbye(retryAfterMilliseconds: try fields.wait("retryAfterMs") ?? 0) }
        if type == "friend" { return .friend(try FriendPresence(fields)) }
        if type == "notice" { return .notice(try Notice(fields)) }
        guard roomPushes.contains(type) else { throw Refusal(.unknownType, "there is no frame of type \(type)") }
        let room = try fields.required("room", fields.string("room"))
        switch type {
        case "page":
            let id = try fields.required("id", fields.integer("id"))
            return .page(id: id, room: room, events: try EncodedEvent.list(fields))
        case "event": return .event(room: room, EncodedEvent(try WorkoutEvent(fields.json)))
        case "durable":
            return .durable(
                room: room, epoch: try fields.required("epoch", fields.integer("epoch")),
                seq: try fields.required("seq", fields.integer("seq")))
        case "rejected":
            return .rejected(
                room: room, opId: try fields.required("opId", fields.id("opId")),
                message: try fields.string("message") ?? "")
        case "reset": return .reset(room: room, try Snapshot(fields.object("snapshot")))
        case "ended": return .ended(room: room)
        case "presence": return .presence(room: room, try Presence(fields))
        case "cheer":
            let from = fields.json["from"] == nil ? nil : try Member(fields.object("from"))
            return .cheer(room: room, try fields.required("kind", fields.choice("kind")), from: from)
        case "heart":
            return .heart(
                room: room, bpm: try fields.required("bpm", fields.integer("bpm")),
                at: try fields.required("at", fields.time("at")))
        default: throw Refusal(.unknownType, "there is no frame of type \(type)")
        }
    }
}

extension EncodedEvent {
    public init(_ event: WorkoutEvent) { self.init(seq: event.seq, json: event.json) }

    /// The event itself.
    public func decoded() throws(Refusal) -> WorkoutEvent {
        do { return try WorkoutEvent(JSONReader.parse(json)) } catch let refusal as Refusal { throw refusal } catch {
            throw Refusal(.badRequest, "a stored event is not JSON")
        }
    }

    static func list(_ fields: Fields) throws(Refusal) -> [EncodedEvent] {
        var events: [EncodedEvent] = []
        for json in fields.json["events"]?.array ?? [] { events.append(EncodedEvent(try WorkoutEvent(json))) }
        return events
    }
}

extension Refusal {
    init(_ fields: Fields) throws(Refusal) {
        let name = try fields.required("code", fields.string("code"))
        let isTemporary = try fields.bool("temporary") ?? false
        // A code of a newer server keeps at least whether it is worth trying again.
        let code = Code(rawValue: name) ?? (isTemporary ? .unavailable : .invalid)
        self.init(
            code, try fields.string("message") ?? name, retryAfterMilliseconds: try fields.wait("retryAfterMs"))
    }
}

extension Welcome {
    init(_ fields: Fields) throws(Refusal) {
        let limits = try fields.object("limits")
        func limit(_ name: String) throws(Refusal) -> Int64 { try limits.required(name, limits.integer(name)) }
        self.init(
            session: try fields.required("session", fields.id("session")),
            node: try fields.string("node") ?? "",
            user: try fields.required("userId", fields.id("userId")),
            serverTime: try fields.required("serverTime", fields.time("serverTime")),
            heartbeatSeconds: try fields.required("heartbeatSeconds", fields.integer("heartbeatSeconds")),
            limits: Limits(
                frameBytes: try limit("frameBytes"), subscriptions: try limit("subscriptions"),
                opsPerSecond: try limit("opsPerSecond"), opsBurst: try limit("opsBurst")))
    }
}

extension Subscribed {
    init(_ fields: Fields) throws(Refusal) {
        let content: Content
        if fields.json["snapshot"] == nil {
            content = .events(try EncodedEvent.list(fields))
        } else {
            let snapshot = try Snapshot(fields.object("snapshot"))
            content = try fields.bool("reset") ?? false ? .reset(snapshot) : .snapshot(snapshot)
        }
        self.init(
            room: try fields.required("room", fields.string("room")),
            epoch: try fields.required("epoch", fields.integer("epoch")),
            seq: try fields.required("seq", fields.integer("seq")),
            durable: try fields.required("durable", fields.integer("durable")), content: content,
            members: try Presence(fields.object("members")))
    }
}

extension Snapshot {
    init(_ fields: Fields) throws(Refusal) {
        self.init(
            epoch: try fields.required("epoch", fields.integer("epoch")),
            seq: try fields.required("seq", fields.integer("seq")),
            durable: try fields.required("durable", fields.integer("durable")),
            athlete: try Member(fields.object("athlete")),
            stateHash: try fields.required("stateHash", fields.string("stateHash")),
            state: try WorkoutState(fields.object("state").json).json(forWatchers: false))
    }

    /// The state itself.
    public func decoded() throws(Refusal) -> WorkoutState {
        do { return try WorkoutState(JSONReader.parse(state)) } catch let refusal as Refusal { throw refusal } catch {
            throw Refusal(.badRequest, "the snapshot's state is not JSON")
        }
    }
}

extension Member {
    init(_ fields: Fields) throws(Refusal) {
        self.init(
            userId: try fields.required("userId", fields.id("userId")),
            name: try fields.required("name", fields.string("name")))
    }
}

extension Presence {
    init(_ fields: Fields) throws(Refusal) {
        var joined: [Member] = []
        for json in fields.json["joined"]?.array ?? [] { joined.append(try Member(Fields(json))) }
        self.init(
            watching: try fields.required("watching", fields.integer("watching")), joined: joined,
            left: try fields.ids("left"))
    }
}

extension FriendPresence {
    init(_ fields: Fields) throws(Refusal) {
        self.init(
            user: try Member(fields), isOnline: try fields.bool("online") ?? false,
            live: fields.json["live"] == nil ? nil : try fields.object("live").id("workoutId"))
    }
}
