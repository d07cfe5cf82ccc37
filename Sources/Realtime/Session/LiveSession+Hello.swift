import Logging
import NIOCore
import Protocol

extension LiveSession {
    /// Who says hello, as others may see them.
    private struct SignedIn: Sendable {
        let member: Member
        let preference: Audience
        let friends: [Member]
        /// Of the consent that was read.
        let version: UserVersions.Version
    }

    /// What a hello needs to know before it can be answered.
    private enum Greeting: Sendable {
        case speaker(LiveIdentity, SignedIn)
        case unauthorized
        case sessionEnded
        case refused(Refusal)
    }

    func hello(_ id: Int64, token: String?, client: ClientInfo?) {
        guard !saidHello else { return refuse(id, Refusal(.badRequest, "hello was said already")) }
        saidHello = true
        isGreeting = true
        greetings += 1
        let turn = greetings
        let isStarted = live.context.background.start { [self, live, upgradeIdentity] in
            let greeting = await Self.greeting(live, token: token, upgradeIdentity)
            connection.eventLoop.execute { [self] in greeted(id, turn, greeting) }
        }
        if !isStarted {
            greeted(id, turn, .refused(Refusal(.busy, "the server is busy", retryAfterMilliseconds: 1000)))
        }
        // Storage that hangs is told before clients give up waiting; what comes of it then counts no more.
        guard isGreeting else { return }
        let limit = TimeAmount(live.configuration.greetingWithin)
        greetingDeadline = connection.eventLoop.assumeIsolated().scheduleTask(in: limit) {
            self.greeted(
                id, turn, .refused(Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000)))
        }
        readOnOrHold()
        if let client {
            logger.debug(
                "hello", metadata: ["client.name": "\(client.name)", "client.version": "\(client.version)"])
        }
    }

    private static func greeting(_ live: Live, token: String?, _ upgrade: LiveIdentity?) async -> Greeting {
        var identity = upgrade
        if let token { identity = await live.authenticate(token) }
        guard let identity else { return .unauthorized }
        // Before it takes the place of another connection.
        guard !live.isEnded(identity) else { return .sessionEnded }
        let people = live.rooms.people
        let version = live.context.consent.version(of: identity.user)
        do {
            guard let speaker = try await people.speaker(identity.user) else { return .unauthorized }
            return .speaker(
                identity,
                SignedIn(
                    member: speaker.member, preference: speaker.privacy.live,
                    friends: try await people.friends(identity.user), version: version))
        } catch {
            live.context.logger.warning("hello waits for storage", metadata: ["error": "\(error)"])
            return .refused(Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000))
        }
    }

    private func greeted(_ id: Int64, _ turn: Int, _ greeting: Greeting) {
        guard !isClosed, isGreeting, turn == greetings else { return }
        greetingDeadline?.cancel()
        welcome(id, greeting)
        isGreeting = false
        readOnOrHold()
    }

    private func welcome(_ id: Int64, _ greeting: Greeting) {
        switch greeting {
        case .unauthorized:
            refuse(id, Refusal(.unauthorized, "the token is missing, bad or expired"))
            connection.close(.unauthorized, reason: "the token is missing, bad or expired")
        case .sessionEnded: endSession(id)
        case .refused(let refusal):
            saidHello = false
            wasRefused = true
            // Another one may come, in as much time as the first one had.
            connection.closeAfter(live.configuration.helloWithin, .helloTimeout, reason: "no hello came")
            refuse(id, refusal)
        case .speaker(let identity, let signedIn): welcome(id, identity, signedIn)
        }
    }

    private func welcome(_ id: Int64, _ identity: LiveIdentity, _ signedIn: SignedIn) {
        let user = signedIn.member.userId
        live.registry.add(
            connection, identity, heard: lastHeard, limit: live.configuration.connectionsPerUser)
        // Looked at after it can be found: a session that ends later finds the connection and closes it.
        guard !live.isEnded(identity) else {
            live.registry.remove(connection, of: user)
            return endSession(id)
        }
        connection.spoke()
        speaker = Speaker(identity: identity, member: signedIn.member)
        expectToken(until: identity.expiresAt)
        send(.welcome(id: id, welcomeContent(identity)))
        live.context.presences.arrived(
            signedIn.member, friends: signedIn.friends, preference: signedIn.preference, on: connection)
        // What changed while it was read has not reached it.
        if live.context.consent.version(of: user) != signedIn.version { live.rooms.readConsentAgain(of: user) }
        tellUnseenNotices(to: user)
    }

    private func endSession(_ id: Int64) {
        refuse(id, Refusal(.unauthorized, "the session was ended"))
        connection.close(.sessionRevoked, reason: "the session was ended")
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

    /// A fresh token of the same session prolongs the connection.
    func refresh(_ id: Int64, token: String) {
        inLine(Line.token) { session in
            session.lookUp(id, in: Line.token) { [live = session.live] in
                let identity = await live.authenticate(token)
                return { $0.prolong(id, by: identity) }
            }
        }
    }

    private func prolong(_ id: Int64, by identity: LiveIdentity?) {
        guard !isClosed, let known = speaker?.identity else { return }
        guard let identity, identity.user == known.user else {
            return refuse(id, Refusal(.unauthorized, "the token is bad, expired or another user's"))
        }
        guard identity.session == known.session else {
            return refuse(
                id, Refusal(.unauthorized, "the token is of another session; connect again to speak for that one"))
        }
        guard !live.isEnded(identity) else { return endSession(id) }
        speaker?.identity = identity
        expectToken(until: identity.expiresAt)
        send(.ok(id: id))
    }

    private func expectToken(until expiry: Timestamp) {
        let rest = expiry - live.context.clock.now
        connection.closeAfter(
            max(.zero, rest) + live.configuration.tokenGrace, .unauthorized, reason: "the token expired")
    }
}
