extension ClientFrame {
    /// The frame as a text message.
    public var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("type", body.type)
            writer.member("id", id)
            body.write(to: &writer)
        }
        return writer.bytes
    }
}

extension ClientFrame.Body {
    var type: String {
        switch self {
        case .hello: "hello"
        case .token: "token"
        case .time: "time"
        case .subscribe: "subscribe"
        case .unsubscribe: "unsubscribe"
        case .op: "op"
        case .heart: "heart"
        case .cheer: "cheer"
        case .moderate: "moderate"
        case .seen: "seen"
        }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .hello(let token, let client):
            writer.member("token", token)
            if let client {
                writer.member("client") { writer in
                    writer.member("name", client.name)
                    writer.member("version", client.version)
                }
            }
        case .token(let token): writer.member("token", token)
        case .time(let t0): writer.member("t0", t0)
        case .subscribe(let room, let since, let wantsEvents):
            writer.member("room", room)
            if let since {
                writer.member("since") { writer in
                    writer.member("epoch", since.epoch)
                    writer.member("seq", since.seq)
                }
            }
            if wantsEvents { writer.member("mode", "events") }
        case .unsubscribe(let room): writer.member("room", room)
        case .op(let room, let op):
            writer.member("room", room)
            op.write(to: &writer)
        case .heart(let room, let beat):
            writer.member("room", room)
            writer.member("bpm", beat.bpm)
            if !beat.rr.isEmpty {
                writer.name("rr")
                writer.array(beat.rr) { $0.integer($1) }
            }
        case .cheer(let room, let cheer):
            writer.member("room", room)
            writer.member("kind", cheer.rawValue)
        case .moderate(let room, let moderation):
            writer.member("room", room)
            moderation.write(to: &writer)
        case .seen(let notices):
            writer.name("noticeIds")
            writer.array(notices) { $0.id($1) }
        }
    }
}

extension Moderation {
    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .mute(let user):
            writer.member("action", "mute")
            writer.member("userId", user)
        case .unmute(let user):
            writer.member("action", "unmute")
            writer.member("userId", user)
        case .remove(let user):
            writer.member("action", "remove")
            writer.member("userId", user)
        case .close: writer.member("action", "close")
        case .open: writer.member("action", "open")
        }
    }
}
