import Protocol

/// Who may follow, as it changes while they do.
extension WorkoutRoom {
    /// Takes out every watcher who may not follow any more.
    func reviewWatchers() {
        for link in links.values where !mayWatch(link.user.userId, link.relation) { expel(link) }
    }

    /// The athlete changed the preference.
    func setPrivacy(_ privacy: Privacy) {
        self.privacy = privacy
        reviewWatchers()
        announceToFriends()
    }

    /// The relation between a user and the athlete changed.
    func setRelation(of user: UserID, _ relation: Relation) {
        for id in links.keys where links[id]?.user.userId == user && links[id]?.isAthlete == false {
            links[id]?.relation = relation
        }
        reviewWatchers()
    }

    /// A watcher's friends changed: whose names it may know.
    func setFriends(of user: UserID, _ friends: Set<UserID>) {
        for id in links.keys where links[id]?.user.userId == user { links[id]?.friends = friends }
    }

    /// The workout is deleted: nobody follows it any more.
    func endForEveryone() {
        for link in links.values {
            if link.isAthlete {
                guard link.isSubscribed else { continue }
                ownOutbox.remove(link.connection)
                links[link.connection.id]?.isSubscribed = false
                send(.ended(room: name), to: link)
            } else {
                expel(link)
            }
        }
    }

    /// What friends see of the athlete: whether this workout runs, for those who may watch it.
    func announceToFriends() {
        let isLive = history.state.status.isOpen && audience != .private
        context.presences.setLive(athlete.userId, workout: id, isLive: isLive)
    }

    /// Mutes, removes or closes out; only the athlete may.
    ///
    /// - Returns: what must be stored, or nil.
    func moderate(_ moderation: Moderation, by connection: UInt64) throws(Refusal) -> Moderation? {
        guard let link = links[connection], link.isAthlete else {
            throw Refusal(.forbidden, "only the athlete may do that")
        }
        switch moderation {
        case .mute(let user):
            mutedWatchers.insert(user)
            return nil
        case .unmute(let user):
            mutedWatchers.remove(user)
            return nil
        case .remove(let user):
            guard user != athlete.userId else { throw Refusal(.invalid, "the athlete cannot be removed") }
            removedWatchers.insert(user)
        case .close: isClosed = true
        case .open: isClosed = false
        }
        reviewWatchers()
        announceToFriends()
        return moderation
    }
}
