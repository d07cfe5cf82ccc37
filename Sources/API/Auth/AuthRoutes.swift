import HTTPTypes
import Logging
import Protocol
import ServiceLifecycle
import Store

/// `/v1/auth`: accounts and their sessions.
struct AuthRoutes: Sendable {
    let pool: PostgresPool
    let passwords: PasswordHashing
    let sessions: Sessions
    let issuer: TokenIssuer
    let publishedKeys: PublishedKeys
    let signIn: PasswordSignIn
    let factors: SecondFactors
    let secondFactorSignIn: SecondFactorSignIn
    let ownSecondFactor: OwnSecondFactor
    let unwantedFactor: UnwantedFactor
    let ownIdentities: OwnIdentities
    let challengeCookie: SiteCookie
    let devices: KnownDevices
    let failures: FailedSignIns
    let events: SecurityEvents
    let mail: AccountMail
    let verification: EmailVerification
    let reset: PasswordReset
    let ownPassword: OwnPassword
    let emailChange: EmailChange
    let deletion: AccountDeletion
    let live: LiveHooks
    let cookie: RefreshCookie
    let providers: ProviderRoutes

    init(_ configuration: APIConfiguration, _ foundation: APIFoundation, _ live: LiveHooks) {
        self.live = live
        let (pool, now) = (foundation.pool, configuration.now)
        self.pool = pool
        events = SecurityEvents(pool: pool, now: now)
        mail = AccountMail(
            pool: pool, jobs: Jobs(now: now),
            links: MailLinks(pool: pool, publicURL: configuration.publicURL, now: now),
            mailer: Mailer(transport: configuration.mail, from: configuration.mailFrom, now: now))
        failures = FailedSignIns(pool: pool, logger: foundation.logger, now: now)
        passwords = PasswordHashing(cost: configuration.passwordCost, pepper: configuration.passwordPepper)
        sessions = Sessions(
            pool: pool, revoked: foundation.revoked, accessLifetime: configuration.accessTokenLifetime,
            refreshLifetime: configuration.refreshTokenLifetime, longest: configuration.longestSession, now: now)
        issuer = TokenIssuer(keys: foundation.keys)
        publishedKeys = foundation.keys.published
        let delays = LoginDelays(policy: configuration.loginDelays, now: now)
        verification = EmailVerification(
            pool: pool, mail: mail, sessions: sessions, events: events, live: live, now: now)
        ownPassword = OwnPassword(
            pool: pool, passwords: passwords, delays: delays, sessions: sessions, events: events, failures: failures,
            mail: mail, now: now)
        emailChange = EmailChange(pool: pool, mail: mail, events: events, now: now)
        deletion = AccountDeletion(
            pool: pool, ownPassword: ownPassword, sessions: sessions, events: events, mail: mail, live: live, now: now)
        factors = SecondFactors(pool: pool, keys: foundation.keys, now: now)
        reset = PasswordReset(
            pool: pool, mail: mail, sessions: sessions, events: events, passwords: passwords, deletion: deletion,
            factors: factors, now: now)
        let isSecure = configuration.publicURL.hasPrefix("https://")
        cookie = RefreshCookie(isSecure: isSecure, origins: configuration.allowedOrigins)
        devices = KnownDevices(pool: pool, keys: foundation.keys, isSecure: isSecure, now: now)
        challengeCookie = SiteCookie("fitai_challenge", isSecure: isSecure)
        let guards = SignInGuards(delays: delays, devices: devices, failures: failures)
        secondFactorSignIn = SecondFactorSignIn(
            pool: pool, factors: factors, guards: guards, sessions: sessions, deletion: deletion, mail: mail,
            keys: foundation.keys, now: now)
        ownSecondFactor = OwnSecondFactor(
            pool: pool, factors: factors, ownPassword: ownPassword, sessions: sessions, mail: mail, now: now)
        unwantedFactor = UnwantedFactor(
            pool: pool, factors: factors, sessions: sessions, mail: mail, reset: reset, now: now)
        let usable: [(ProviderProfile.Provider, Bool)] = [
            (.google, configuration.google != nil), (.github, configuration.github != nil),
        ]
        ownIdentities = OwnIdentities(
            pool: pool, ownPassword: ownPassword, sessions: sessions, mail: mail,
            providers: Set(usable.filter(\.1).map(\.0)))
        signIn = PasswordSignIn(
            pool: pool, passwords: passwords, guards: guards, secondFactor: secondFactorSignIn, sessions: sessions,
            deletion: deletion)
        let timeout = configuration.providerTimeout
        providers = ProviderRoutes(
            google: configuration.google.map { GoogleSignIn(configuration: $0, timeout: timeout, now: now) },
            github: configuration.github.map { GitHubSignIn(configuration: $0, timeout: timeout, now: now) },
            joining: AccountJoining(
                pool: pool, sessions: sessions, events: events, mail: mail, verification: verification,
                deletion: deletion, factors: factors, secondFactor: secondFactorSignIn, now: now),
            cookie: cookie, devices: devices, challengeCookie: challengeCookie, publicURL: configuration.publicURL,
            now: now)
    }

    /// What has to be removed from this feature's tables from time to time.
    var chores: [Housekeeping.Chore] {
        let (bound, pool) = (MailBound(now: sessions.now), pool)
        return [
            Housekeeping.Chore(name: "sessions", removeSome: sessions.removeEnded),
            Housekeeping.Chore(name: "refresh tokens", removeSome: sessions.removeOldTokens),
            Housekeeping.Chore(name: "mail links", removeSome: mail.links.removeExpired),
            Housekeeping.Chore(name: "sent mails") { try await bound.removeOld(in: pool) },
            Housekeeping.Chore(name: "email changes", removeSome: emailChange.removeExpired),
            Housekeeping.Chore(name: "security events", removeSome: events.removeOld),
            Housekeeping.Chore(name: "keys of second factors", removeSome: factors.resealSome),
        ]
    }

    var services: [any Service] { [passwords, failures] }

    func register(on handlers: inout JobHandlers) {
        handlers.add(VerificationMail.self, run: verification.send)
        handlers.add(PasswordResetMail.self, run: reset.send)
        handlers.add(EmailChangeMail.self, run: emailChange.send)
        handlers.add(SecurityNotice.self, run: mail.send)
        handlers.add(AccountLeft.self, run: deletion.endWorkouts)
    }

    func declare(on routes: inout RouteTable) {
        declareSigningIn(on: &routes)
        declarePasswords(on: &routes)
        declareEmail(on: &routes)
        declareSessions(on: &routes)
        declareIdentities(on: &routes)
        declareSecondFactor(on: &routes)
        declareDeletion(on: &routes)
        providers.declare(on: &routes)
        routes.get(
            "/.well-known/jwks.json", "The keys that verify access tokens",
            RouteOptions(caching: .shared(seconds: 300)), use: keys)
    }

    private func declareSigningIn(on routes: inout RouteTable) {
        routes.post(
            "/v1/auth/register", "Makes an account and signs in", status: .created,
            RouteOptions(problems: [.emailTaken, .usernameTaken, .originRefused], limit: .account), use: register)
        routes.post(
            "/v1/auth/login", "Signs in",
            RouteOptions(
                problems: [.invalidCredentials, .secondFactorRequired, .accountSuspended, .originRefused],
                limit: .account), use: login)
        routes.post(
            "/v1/auth/refresh", "Renews the tokens of a session",
            RouteOptions(problems: [.invalidRefreshToken, .originRefused], limit: .account), use: refresh)
        routes.post("/v1/auth/logout", "Ends this session, or all", status: .noContent, use: logout)
    }

    private func register(_ call: Call<Anyone, NoQuery, RegisterRequest>) async throws -> Answer<SignedIn> {
        let body = call.body
        if body.cookie == true { try cookie.checkOrigin(of: call.facts) }
        let hash = try await passwords.hash(body.password)
        let time = sessions.now()
        let account = Account(
            id: UserID.make(at: time), username: body.username, displayName: body.displayName, email: body.email,
            isVerified: false, createdAt: time)
        let opened = try await insert(account, passwordHash: hash, from: call.origin)
        return try signedIn(account, opened, call.facts, inCookie: body.cookie == true)
    }

    private func insert(
        _ account: Account, passwordHash: String, from origin: Sessions.Origin
    ) async throws -> Sessions.Opened {
        do {
            return try await pool.transaction { connection in
                try connection.execute(
                    """
                    insert into users (id, username, email, password_hash, display_name, created_at)
                    values (\(account.id), \(account.username), \(account.email), \(passwordHash),
                            \(account.displayName), \(account.createdAt))
                    """)
                try events.record(.registered, of: account.id, address: origin.address, on: connection)
                try verification.ask(account.id, on: connection)
                let fresh = LockedAccount(account: account, role: .user, standing: .active, passwordHash: passwordHash)
                return try sessions.open(for: fresh, from: origin, on: connection)
            }
        } catch StoreError.unique("users_email_key") {
            throw Problem(.emailTaken)
        } catch StoreError.unique("users_username_key") {
            throw Problem(.usernameTaken)
        }
    }

    private func login(_ call: Call<Anyone, NoQuery, LoginRequest>) async throws -> Answer<SignedIn> {
        let body = call.body
        if body.cookie == true { try cookie.checkOrigin(of: call.facts) }
        let outcome = try await signIn.signIn(
            body, call.facts, refreshToken: body.refreshToken ?? cookie.token(in: call.facts), from: call.origin)
        switch outcome {
        case .opened(let account, let opened):
            return try signedIn(account, opened, call.facts, inCookie: body.cookie == true)
        case .challenged(let challenge):
            var problem = Problem(.secondFactorRequired, detail: "Send the challenge and a code within five minutes.")
            problem.challenge = challenge
            throw problem
        }
    }

    private func refresh(_ call: Call<Anyone, NoQuery, OptionalBody<RefreshRequest>>) async throws -> Answer<Tokens> {
        let sent = call.body.value.refreshToken
        if sent == nil { try cookie.checkOrigin(of: call.facts) }
        guard let token = sent ?? cookie.token(in: call.facts) else { throw Problem(.invalidRefreshToken) }
        let opened = try await sessions.renew(token, from: call.origin)
        return Answer(
            try tokens(opened, inCookie: sent == nil), headers: headers(for: opened, call.facts, inCookie: sent == nil))
    }

    private func logout(
        _ call: Call<SignedInUser, NoQuery, OptionalBody<LogoutRequest>>
    ) async throws -> Answer<NoContent> {
        let identity = call.caller.identity
        try await sessions.end(
            identity.sid, of: identity.userId, everywhere: call.body.value.everywhere, from: call.origin)
        guard cookie.token(in: call.facts) != nil else { return .done }
        return Answer(NoContent(), headers: [.setCookie: cookie.removal])
    }

    private func keys(_ call: Call<Anyone, NoQuery, NoBody>) -> Answer<PublishedKeys> { Answer(publishedKeys) }

    func signedIn(
        _ account: Account, _ opened: Sessions.Opened, _ facts: RequestFacts, inCookie: Bool
    ) throws -> Answer<SignedIn> {
        Answer(
            SignedIn(
                user: account, tokens: try tokens(opened, inCookie: inCookie), isKept: opened.isKept ? true : nil),
            headers: headers(for: opened, facts, inCookie: inCookie))
    }

    func tokens(_ opened: Sessions.Opened, inCookie: Bool) throws -> Tokens {
        Tokens(
            accessToken: try issuer.issue(opened.identity, at: sessions.now()), expiresAt: opened.identity.expiresAt,
            refreshToken: inCookie ? nil : opened.refreshToken.text, refreshExpiresAt: opened.refreshExpiresAt)
    }

    /// A page's browser keeps the refresh token, and is known to the account from now on.
    func headers(for opened: Sessions.Opened, _ facts: RequestFacts, inCookie: Bool) -> HTTPFields {
        guard inCookie else { return [:] }
        var headers: HTTPFields = [.setCookie: cookie.header(opened, at: sessions.now())]
        headers.addCookie(devices.header(adding: opened.identity.userId, at: opened.at, in: facts))
        return headers
    }
}

extension Call {
    /// Where the caller's session comes from.
    var origin: Sessions.Origin {
        Sessions.Origin(address: facts.address, userAgent: facts.userAgent, requestId: facts.id)
    }
}
