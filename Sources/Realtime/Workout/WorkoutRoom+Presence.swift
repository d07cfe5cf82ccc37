import NIOCore
import Protocol

extension WorkoutRoom {
    /// The key of this room's frames of one purpose, of which only the latest matters to a slow reader.
    private func latestKey(_ purpose: String) -> UInt64 { StableHash.of((name + purpose).utf8) }

    /// Everyone who watches now, as far as the reader may know: the athlete all names, watchers those of their friends.
    func presence(for link: RoomLink) -> Presence {
        guard !link.isAthlete else { return Presence(watching: Int64(crowd.count), joined: crowd.members) }
        let friends = context.presences.friends(of: link.user.userId)
        return Presence(
            watching: Int64(crowd.count), joined: crowd.members.filter { friends[$0.userId] != nil })
    }

    /// Tells about changes of the crowd after a while, together with all that come until then; one timer at a time.
    func schedulePresence(in delay: Duration? = nil) {
        let delay = delay ?? context.configuration.presenceInterval
        let due = NIODeadline.now() + TimeAmount(delay)
        if let presenceDue, presenceDue <= due { return }
        presenceDue = due
        perform(in: delay) { room in
            // An earlier one took its place.
            guard room.presenceDue == due else { return }
            room.presenceDue = nil
            room.tellPresence()
        }
    }

    private func tellPresence() {
        let (now, grace) = (context.clock.now, context.configuration.presenceGrace)
        let changes = crowd.changes(at: now, grace: grace)
        if let wait = crowd.nextDeparture(at: now, grace: grace) {
            schedulePresence(in: max(wait, context.configuration.presenceInterval))
        }
        guard let (joined, left) = changes else { return }
        let watching = Int64(crowd.count)
        let count = encoded(.presence(room: name, Presence(watching: watching)))
        let full = encoded(.presence(room: name, Presence(watching: watching, joined: joined, left: left)))
        let readers = links.values.filter(\.isSubscribed)
        let friends = context.presences.friends(of: Set(readers.map(\.user.userId)))
        for link in readers {
            if link.isAthlete {
                send(full, to: link)
                continue
            }
            let known = friends[link.user.userId] ?? [:]
            let friendsJoined = joined.filter { known[$0.userId] != nil }
            let friendsLeft = left.filter { known[$0] != nil }
            if friendsJoined.isEmpty, friendsLeft.isEmpty {
                send(count, to: link, as: .latest(key: latestKey("presence")))
            } else {
                let presence = Presence(watching: watching, joined: friendsJoined, left: friendsLeft)
                send(.presence(room: name, presence), to: link)
            }
        }
    }

    /// Shows a cheer to everyone; its sender's name to the athlete and to the sender's friends.
    func cheer(_ cheer: Cheer, from connection: UInt64) throws(Refusal) {
        guard let link = links[connection], link.isSubscribed else {
            throw Refusal(.noSuchRoom, "subscribe before you cheer")
        }
        guard history.state.status.isOpen else { throw Refusal(.invalidState, "the workout is not running") }
        try cheers.take(by: link.user.userId, at: context.clock.now)
        // A muted watcher is not told.
        guard !mutedWatchers.contains(link.user.userId) else { return }
        let named = encoded(.cheer(room: name, cheer, from: link.user))
        let anonymous = encoded(.cheer(room: name, cheer, from: nil))
        let friends = context.presences.friends(of: link.user.userId)
        for reader in links.values where reader.isSubscribed {
            let mayKnow = reader.isAthlete || reader.user == link.user || friends[reader.user.userId] != nil
            send(mayKnow ? named : anonymous, to: reader, as: .latest(key: latestKey(cheer.rawValue)))
        }
    }

    /// Shows the athlete's heart rate to those the athlete consented to, the latest only, and keeps it at 1/s.
    func heart(_ beat: HeartBeat, from connection: UInt64) throws(Refusal) {
        guard let link = links[connection], link.isAthlete else {
            throw Refusal(.noSuchRoom, "there is no such room")
        }
        guard privacy.heartRate != .nobody else {
            throw Refusal(.heartRateOff, "the athlete has not consented to heart rate")
        }
        guard history.state.status.isOpen else { throw Refusal(.invalidState, "the workout is not running") }
        lastUse = context.clock.now
        let now = context.clock.now
        context.heartRates.add(beat, to: id, of: athlete.userId, at: now)
        let frame = encoded(.heart(room: name, bpm: beat.bpm, at: now))
        for reader in links.values
        where reader.isSubscribed && reader.connection.id != connection && privacy.heartRate.includes(reader.relation) {
            send(frame, to: reader, as: .latest(key: latestKey("bpm")))
        }
    }
}
