import Logging
import NIOCore
import Protocol

/// A workout that is followed, and how far its subscription is.
struct FollowedRoom {
    enum Phase: Sendable, Hashable {
        /// Not subscribed: no connection, or the workout is not there yet.
        case idle
        case subscribing
        case live
    }

    var mirror: RoomMirror
    var phase = Phase.idle
}

extension LiveClient {
    /// Follows a workout from now on, over every reconnect, until `unfollow` or until the room ends.
    public func follow(_ workout: WorkoutID) {
        if rooms[workout]?.mirror.isEnded ?? true {
            rooms[workout] = FollowedRoom(mirror: RoomMirror(workout: workout))
        }
        subscribe(workout)
    }

    /// Follows the workout no more and forgets what is known of it.
    public func unfollow(_ workout: WorkoutID) {
        guard let room = rooms.removeValue(forKey: workout), room.phase != .idle else { return }
        request(.unsubscribe(room: RoomName.workout(workout).text), for: .nothing)
    }

    /// Subscribes from the mirror's position, unless that is under way or done.
    func subscribe(_ workout: WorkoutID) {
        guard connection?.welcome != nil, let room = rooms[workout], room.phase == .idle,
            !room.mirror.isEnded
        else { return }
        rooms[workout]?.phase = .subscribing
        let name = RoomName.workout(workout).text
        request(.subscribe(room: name, since: room.mirror.position, wantsEvents: false), for: .subscribe(workout))
    }

    private func subscribeAgain(_ workout: WorkoutID, since: Position?) {
        guard let room = rooms[workout], room.phase != .subscribing else { return }
        rooms[workout]?.phase = .subscribing
        let name = RoomName.workout(workout).text
        request(.subscribe(room: name, since: since, wantsEvents: false), for: .subscribe(workout))
    }

    func subscribed(_ id: Int64, _ answer: Subscribed) throws(Refusal) {
        guard case .subscribe(let workout) = connection?.waiting.removeValue(forKey: id), rooms[workout] != nil
        else { return }
        rooms[workout]?.phase = .live
        if case .reset = answer.content { queue.inLane(workout) { $0.historyReplaced() } }
        queue.inLane(workout) { $0.heard(epoch: answer.epoch) }
        try follow(workout, rooms[workout]?.mirror.take(answer) ?? .unchanged)
        tell(.room(workout, .presence))
        durable(workout, epoch: answer.epoch, seq: answer.durable)
    }

    func page(_ id: Int64, _ events: [EncodedEvent]) throws(Refusal) {
        guard case .subscribe(let workout) = connection?.waiting[id], rooms[workout] != nil else { return }
        guard case .folded(let folded) = try rooms[workout]?.mirror.fold(events) else {
            throw Refusal(.badRequest, "a page does not follow the position it was asked for")
        }
        if !folded.isEmpty { tell(.room(workout, .events(folded))) }
    }

    func folded(_ workout: WorkoutID, _ event: EncodedEvent) throws(Refusal) {
        // What arrives before the answer to a subscribe is in that answer too.
        guard let room = rooms[workout], room.phase == .live else { return }
        try follow(workout, rooms[workout]?.mirror.fold([event]) ?? .unchanged)
    }

    func reset(_ workout: WorkoutID, _ snapshot: Snapshot) throws(Refusal) {
        queue.inLane(workout) { lane in
            lane.historyReplaced()
            lane.heard(epoch: snapshot.epoch)
        }
        if rooms[workout]?.phase == .live {
            try follow(workout, rooms[workout]?.mirror.replace(with: snapshot) ?? .unchanged)
        }
        pump()
    }

    func ended(_ workout: WorkoutID) {
        guard rooms[workout] != nil else { return }
        rooms[workout]?.mirror.end()
        rooms[workout]?.phase = .idle
        tell(.room(workout, .ended))
    }

    func subscribeRefused(_ workout: WorkoutID, _ refusal: Refusal) {
        guard rooms[workout] != nil else { return }
        rooms[workout]?.phase = .idle
        if refusal.code.isTemporary {
            let wait = max(refusal.retryAfterMilliseconds ?? 0, 200)
            let jittered = Int64.random(in: wait...wait * 2)
            let generation = connection?.generation
            loop.scheduleTask(in: .milliseconds(jittered)) { [weak self] in
                self?.assumeIsolated { client in
                    if client.connection?.generation == generation { client.subscribe(workout) }
                }
            }
        } else if queue.lanes[workout] == nil {
            ended(workout)
        }
        // Otherwise the workout's first op is still on its way: it is followed when that has been applied.
    }

    private func follow(_ workout: WorkoutID, _ outcome: RoomMirror.Outcome) {
        switch outcome {
        case .folded(let events):
            if let epoch = events.last?.epoch { queue.inLane(workout) { $0.heard(epoch: epoch) } }
            if !events.isEmpty { tell(.room(workout, .events(events))) }
        case .replaced(let hadDiverged):
            if hadDiverged {
                logger.error("a workout's state had diverged", metadata: ["live.workout": "\(workout)"])
            }
            tell(.room(workout, .replaced(hadDiverged: hadDiverged)))
        case .gap(let since): subscribeAgain(workout, since: since)
        case .unchanged: break
        }
    }
}
