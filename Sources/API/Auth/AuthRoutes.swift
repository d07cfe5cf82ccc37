import HTTPTypes
import Logging
import Protocol
import Store

/// `/v1/auth`: accounts and their sessions.
struct AuthRoutes: Sendable {
    let pool: PostgresPool
    let passwords: PasswordHashing
    let sessions: Sessions
    let issuer: TokenIssuer
    let publishedKeys: PublishedKeys
    let delays: LoginDelays
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
        passwords = PasswordHashing(cost: configuration.passwordCost)
        sessions = Sessions(
            pool: pool, revoked: foundation.revoked, accessLifetime: configuration.accessTokenLifetime,
            refreshLifetime: configuration.refreshTokenLifetime, now: now)
        issuer = TokenIssuer(keys: foundation.keys)
        publishedKeys = foundation.keys.published
        delays = LoginDelays(policy: configuration.loginDelays, now: now)
        verification = EmailVerification(pool: pool, mail: mail, events: events, now: now)
        reset = PasswordReset(
            pool: pool, mail: mail, sessions: sessions, events: events, passwords: passwords, now: now)
        ownPassword = OwnPassword(
            pool: pool, passwords: passwords, delays: delays, sessions: sessions, events: events, mail: mail)
        emailChange = EmailChange(pool: pool, mail: mail, events: events, now: now)
        deletion = AccountDeletion(
            pool: pool, ownPassword: ownPassword, sessions: sessions, events: events, mail: mail, live: live, now: now)
        cookie = RefreshCookie(
            isSecure: configuration.publicURL.hasPrefix("https://"), origins: configuration.allowedOrigins)
        providers = ProviderRoutes(
            google: configuration.google.map { GoogleSignIn(configuration: $0, now: now) },
            github: configuration.github.map { GitHubSignIn(configuration: $0) },
            joining: AccountJoining(
                pool: pool, sessions: sessions, events: events, mail: mail, verification: verification,
                deletion: deletion,
                now: now),
            cookie: cookie, publicURL: configuration.publicURL, now: now)
    }

    /// What has to be removed from this feature's tables from time to time.
    var chores: [Housekeeping.Chore] {
        [
            Housekeeping.Chore(name: "sessions", removeSome: sessions.removeEnded),
            Housekeeping.Chore(name: "refresh tokens", removeSome: sessions.removeOldTokens),
            Housekeeping.Chore(name: "mail links", removeSome: mail.links.removeExpired),
            Housekeeping.Chore(name: "email changes", removeSome: emailChange.removeExpired),
            Housekeeping.Chore(name: "security events", removeSome: events.removeOld),
        ]
    }

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
            RouteOptions(problems: [.invalidCredentials, .accountSuspended, .originRefused], limit: .account),
            use: login)
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
        return try signedIn(account, opened, inCookie: body.cookie == true)
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
                return try sessions.open(
                    for: account.id, isVerified: false, role: .user, from: origin, on: connection)
            }
        } catch StoreError.unique("users_email_key") {
            throw Problem(.emailTaken)
        } catch StoreError.unique("users_username_key") {
            throw Problem(.usernameTaken)
        }
    }

    private struct Candidate: Sendable {
        let account: Account
        let hash: String?
        let role: Role
        let standing: AccountStanding
    }

    private func login(_ call: Call<Anyone, NoQuery, LoginRequest>) async throws -> Answer<SignedIn> {
        let body = call.body
        if body.cookie == true { try cookie.checkOrigin(of: call.facts) }
        let candidate = try await candidate(for: body.login)
        // By id where there is one, so that email address and username count together.
        let account = candidate?.account.id.description ?? body.login
        try delays.begin(account: account, address: call.facts.address)
        // Runs for unknown users too, so that both answers take the same time.
        let isRight = try await passwords.verify(body.password, against: candidate?.hash)
        guard let candidate, isRight, candidate.standing != .erasing else { throw Problem(.invalidCredentials) }
        guard candidate.standing != .suspended else { throw Problem(.accountSuspended) }
        delays.succeeded(account: account, address: call.facts.address)
        let origin = call.origin
        let newHash = try await passwords.renewed(body.password, for: candidate.hash)
        let opened = try await pool.transaction { connection in
            if let newHash, let oldHash = candidate.hash {
                try connection.execute(
                    """
                    update users set password_hash = \(newHash)
                    where id = \(candidate.account.id) and password_hash = \(oldHash)
                    """)
            }
            if candidate.standing == .leaving {
                try deletion.cancel(candidate.account.id, from: origin, on: connection)
            }
            return try sessions.open(
                for: candidate.account.id, isVerified: candidate.account.isVerified, role: candidate.role,
                from: origin, on: connection)
        }
        if candidate.standing == .leaving { await live.livePreferenceChanged(candidate.account.id) }
        return try signedIn(candidate.account, opened, inCookie: body.cookie == true)
    }

    private func candidate(for login: String) async throws -> Candidate? {
        // A username cannot hold an @, so the two never collide.
        let column: SQL = login.contains("@") ? "email" : "username"
        return try await pool.first(
            """
            select id, username, display_name, email, verified_at is not null, created_at, password_hash, role, status
            from users where \(column) = \(login)
            """
        ) { row throws(StoreError) in
            let account = Account(
                id: try row.next(), username: try row.next(), displayName: try row.next(), email: try row.next(),
                isVerified: try row.next(), createdAt: try row.next())
            return Candidate(
                account: account, hash: try row.next(), role: try row.next(),
                standing: try row.next())
        }
    }

    private func refresh(_ call: Call<Anyone, NoQuery, OptionalBody<RefreshRequest>>) async throws -> Answer<Tokens> {
        let sent = call.body.value.refreshToken
        if sent == nil { try cookie.checkOrigin(of: call.facts) }
        guard let token = sent ?? cookie.token(in: call.facts) else { throw Problem(.invalidRefreshToken) }
        let opened = try await sessions.renew(token, from: call.origin)
        return Answer(
            try tokens(opened, inCookie: sent == nil), headers: headers(for: opened, inCookie: sent == nil))
    }

    private func logout(
        _ call: Call<SignedInUser, NoQuery, OptionalBody<LogoutRequest>>
    ) async throws -> Answer<NoContent> {
        let identity = call.caller.identity
        try await sessions.end(
            identity.sid, of: identity.userId, everywhere: call.body.value.everywhere, from: call.origin)
        guard cookie.token(in: call.facts) != nil else { return .done }
        return Answer(NoContent(), headers: [.setCookie: cookie.header(nil, lifetime: .zero)])
    }

    private func keys(_ call: Call<Anyone, NoQuery, NoBody>) -> Answer<PublishedKeys> { Answer(publishedKeys) }

    func signedIn(
        _ account: Account, _ opened: Sessions.Opened, inCookie: Bool
    ) throws -> Answer<SignedIn> {
        Answer(
            SignedIn(user: account, tokens: try tokens(opened, inCookie: inCookie)),
            headers: headers(for: opened, inCookie: inCookie))
    }

    func tokens(_ opened: Sessions.Opened, inCookie: Bool) throws -> Tokens {
        Tokens(
            accessToken: try issuer.issue(opened.identity, at: sessions.now()), expiresAt: opened.identity.expiresAt,
            refreshToken: inCookie ? nil : opened.refreshToken.text, refreshExpiresAt: opened.refreshExpiresAt)
    }

    func headers(for opened: Sessions.Opened, inCookie: Bool) -> HTTPFields {
        guard inCookie else { return [:] }
        return [.setCookie: cookie.header(opened.refreshToken.text, lifetime: sessions.refreshLifetime)]
    }
}

extension Call {
    /// Where the caller's session comes from.
    var origin: Sessions.Origin { Sessions.Origin(address: facts.address, userAgent: facts.userAgent) }
}
