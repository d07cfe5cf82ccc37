extension ServerFrame {
    /// The frame as a text message.
    public var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in write(to: &writer) }
        return writer.bytes
    }

    private func write(to writer: inout JSONWriter) {
        writer.member("type", type)
        switch self {
        case .welcome(let id, let welcome):
            writer.member("id", id)
            welcome.write(to: &writer)
        case .time(let id, let t0, let t1, let t2):
            writer.member("id", id)
            writer.member("t0", t0)
            writer.member("t1", t1)
            writer.member("t2", t2)
        case .ok(let id): writer.member("id", id)
        case .applied(let id, let epoch, let seq, let isDurable):
            writer.member("id", id)
            writer.member("epoch", epoch)
            writer.member("seq", seq)
            if let isDurable { writer.member("durable", isDurable) }
        case .subscribed(let id, let answer):
            writer.member("id", id)
            answer.write(to: &writer)
        case .error(let id, let refusal):
            writer.member("id", id)
            refusal.write(to: &writer)
        case .page(let id, let room, let events):
            writer.member("id", id)
            writer.member("room", room)
            events.write(to: &writer)
        default: writePush(to: &writer)
        }
    }

    private func writePush(to writer: inout JSONWriter) {
        switch self {
        case .event(let room, let event):
            writer.member("room", room)
            writer.members(of: event.json)
        case .durable(let room, let epoch, let seq):
            writer.member("room", room)
            writer.member("epoch", epoch)
            writer.member("seq", seq)
        case .rejected(let room, let opId, let message):
            writer.member("room", room)
            writer.member("opId", opId)
            writer.member("message", message)
        case .reset(let room, let snapshot):
            writer.member("room", room)
            writer.member("snapshot") { snapshot.write(to: &$0) }
        case .ended(let room): writer.member("room", room)
        case .presence(let room, let presence):
            writer.member("room", room)
            presence.write(to: &writer)
        case .cheer(let room, let cheer, let from):
            writer.member("room", room)
            writer.member("kind", cheer.rawValue)
            if let from { writer.member("from") { from.write(to: &$0) } }
        case .heart(let room, let bpm, let at):
            writer.member("room", room)
            writer.member("bpm", bpm)
            writer.member("at", at)
        case .friend(let friend):
            friend.user.write(to: &writer)
            writer.member("online", friend.isOnline)
            if let live = friend.live { writer.member("live") { $0.member("workoutId", live) } }
        case .notice(let notice): notice.write(to: &writer)
        case .goodbye(let retryAfter): writer.member("retryAfterMs", retryAfter)
        default: break
        }
    }

    var type: String {
        switch self {
        case .welcome: "welcome"
        case .time: "time"
        case .ok, .applied, .subscribed: "ok"
        case .error: "error"
        case .page: "page"
        case .event: "event"
        case .durable: "durable"
        case .rejected: "rejected"
        case .reset: "reset"
        case .ended: "ended"
        case .presence: "presence"
        case .cheer: "cheer"
        case .heart: "heart"
        case .friend: "friend"
        case .notice: "notice"
        case .goodbye: "goodbye"
        }
    }
}

extension Refusal {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("code", code.rawValue)
        writer.member("message", message)
        writer.member("temporary", code.isTemporary)
        writer.member("retryAfterMs", retryAfterMilliseconds)
    }
}

extension Welcome {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("session", session)
        writer.member("node", node)
        writer.member("userId", user)
        writer.member("serverTime", serverTime)
        writer.member("heartbeatSeconds", heartbeatSeconds)
        writer.member("limits") { writer in
            writer.member("frameBytes", limits.frameBytes)
            writer.member("subscriptions", limits.subscriptions)
            writer.member("opsPerSecond", limits.opsPerSecond)
            writer.member("opsBurst", limits.opsBurst)
        }
    }
}

extension Subscribed {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("room", room)
        writer.member("epoch", epoch)
        writer.member("seq", seq)
        writer.member("durable", durable)
        switch content {
        case .snapshot(let snapshot): writer.member("snapshot") { snapshot.write(to: &$0) }
        case .events(let events): events.write(to: &writer)
        case .reset(let snapshot):
            writer.member("reset", true)
            writer.member("snapshot") { snapshot.write(to: &$0) }
        }
        writer.member("members") { members.write(to: &$0) }
    }
}

extension Snapshot {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("epoch", epoch)
        writer.member("seq", seq)
        writer.member("durable", durable)
        writer.member("athlete") { athlete.write(to: &$0) }
        writer.member("stateHash", stateHash)
        writer.name("state")
        writer.raw(state)
    }
}

extension [EncodedEvent] {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.name("events")
        writer.array(self) { $0.raw($1.json) }
    }
}

extension Member {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("userId", userId)
        writer.member("name", name)
    }
}

extension Presence {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("watching", watching)
        if !joined.isEmpty {
            writer.name("joined")
            writer.array(joined) { writer, member in writer.object { member.write(to: &$0) } }
        }
        if !left.isEmpty {
            writer.name("left")
            writer.array(left) { $0.id($1) }
        }
    }
}
