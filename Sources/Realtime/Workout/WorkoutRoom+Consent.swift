import Protocol

/// Who may follow, as it changes while they do.
extension WorkoutRoom {
    /// Takes out every watcher who may not follow any more.
    func reviewWatchers() {
        for link in links.values where !mayWatch(link.user.userId, link.relation) { expel(link) }
    }

    /// The athlete changed the preference.
    ///
    /// - Parameter version: of what was read; nil for what is known without reading.
    /// - Returns: false when consent has changed since it was read; it has to be read again.
    func setPrivacy(_ privacy: Privacy, asOf version: UserVersions.Version? = nil) -> Bool {
        guard version == nil || version == context.consent.version(of: athlete.userId) else { return false }
        self.privacy = privacy
        reviewWatchers()
        announceToFriends()
        return true
    }

    /// Takes out all watchers and lets nobody in; that the workout is closed is stored already.
    func closeForOthers() {
        isClosed = true
        reviewWatchers()
        announceToFriends()
    }

    /// Lets friends know of a room that was just opened.
    ///
    /// - Returns: false when consent has changed since it was read; it has to be read again.
    func announceToFriends(asOf version: UserVersions.Version) -> Bool {
        guard version == context.consent.version(of: athlete.userId) else { return false }
        announceToFriends()
        return true
    }

    /// The relation between a user and the athlete changed.
    ///
    /// - Returns: false when consent has changed since it was read; it has to be read again.
    func setRelation(of user: UserID, _ relation: Relation, asOf version: UserVersions.Version) -> Bool {
        guard version == context.consent.version(of: user, athlete.userId) else { return false }
        for id in links.keys where links[id]?.user.userId == user && links[id]?.isAthlete == false {
            links[id]?.relation = relation
        }
        reviewWatchers()
        return true
    }

    /// The workout is deleted: nobody follows it any more.
    func endForEveryone() {
        for link in links.values {
            if link.isAthlete {
                guard link.isSubscribed else { continue }
                athleteOutbox.unfollow(link.connection)
                links[link.connection.id]?.isSubscribed = false
                tellEnded(link)
            } else {
                expel(link)
            }
        }
    }

    /// What friends see of the athlete: whether this workout runs, for those who may watch it.
    func announceToFriends() {
        let audience: Audience = isClosed ? .private : history.state.visibility ?? .public
        let running = RunningWorkout(audience: audience, removedWatchers: removedWatchers)
        context.presences.setRunning(
            id, of: athlete.userId, history.state.status.isOpen ? running : nil, preference: privacy.live)
    }

    /// Watchers of one workout that may be muted, and that may be removed.
    static let moderatedLimit = 512

    /// Mutes, removes or closes out; only the athlete may.
    ///
    /// - Returns: what must be stored.
    /// - Throws: `limitReached` beyond `moderatedLimit`.
    func moderate(_ moderation: Moderation, by connection: UInt64) throws(Refusal) -> Moderation {
        guard let link = links[connection], link.isAthlete else {
            throw Refusal(.forbidden, "only the athlete may do that")
        }
        try apply(moderation)
        lastUse = context.clock.now
        unstoredDecisions += 1
        return moderation
    }

    /// A decision is stored, or will not be: who opens the room anew reads it from now on.
    func moderated() { unstoredDecisions -= 1 }

    private func apply(_ moderation: Moderation) throws(Refusal) {
        switch moderation {
        case .mute(let user):
            try Self.add(user, to: &mutedWatchers, "muted")
            return countMemory()
        case .unmute(let user):
            mutedWatchers.remove(user)
            return
        case .remove(let user):
            guard user != athlete.userId else { throw Refusal(.invalid, "the athlete cannot be removed") }
            try Self.add(user, to: &removedWatchers, "removed")
            countMemory()
        case .close: isClosed = true
        case .open: isClosed = false
        }
        reviewWatchers()
        announceToFriends()
    }

    private static func add(_ user: UserID, to users: inout Set<UserID>, _ what: String) throws(Refusal) {
        guard users.count < moderatedLimit || users.contains(user) else {
            throw Refusal(.limitReached, "at most \(moderatedLimit) \(what) watchers a workout")
        }
        users.insert(user)
    }

    /// Forgets what was decided about somebody who does not exist: it is stored nowhere either.
    func takeBack(_ moderation: Moderation) {
        switch moderation {
        case .mute(let user): mutedWatchers.remove(user)
        case .remove(let user):
            removedWatchers.remove(user)
            announceToFriends()
        case .unmute, .close, .open: return
        }
        countMemory()
    }
}
