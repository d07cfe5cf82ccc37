import NIOCore
import Protocol

extension LiveSession {
    /// - Parameter bytes: the frame's.
    func handle(_ frame: ClientFrame, bytes: Int) {
        let id = frame.id ?? 0
        switch frame.body {
        case .hello: break
        case .token(let token): refresh(id, token: token)
        case .time(let t0):
            let now = live.context.clock.now.milliseconds
            send(.time(id: id, t0: t0, t1: now, t2: live.context.clock.now.milliseconds))
        case .subscribe(let room, let since, let wantsEvents):
            subscribe(id, room: room, since: since, wantsEvents: wantsEvents)
        case .unsubscribe(let room): inLine(room) { $0.unsubscribe(id, room: room) }
        case .op(let room, let op): submit(id, room: room, op, bytes: bytes)
        case .heart(let room, let beat): heart(frame.id, room: room, beat)
        case .cheer(let room, let cheer):
            inLine(room) { session in
                session.request(id, room: room) { room, connection throws(Refusal) in
                    try room.cheer(cheer, from: connection)
                    return .ok(id: id)
                }
            }
        case .moderate(let room, let moderation): moderate(id, room: room, moderation)
        case .seen(let notices): seen(id, notices)
        }
    }

    /// Asks a room this connection has to do with, and answers with what it says.
    private func request(
        _ id: Int64?, room name: String,
        _ body: @escaping @Sendable (isolated WorkoutRoom, UInt64) throws(Refusal) -> ServerFrame?
    ) {
        guard let room = rooms[name] else {
            if let id { refuse(id, Refusal(.noSuchRoom, "there is no such room")) }
            return
        }
        room.perform { [self] room in
            if room.phase == .unloaded { connection.eventLoop.execute { self.forget(room) } }
            let answer: ServerFrame?
            do throws(Refusal) { answer = try body(room, connection.id) } catch {
                answer = id.map { .error(id: $0, error) }
            }
            guard let answer else { return }
            self.answer(answer, from: room)
        }
    }

    /// Sends a room's answer, to be called in the room: the athlete's connections get it in the order of all that the room
    /// sends them, so that none learns of a new epoch or of `durable` before what was answered until then.
    func answer(_ frame: ServerFrame, from room: WorkoutRoom) {
        if room.athleteOutbox.answer(EncodedFrame.text(frame.json), to: connection) { return }
        if connection.eventLoop.inEventLoop { return send(frame) }
        connection.eventLoop.execute { self.send(frame) }
    }

    /// A room has ended for this connection.
    func ended(_ room: WorkoutRoom, forAthlete isAthlete: Bool) {
        subscriptions.remove(room.name)
        // The athlete's further ops are refused there.
        if !isAthlete { forget(room) }
    }

    private func unsubscribe(_ id: Int64, room name: String) {
        subscriptions.remove(name)
        guard let room = rooms[name] else { return send(.ok(id: id)) }
        room.perform { [self] room in
            room.leave(connection, isClosing: false)
            // Behind what the room was asked before.
            if connection.eventLoop.inEventLoop { return unsubscribed(id, from: room) }
            connection.eventLoop.execute { self.unsubscribed(id, from: room) }
        }
    }

    private func unsubscribed(_ id: Int64, from room: WorkoutRoom) {
        // The athlete's ops may wait for `durable` in it; to others the room means nothing any more.
        if room.athlete.userId != speaker?.member.userId, !subscriptions.contains(room.name) { forget(room) }
        send(.ok(id: id))
    }

    /// Answered only where the frame has an id, whatever becomes of it.
    private func heart(_ id: Int64?, room name: String, _ beat: HeartBeat) {
        if let wait = beats.take(at: live.context.clock.now) {
            guard let id else { return }
            let limit = live.configuration.heartPerSecond
            return refuse(
                id, Refusal(.rateLimited, "at most \(limit) heart rates a second", retryAfterMilliseconds: wait))
        }
        // Of a known room it waits for no look-up: only the latest matters.
        guard rooms[name] == nil else { return heart(id, inKnown: name, beat) }
        guard case .workout(let workout)? = RoomName(name) else {
            if let id { refuse(id, Refusal(.noSuchRoom, "there is no such room")) }
            return
        }
        inLine(name) { $0.heart(id, joining: workout, name, beat) }
    }

    /// A device that measures and does nothing else: the room is joined as with an op.
    private func heart(_ id: Int64?, joining workout: WorkoutID, _ name: String, _ beat: HeartBeat) {
        guard rooms[name] == nil else { return heart(id, inKnown: name, beat) }
        guard let link = link(relation: .oneself) else { return }
        lookUp(id, in: name) { [live] in
            do throws(Refusal) {
                let room = try await live.rooms.join(workout, creator: nil, link)
                return { session in
                    guard session.entered(room, as: name) else { return }
                    session.heart(id, inKnown: name, beat)
                }
            } catch {
                return { session in if let id { session.refuse(id, error) } }
            }
        }
    }

    private func heart(_ id: Int64?, inKnown room: String, _ beat: HeartBeat) {
        request(id, room: room) { room, connection throws(Refusal) in
            try room.heart(beat, from: connection)
            return id.map { .ok(id: $0) }
        }
    }

    private func moderate(_ id: Int64, room name: String, _ moderation: Moderation) {
        if let wait = moderations.take(at: live.context.clock.now) {
            let message = "at most \(live.configuration.moderationsPerSecond) decisions about watchers a second"
            return refuse(id, Refusal(.rateLimited, message, retryAfterMilliseconds: wait))
        }
        inLine(name) { $0.moderate(id, inTurn: name, moderation) }
    }

    private func moderate(_ id: Int64, inTurn name: String, _ moderation: Moderation) {
        // Athletes may moderate from any connection; nobody can reach another athlete's room this way.
        guard case .workout(let workout)? = RoomName(name), let link = link(relation: .oneself) else {
            return refuse(id, Refusal(.noSuchRoom, "there is no such room"))
        }
        let known = rooms[name]
        lookUp(id, in: name) { [live] in
            let (room, refusal) = await live.rooms.decide(moderation, known: known, in: workout, link)
            return { session in
                // Whatever was decided, the room knows the connection by now.
                if let room, !session.entered(room, as: name) { return }
                if let refusal { session.refuse(id, refusal) } else { session.send(.ok(id: id)) }
            }
        }
    }

    /// This connection's link to a room.
    func link(relation: Relation) -> RoomLink? {
        speaker.map { RoomLink(connection: connection, user: $0.member, relation: relation) }
    }
}

extension Rooms {
    /// Lets an athlete decide about watchers, and stores that.
    ///
    /// - Parameter known: the room as the connection has it, which may be unloaded.
    /// - Returns: the room that knows the connection now, if any does; and why nothing was decided, or that it is not stored.
    fileprivate nonisolated func decide(
        _ moderation: Moderation, known: WorkoutRoom?, in workout: WorkoutID, _ link: RoomLink
    ) async -> (WorkoutRoom?, Refusal?) {
        var room = known
        do {
            while true {
                let here = if let room { room } else { try await join(workout, creator: nil, link) }
                room = here
                let decision = try await here.ifLoaded { room throws(Refusal) in
                    try room.moderate(moderation, by: link.connection.id)
                }
                // Unloaded meanwhile: it is opened anew.
                guard let decision else {
                    await forget(here)
                    room = nil
                    continue
                }
                do {
                    if try await !keep(decision, of: here.id) { await here.takeBack(decision) }
                } catch {
                    await here.moderated()
                    throw Refusal(.unavailable, "in effect, but not stored", retryAfterMilliseconds: 1000)
                }
                await here.moderated()
                return (here, nil)
            }
        } catch {
            return (room, error as? Refusal ?? Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000))
        }
    }
}
