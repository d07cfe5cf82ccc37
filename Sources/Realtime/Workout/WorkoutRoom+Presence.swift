import NIOCore
import Protocol

extension WorkoutRoom {
    /// The key of this room's frames of one purpose, of which only the latest matters to a slow reader.
    private func latestKey(_ purpose: String) -> UInt64 { StableHash.of((name + purpose).utf8) }

    /// Everyone who watches now, as far as the reader may know: the athlete all names, watchers those of their friends.
    func presence(for link: RoomLink) -> Presence {
        let visible = link.isAthlete ? crowd.members : crowd.members.filter { link.friends.contains($0.userId) }
        return Presence(watching: Int64(crowd.count), joined: visible)
    }

    /// Tells about changes of the crowd after a while, together with all that come until then.
    func schedulePresence(in delay: Duration? = nil) {
        perform(in: delay ?? context.configuration.presenceInterval) { $0.tellPresence() }
    }

    private func tellPresence() {
        let grace = context.configuration.presenceGrace
        guard let (joined, left) = crowd.changes(at: context.clock.now, grace: grace) else { return }
        let watching = Int64(crowd.count)
        let count = encoded(.presence(room: name, Presence(watching: watching)))
        let full = encoded(.presence(room: name, Presence(watching: watching, joined: joined, left: left)))
        for link in links.values where link.isSubscribed {
            if link.isAthlete {
                send(full, to: link)
                continue
            }
            let friendsJoined = joined.filter { link.friends.contains($0.userId) }
            let friendsLeft = left.filter { link.friends.contains($0) }
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
        guard var link = links[connection], link.isSubscribed else {
            throw Refusal(.noSuchRoom, "subscribe before you cheer")
        }
        guard history.state.status.isOpen else { throw Refusal(.invalidState, "the workout is not running") }
        let now = context.clock.now
        if let wait = link.cheers.take(at: now) {
            throw Refusal(.rateLimited, "too many cheers of one watcher", retryAfterMilliseconds: wait)
        }
        links[connection] = link
        if let wait = roomCheers.take(at: now) {
            throw Refusal(.rateLimited, "too many cheers in this room", retryAfterMilliseconds: wait)
        }
        // A muted watcher is not told.
        guard !mutedWatchers.contains(link.user.userId) else { return }
        let named = encoded(.cheer(room: name, cheer, from: link.user))
        let anonymous = encoded(.cheer(room: name, cheer, from: nil))
        for reader in links.values where reader.isSubscribed {
            let mayKnow =
                reader.isAthlete || reader.user == link.user || reader.friends.contains(link.user.userId)
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
        context.heartRates.add(beat, to: id, at: now)
        let frame = encoded(.heart(room: name, bpm: beat.bpm, at: now))
        for reader in links.values
        where reader.isSubscribed && reader.connection.id != connection && privacy.heartRate.includes(reader.relation) {
            send(frame, to: reader, as: .latest(key: latestKey("bpm")))
        }
    }
}
