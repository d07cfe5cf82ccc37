import Logging
import Protocol

extension LiveSession {
    /// What a hello needs to know before it can be answered.
    private enum Greeting: Sendable {
        case speaker(LiveIdentity, Member, friends: [Member])
        case unauthorized
        case refused(Refusal)
    }

    func hello(_ id: Int64, token: String?, client: ClientInfo?) {
        guard !saidHello else { return refuse(id, Refusal(.badRequest, "hello was said already")) }
        saidHello = true
        inBackground(id) { [live, upgradeIdentity] in
            let greeting = await Self.greeting(live, token: token, upgradeIdentity)
            return { $0.welcome(id, greeting) }
        }
        if let client {
            logger.debug(
                "hello", metadata: ["client.name": "\(client.name)", "client.version": "\(client.version)"])
        }
    }

    private static func greeting(_ live: Live, token: String?, _ upgrade: LiveIdentity?) async -> Greeting {
        var identity = upgrade
        if let token { identity = await live.authenticate(token) }
        guard let identity else { return .unauthorized }
        do {
            guard let member = try await live.rooms.people.member(identity.user) else { return .unauthorized }
            return .speaker(identity, member, friends: try await live.rooms.people.friends(identity.user))
        } catch {
            live.context.logger.warning("hello waits for storage", metadata: ["error": "\(error)"])
            return .refused(Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000))
        }
    }

    private func welcome(_ id: Int64, _ greeting: Greeting) {
        switch greeting {
        case .unauthorized:
            refuse(id, Refusal(.unauthorized, "the token is missing, bad or expired"))
            connection.close(.unauthorized, reason: "the token is missing, bad or expired")
        case .refused(let refusal):
            saidHello = false
            wasRefused = true
            refuse(id, refusal)
        case .speaker(let identity, let member, let friends):
            guard live.registry.add(connection, identity, limit: live.configuration.connectionsPerUser) else {
                refuse(id, Refusal(.limitReached, "too many connections of one user"))
                return connection.close(.tooManyConnections, reason: "too many connections of one user")
            }
            connection.spoke()
            speaker = Speaker(identity: identity, member: member, friends: Set(friends.map(\.userId)))
            expectToken(until: identity.expiresAt)
            send(.welcome(id: id, welcomeContent(identity)))
            live.context.presences.arrived(member, friends: friends, on: connection)
            tellUnseenNotices(to: member.userId)
        }
    }

    private func welcomeContent(_ identity: LiveIdentity) -> Welcome {
        let configuration = live.configuration
        return Welcome(
            session: identity.session, node: configuration.node, user: identity.user,
            serverTime: live.context.clock.now, heartbeatSeconds: 25,
            limits: Welcome.Limits(
                frameBytes: Int64(connection.loop.configuration.messageLimitBytes),
                subscriptions: Int64(configuration.subscriptionLimit),
                opsPerSecond: Int64(configuration.opsPerSecond), opsBurst: Int64(configuration.opsBurst)))
    }

    /// A fresh token for the same user prolongs the connection.
    func refresh(_ id: Int64, token: String) {
        inBackground(id) { [live] in
            let identity = await live.authenticate(token)
            return { session in
                guard let identity, identity.user == session.speaker?.identity.user else {
                    return session.refuse(id, Refusal(.unauthorized, "the token is bad, expired or another user's"))
                }
                session.speaker?.identity = identity
                session.expectToken(until: identity.expiresAt)
                session.send(.ok(id: id))
            }
        }
    }

    private func expectToken(until expiry: Timestamp) {
        let rest = expiry - live.context.clock.now
        connection.closeAfter(
            max(.zero, rest) + live.configuration.tokenGrace, .unauthorized, reason: "the token expired")
    }
}
