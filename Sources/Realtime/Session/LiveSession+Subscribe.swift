import NIOCore
import Protocol
import Store

extension LiveSession {
    func subscribe(_ id: Int64, room name: String, since: Position?, wantsEvents: Bool) {
        guard case .workout(let workout)? = RoomName(name) else {
            return refuse(id, Refusal(.noSuchRoom, "there is no such room"))
        }
        let request = SubscribeRequest(
            id: id, workout: workout, name: name, since: since, wantsEvents: wantsEvents)
        inLine(name) { $0.subscribe(request) }
    }

    private struct SubscribeRequest: Sendable {
        let id: Int64
        let workout: WorkoutID
        /// The room's.
        let name: String
        let since: Position?
        let wantsEvents: Bool
    }

    private func subscribe(_ request: SubscribeRequest) {
        let (id, name) = (request.id, request.name)
        let isNew = !subscriptions.contains(name)
        guard !isNew || subscriptions.count < live.configuration.subscriptionLimit else {
            let limit = live.configuration.subscriptionLimit
            return refuse(id, Refusal(.limitReached, "at most \(limit) subscriptions a connection"))
        }
        guard let link = link(relation: .blocked) else { return }
        if let room = rooms[name] {
            // Subscribing again (after a gap) begins anew.
            room.perform { [connection] in $0.pause(connection) }
        }
        // Counted from now on: several rooms may be looked up at a time.
        subscriptions.insert(name)
        let isStarted = lookUp(id, in: name) { [live] in
            do throws(Refusal) {
                let room = try await live.rooms.subscribe(
                    to: request.workout, id: id, link: link, since: request.since, wantsEvents: request.wantsEvents)
                return { session in
                    // It may have ended for a watcher before this, and nothing would make the session forget it then.
                    let isAthlete = room.athlete.userId == link.user.userId
                    if isAthlete || session.isClosed || session.subscriptions.contains(name) {
                        session.entered(room, as: name)
                    }
                }
            } catch {
                return { session in
                    if isNew { session.subscriptions.remove(name) }
                    session.refuse(id, error)
                }
            }
        }
        if !isStarted, isNew { subscriptions.remove(name) }
    }
}

extension Rooms {
    /// Makes a connection of the athlete known to the room, so that it hears `durable`.
    ///
    /// - Throws: `noSuchRoom`, also for somebody else's workout.
    func join(_ id: WorkoutID, creator: UserID?, _ link: RoomLink) async throws(Refusal) -> WorkoutRoom {
        try await inRoom(id, creator: creator, for: link.user.userId) { room throws(Refusal) in
            guard room.athlete.userId == link.user.userId else {
                throw Refusal(.noSuchRoom, "there is no such room")
            }
            room.join(link, isSubscribed: false)
            return room
        }
    }

    /// Answers a subscription on its connection: pages of stored events first, then the answer, then live events.
    ///
    /// - Throws: the refusal; nothing was answered.
    func subscribe(
        to id: WorkoutID, id requestId: Int64, link: RoomLink, since: Position?, wantsEvents: Bool
    ) async throws(Refusal) -> WorkoutRoom {
        var room = try await room(id, for: link.user.userId)
        var subscription = Subscription(requestId: requestId, link: link, since: since, wantsEvents: wantsEvents)
        let viewer = link.user.userId
        var sent: Int64?
        while true {
            switch await room.attach(subscription, sent: sent) {
            case .attached: return room
            case .needsRelation:
                let version = context.consent.version(of: viewer, room.athlete.userId)
                subscription.link.relation = try await relation(of: viewer, to: room.athlete.userId)
                subscription.relationVersion = version
            case .page(let events): sent = await sendPage(events, of: room, subscription)
            case .needsHistory(let after, let through):
                let events = try await storedEvents(of: room, after: after, through: through, subscription)
                sent = await sendPage(events, of: room, subscription)
            case .refused(let refusal): throw refusal
            case .unloaded:
                forget(room)
                room = try await self.room(id, for: viewer)
            }
        }
    }

    private func storedEvents(
        of room: WorkoutRoom, after: Int64, through: Int64, _ subscription: Subscription
    ) async throws(Refusal) -> [EncodedEvent] {
        let stored: [RoomHistory.StoredEvent]
        do {
            stored = try await context.loader.events(
                of: room.id, after: after, limit: WorkoutRoom.pageEvents, bytes: WorkoutRoom.pageBytes)
        } catch {
            throw Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000)
        }
        let events = stored.filter { $0.event.seq <= through }.map { EncodedEvent(seq: $0.event.seq, json: $0.json) }
        guard !events.isEmpty else { throw Refusal(.unavailable, "the history changed", retryAfterMilliseconds: 100) }
        return WorkoutRoom.page(of: subscription.link.isAthlete ? events : await room.forWatchers(events))
    }

    /// Sends one page of events and waits until it has left.
    ///
    /// - Returns: the seq of its last event.
    private func sendPage(_ events: [EncodedEvent], of room: WorkoutRoom, _ subscription: Subscription) async -> Int64 {
        let page = ServerFrame.page(id: subscription.requestId, room: room.name, events: events)
        let frame = EncodedFrame.text(page.json)
        let connection = subscription.link.connection
        await withCheckedContinuation { continuation in
            connection.eventLoop.execute {
                connection.send(frame, as: .answer)
                connection.whenDrained { continuation.resume() }
            }
        }
        return events.last?.seq ?? 0
    }

    /// Stores what an athlete decided about watchers.
    ///
    /// - Returns: false when there is no such user, of whom nothing is stored.
    func keep(_ moderation: Moderation, of workout: WorkoutID) async throws -> Bool {
        switch moderation {
        case .close, .open:
            let isClosed = moderation == .close
            try await context.loader.pool.execute(
                "update workouts set is_closed = \(isClosed) where id = \(workout)")
        case .remove(let user): return try await keep(user, in: "workout_removed_watchers", of: workout)
        case .mute(let user): return try await keep(user, in: "workout_muted_watchers", of: workout)
        case .unmute(let user):
            try await context.loader.pool.execute(
                "delete from workout_muted_watchers where workout_id = \(workout) and user_id = \(user)")
        }
        return true
    }

    private func keep(_ user: UserID, in table: SQL, of workout: WorkoutID) async throws -> Bool {
        let isKnown = try await context.loader.pool.first(
            """
            with known as (select id from users where id = \(user)), kept as (
                insert into \(table) (workout_id, user_id) select \(workout), id from known on conflict do nothing)
            select exists (select from known)
            """, as: Bool.self)
        return isKnown ?? false
    }
}
