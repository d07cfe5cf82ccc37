import Protocol
import Store

/// `/v1/users`: one's own profile and preferences, and what others show.
struct UserRoutes: Sendable {
    let users: Users
    let relations: Relations
    let zones: TimeZones
    let live: LiveHooks

    func declare(on routes: inout RouteTable) {
        routes.get(
            "/v1/users/profile", "One's own profile", RouteOptions(hasFields: true, caching: .tagged), use: profile)
        routes.put(
            "/v1/users/profile", "Changes one's own profile",
            RouteOptions(problems: [.preconditionFailed], limit: .write, caching: .tagged), use: changeProfile)
        routes.get(
            "/v1/users/preferences", "One's own preferences", RouteOptions(caching: .tagged), use: preferences)
        routes.put(
            "/v1/users/preferences", "Changes one's own preferences; in effect on open sockets at once",
            RouteOptions(problems: [.preconditionFailed], limit: .write, caching: .tagged), use: changePreferences)
        routes.get(
            "/v1/users/:userId", "A user as the caller may see them",
            RouteOptions(hasFields: true, caching: .tagged), use: user)
    }

    private func tag(_ version: Int) -> EntityTag { EntityTag("v\(version)") }

    private func profile(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<Profile> {
        let (profile, version) = try await users.profile(of: call.caller.id)
        return Answer(profile, entityTag: tag(version))
    }

    private func changeProfile(_ call: Call<SignedInUser, NoQuery, ProfileChange>) async throws -> Answer<Profile> {
        try await zones.check(call.body.timeZone, pointer: "/timeZone")
        let (profile, version) = try await users.changeProfile(of: call.caller.identity, call.body) { version in
            try call.checkMatch(tag(version))
        }
        return Answer(profile, entityTag: tag(version))
    }

    private func preferences(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<Preferences> {
        let (preferences, version) = try await users.preferences(of: call.caller.id)
        return Answer(preferences, entityTag: tag(version))
    }

    private func changePreferences(
        _ call: Call<SignedInUser, NoQuery, PreferencesChange>
    ) async throws -> Answer<Preferences> {
        let identity = call.caller.identity
        let (preferences, version) = try await users.changePreferences(of: identity, call.body) { version in
            try call.checkMatch(tag(version))
        }
        await live.livePreferenceChanged(call.caller.id)
        return Answer(preferences, entityTag: tag(version))
    }

    private func user(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<PublicProfile> {
        let id = try call.id("userId")
        guard let relation = try await relations.shownRelation(of: call.caller.id, to: id),
            let profile = try await users.publicProfile(of: id, relation: relation)
        else { throw Problem(.notFound) }
        return Answer(profile)
    }
}
