import NIOCore
import Protocol

/// What a connection asks for when it subscribes.
struct Subscription: Sendable {
    let requestId: Int64
    var link: RoomLink
    /// Of the consent that the link's relation was read from; nil before that.
    var relationVersion: UserVersions.Version?
    let since: Position?
    let wantsEvents: Bool
}

extension WorkoutRoom {
    enum Attachment {
        /// The answer is sent; live events follow it.
        case attached
        /// What the viewer is to the athlete has to be read, or read again.
        case needsRelation
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
        guard let relation = relation(in: subscription) else { return .needsRelation }
        var subscription = subscription
        subscription.link.relation = relation
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
        if link.isAthlete {
            athleteOutbox.follow(link.connection, first: [frame])
        } else {
            watcherOutbox.add(link.connection, first: [frame])
        }
        return .attached
    }

    /// What the viewer is to the athlete; nil when that has to be read.
    ///
    /// Changes reach every link of the room, so what a link has holds, also while storage is away. What was read for this
    /// subscription holds unless something changed since, which cannot have reached it.
    private func relation(in subscription: Subscription) -> Relation? {
        let (user, connection) = (subscription.link.user.userId, subscription.link.connection.id)
        if user == athlete.userId { return .oneself }
        if let known = links[connection]?.relation { return known }
        let version = context.consent.version(of: user, athlete.userId)
        return subscription.relationVersion == version ? subscription.link.relation : nil
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
        let events = forWatchers ? self.forWatchers(missing) : missing
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

    /// Events of this room's history as watchers may see them now, whatever they were allowed when they were stored.
    func forWatchers(_ events: [EncodedEvent]) -> [EncodedEvent] {
        events.map { encoded in
            // Everything else keeps the bytes that were stored.
            guard Self.watchedMarks.contains(where: { encoded.json.contains($0) }) else { return encoded }
            guard let event = try? encoded.decoded() else {
                // An event that cannot be read shows watchers nothing of its inside.
                return EncodedEvent(seq: encoded.seq, json: Array("{\"seq\":\(encoded.seq)}".utf8))
            }
            let watched = event.forWatchers(in: history.state)
            return watched == event ? encoded : EncodedEvent(watched)
        }
    }

    /// What every event holds that watchers may see another way.
    private static let watchedMarks = ["\"kind\":\"note\"", "\"previousKg\":"].map { Array($0.utf8) }

    func snapshot(forWatchers: Bool) -> Snapshot {
        var encoded = encodedState ?? EncodedState(history)
        if encoded.epoch != history.epoch || encoded.seq != history.seq { encoded = EncodedState(history) }
        defer {
            encodedState = encoded
            countMemory()
        }
        return Snapshot(
            epoch: history.epoch, seq: history.seq, durable: history.durable, athlete: athlete,
            stateHash: encoded.hash, state: encoded.json(of: history.state, forWatchers: forWatchers))
    }

    /// Makes a connection known to the room; the athlete's hear `durable` from now on.
    func join(_ link: RoomLink, isSubscribed: Bool) {
        lastUse = context.clock.now
        var link = link
        link.isSubscribed = isSubscribed || links[link.connection.id]?.isSubscribed ?? false
        let isNew = links.updateValue(link, forKey: link.connection.id) == nil
        if link.isAthlete {
            countForAthlete()
            athleteOutbox.add(link.connection, follows: false)
        } else if isNew {
            crowd.arrived(link.user)
            schedulePresence()
        }
    }

    /// Forgets a connection that unsubscribed or closed.
    func leave(_ connection: SocketConnection, isClosing: Bool) {
        guard let link = links[connection.id] else { return }
        if link.isAthlete {
            athleteOutbox.unfollow(connection)
            links[connection.id]?.isSubscribed = false
            guard isClosing else { return }
            athleteOutbox.remove(connection)
            links[connection.id] = nil
            if links.isEmpty { forgetEncodedState() }
            return
        }
        drop(link)
    }

    private func forgetEncodedState() {
        encodedState = nil
        countMemory()
    }

    /// Sends a connection nothing more until it is attached anew; what it is to the room stays known.
    func pause(_ connection: SocketConnection) {
        guard let link = links[connection.id] else { return }
        if link.isAthlete { athleteOutbox.unfollow(connection) } else { watcherOutbox.remove(connection) }
        links[connection.id]?.isSubscribed = false
    }

    private func drop(_ link: RoomLink) {
        watcherOutbox.remove(link.connection)
        links[link.connection.id] = nil
        if links.isEmpty { forgetEncodedState() }
        guard crowd.left(link.user.userId, at: context.clock.now) else { return }
        schedulePresence(in: context.configuration.presenceGrace)
    }

    /// Takes a watcher out and tells it that the room has ended for it.
    func expel(_ link: RoomLink) {
        drop(link)
        crowd.expelled(link.user.userId)
        tellEnded(link)
        schedulePresence()
    }

    /// Tells a connection that the room has ended for it, which no longer counts among those that it follows.
    func tellEnded(_ link: RoomLink) {
        let (connection, frame) = (link.connection, encoded(.ended(room: name)))
        connection.eventLoop.execute {
            connection.send(frame, as: .reliable)
            (connection.session as? LiveSession)?.ended(self, forAthlete: link.isAthlete)
        }
    }

    nonisolated func send(_ frame: ServerFrame, to link: RoomLink, as kind: FrameKind = .reliable) {
        send(encoded(frame), to: link, as: kind)
    }

    nonisolated func send(_ frame: EncodedFrame, to link: RoomLink, as kind: FrameKind = .reliable) {
        let connection = link.connection
        connection.eventLoop.execute { connection.send(frame, as: kind) }
    }
}
