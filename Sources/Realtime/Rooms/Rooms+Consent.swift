import Logging
import Protocol

/// A change of consent that could not be read yet; what was known before it holds until then.
enum UnsettledConsent: Hashable, Sendable {
    case relation(UserID, UserID)
    case privacy(UserID)
    case friends(UserID)
}

// Changes of consent, from the features that own them; in effect when the call returns, unless storage is away: then what
// was last known holds, and the change is read again every second. Nobody who is in is put out by a look-up that failed.
extension Rooms {
    /// Two users became friends, parted, or one blocked the other.
    package func relationChanged(_ first: UserID, _ second: UserID) async {
        context.consent.changed(first, second)
        await settle(.relation(first, second))
    }

    /// An athlete changed who may watch or who gets the heart rate.
    package func privacyChanged(_ athlete: UserID) async {
        consentChanges += 1
        context.consent.changed(athlete)
        await settle(.privacy(athlete))
    }

    /// Reads a user's friends and preference again, in a while: they changed while they were read.
    nonisolated func readConsentAgain(of user: UserID) {
        let isStarted = context.background.start {
            await self.settle(.privacy(user))
            await self.settle(.friends(user))
        }
        if !isStarted { context.logger.warning("a user's friends are read with the next hello: the server is busy") }
    }

    /// An account is hidden: its rooms are closed to everybody else and friends see it leave, both at once; when the call
    /// returns, no heart rate of it is stored any more either.
    package func athleteHidden(_ athlete: UserID) async {
        consentChanges += 1
        context.consent.changed(athlete)
        // Known without a look-up: who is hidden lets nobody watch.
        for room in openRooms(of: athlete) { _ = await room.setPrivacy(.closed) }
        context.presences.hide(Member(userId: athlete, name: ""))
        // The last, since it waits for what is being stored: by now nobody sees the athlete any more.
        await context.heartRates.forget(athlete)
    }

    /// An account that was hidden is seen again.
    package func athleteShown(_ athlete: UserID) async {
        await privacyChanged(athlete)
        await settle(.friends(athlete))
    }

    /// An account came to another person, who closed its workouts in storage: its rooms are closed as well, and its friends
    /// and preferences are read again.
    package func athleteReplaced(_ athlete: UserID) async {
        for room in openRooms(of: athlete) { await room.closeForOthers() }
        await athleteShown(athlete)
    }

    /// Tries again what could not be read; called every second.
    func settleConsent() async {
        for change in unsettledConsent {
            // Removed before: a change that comes while this one is read stands for itself.
            unsettledConsent.remove(change)
            await settle(change)
        }
    }

    private func settle(_ change: UnsettledConsent) async {
        guard await !apply(change) else { return }
        unsettledConsent.insert(change)
    }

    /// - Returns: false when it could not be read.
    private func apply(_ change: UnsettledConsent) async -> Bool {
        do {
            switch change {
            case .relation(let first, let second): try await applyRelation(first, second)
            case .privacy(let athlete): try await applyPrivacy(athlete)
            case .friends(let user): try await applyFriends(user)
            }
            return true
        } catch {
            context.logger.warning("consent could not be read", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func applyRelation(_ first: UserID, _ second: UserID) async throws {
        again: while true {
            let version = context.consent.version(of: first, second)
            let relation = try await people.relation(first, second)
            let members = try await members(first, second)
            // This reading may be older than a change that came through here meanwhile.
            guard version == context.consent.version(of: first, second) else { continue }
            if let (first, second) = members {
                context.presences.relate(first, second, areFriends: relation == .friend)
            }
            for (viewer, athlete) in [(first, second), (second, first)] {
                for room in openRooms(of: athlete) {
                    guard await room.setRelation(of: viewer, relation, asOf: version) else { continue again }
                }
            }
            return
        }
    }

    /// Two users as their friends see them; nil when neither is online, who alone would hear of it.
    private func members(_ first: UserID, _ second: UserID) async throws -> (Member, Member)? {
        guard context.presences.isOnline(first) || context.presences.isOnline(second) else { return nil }
        guard let first = try await people.member(first), let second = try await people.member(second) else {
            return nil
        }
        return (first, second)
    }

    private func applyPrivacy(_ athlete: UserID) async throws {
        again: while true {
            let version = context.consent.version(of: athlete)
            let privacy = try await people.privacy(athlete)
            guard version == context.consent.version(of: athlete) else { continue }
            context.presences.setPreference(privacy.live, of: athlete)
            for room in openRooms(of: athlete) {
                guard await room.setPrivacy(privacy, asOf: version) else { continue again }
            }
            if privacy.heartRate == .nobody { await context.heartRates.forget(athlete) }
            return
        }
    }

    private func applyFriends(_ user: UserID) async throws {
        while true {
            let version = context.consent.version(of: user)
            guard let member = try await people.member(user) else { return }
            let friends = try await people.friends(user)
            guard version == context.consent.version(of: user) else { continue }
            let now = Set(friends.map(\.userId))
            for former in context.presences.friends(of: user).values where !now.contains(former.userId) {
                context.presences.relate(member, former, areFriends: false)
            }
            for friend in friends { context.presences.relate(member, friend, areFriends: true) }
            return
        }
    }

    /// What a viewer is to an athlete.
    ///
    /// - Throws: `unavailable` when it cannot be found out: nobody is let in on a guess, nor told that there is nothing.
    func relation(of viewer: UserID, to athlete: UserID) async throws(Refusal) -> Relation {
        if viewer == athlete { return .oneself }
        do { return try await people.relation(viewer, athlete) } catch {
            context.logger.warning("a relation could not be read", metadata: ["error": "\(error)"])
            throw Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000)
        }
    }

    /// Gives a room that is being opened the athlete's consent as it is now, where what was read is old, and then lets
    /// friends know of it: not before, since they would hear what does not hold any more.
    ///
    /// - Parameter version: of now, at which the room's consent is old or not.
    /// - Returns: false when consent has changed meanwhile and has to be brought again.
    func bringConsent(
        to room: WorkoutRoom, asOf version: UserVersions.Version, isOld: Bool
    ) async throws(Refusal) -> Bool {
        guard isOld else { return await room.announceToFriends(asOf: version) }
        let privacy: Privacy
        do {
            privacy = try await people.privacy(room.athlete.userId)
            // Who took the account over has closed it, in storage alone where the room was not open yet.
            if try await context.loader.isClosed(room.id) { await room.closeForOthers() }
        } catch {
            context.logger.warning("consent could not be read", metadata: ["error": "\(error)"])
            throw Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000)
        }
        return await room.setPrivacy(privacy, asOf: version)
    }
}
