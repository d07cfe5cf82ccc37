import NIOCore
import Protocol

/// What a connection asks for when it subscribes.
struct Subscription: Sendable {
    let requestId: Int64
    let link: RoomLink
    let since: Position?
    let wantsEvents: Bool
}

extension WorkoutRoom {
    enum Attachment {
        /// The answer is sent; live events follow it.
        case attached
        /// Events of one page to send first, then to ask again.
        case page([EncodedEvent])
        /// Stored events behind this seq must be read and sent first, up to the second one.
        case needsHistory(after: Int64, through: Int64)
        /// Not to be had for this viewer; or the room was unloaded meanwhile and must be looked up again.
        case refused(Refusal)
        case unloaded
    }

    /// Answers a subscription and adds the connection to those that follow, in one step.
    ///
    /// - Parameter sent: the seq up to which events of stored pages were sent for this request already.
    func attach(_ subscription: Subscription, sent: Int64?) -> Attachment {
        lastUse = context.clock.now
        guard phase != .unloaded else { return .unloaded }
        guard phase == .open else {
            return .refused(Refusal(.unavailable, "the room is being opened", retryAfterMilliseconds: 100))
        }
        let link = subscription.link
        guard mayWatch(link.user.userId, link.relation), history.isKnown else {
            return .refused(Refusal(.noSuchRoom, "there is no such room"))
        }
        if history.state.status == .deleted { return .refused(Refusal(.deleted, "the workout is deleted")) }
        let content: Subscribed.Content
        switch nextContent(subscription, sent: sent) {
        case .complete(let found): content = found
        case .partial(let attachment): return attachment
        }
        join(link, isSubscribed: true)
        let answer = Subscribed(
            room: name, epoch: history.epoch, seq: history.seq, durable: history.durable, content: content,
            members: presence(for: link))
        let frame = encoded(.subscribed(id: subscription.requestId, answer))
        (link.isAthlete ? ownOutbox : watcherOutbox).add(link.connection, first: [frame])
        return .attached
    }

    private enum NextContent {
        case complete(Subscribed.Content)
        case partial(Attachment)
    }

    private func nextContent(_ subscription: Subscription, sent: Int64?) -> NextContent {
        let forWatchers = !subscription.link.isAthlete
        guard let since = subscription.since else { return .complete(.snapshot(snapshot(forWatchers: forWatchers))) }
        guard history.contains(since) else { return .complete(.reset(snapshot(forWatchers: forWatchers))) }
        let after = sent ?? since.seq
        if sent == nil, history.seq - after > context.configuration.resumeEvents, !subscription.wantsEvents {
            return .complete(.snapshot(snapshot(forWatchers: forWatchers)))
        }
        guard let missing = history.events(after: after) else {
            let through = (history.ring.first?.seq ?? history.seq + 1) - 1
            return .partial(.needsHistory(after: after, through: through))
        }
        let events = forWatchers ? missing.map(Self.forWatchers) : missing
        let page = Self.page(of: events)
        return page.count == events.count ? .complete(.events(events)) : .partial(.page(page))
    }

    /// Events of one page, and their bytes.
    static let pageEvents = 200
    static let pageBytes = 256 * 1024

    /// As many of the events as one page holds; at least one, if there is one.
    static func page(of events: [EncodedEvent]) -> [EncodedEvent] {
        var bytes = 0
        let count = events.prefix(pageEvents).prefix { event in
            bytes += event.json.count + 1
            return bytes <= pageBytes
        }.count
        return Array(events.prefix(max(1, count)))
    }

    /// The event as watchers may see it.
    static func forWatchers(_ encoded: EncodedEvent) -> EncodedEvent {
        // Only notes differ; everything else keeps the bytes that were stored.
        guard encoded.json.contains(noteMark) else { return encoded }
        guard let event = try? encoded.decoded() else {
            // An event that cannot be read shows watchers nothing of its inside.
            return EncodedEvent(seq: encoded.seq, json: Array("{\"seq\":\(encoded.seq)}".utf8))
        }
        return EncodedEvent(event.forWatchers)
    }

    private static let noteMark = Array("\"kind\":\"note\"".utf8)

    func snapshot(forWatchers: Bool) -> Snapshot {
        Snapshot(
            epoch: history.epoch, seq: history.seq, durable: history.durable, athlete: athlete,
            stateHash: history.state.stateHash, state: history.state.json(forWatchers: forWatchers))
    }

    /// Makes a connection known to the room; the athlete's hear `durable` from now on.
    func join(_ link: RoomLink, isSubscribed: Bool) {
        var link = link
        link.isSubscribed = isSubscribed || links[link.connection.id]?.isSubscribed ?? false
        let isNew = links.updateValue(link, forKey: link.connection.id) == nil
        if link.isAthlete {
            durableOutbox.add(link.connection)
        } else if isNew {
            crowd.arrived(link.user)
            schedulePresence()
        }
    }

    /// Forgets a connection that unsubscribed or closed.
    func leave(_ connection: SocketConnection, isClosing: Bool) {
        awaitedOps[connection.id] = isClosing ? nil : awaitedOps[connection.id]
        guard let link = links[connection.id] else { return }
        if link.isAthlete {
            ownOutbox.remove(connection)
            links[connection.id]?.isSubscribed = false
            guard isClosing else { return }
            durableOutbox.remove(connection)
            links[connection.id] = nil
            return
        }
        drop(link)
    }

    private func drop(_ link: RoomLink) {
        watcherOutbox.remove(link.connection)
        links[link.connection.id] = nil
        let user = link.user.userId
        guard !links.values.contains(where: { $0.user.userId == user }) else { return }
        crowd.left(user, at: context.clock.now)
        schedulePresence(in: context.configuration.presenceGrace)
    }

    /// Takes a watcher out and tells it that the room has ended for it.
    func expel(_ link: RoomLink) {
        drop(link)
        crowd.expelled(link.user.userId)
        send(.ended(room: name), to: link)
        schedulePresence()
    }

    nonisolated func send(_ frame: ServerFrame, to link: RoomLink, as kind: FrameKind = .reliable) {
        send(encoded(frame), to: link, as: kind)
    }

    nonisolated func send(_ frame: EncodedFrame, to link: RoomLink, as kind: FrameKind = .reliable) {
        let connection = link.connection
        connection.eventLoop.execute { connection.send(frame, as: kind) }
    }
}
