import Hummingbird
import Logging
import Protocol
import Realtime
import ServiceLifecycle
import Store

/// The REST side: every feature's routes over the shared mechanisms.
package struct API: Sendable {
    /// All declared routes, for the specification.
    package let table: RouteTable
    /// Long-running parts that the service group has to run.
    package let services: [any Service]
    private let mechanisms: RouteMechanisms
    private let configuration: APIConfiguration

    /// Without `rooms` there are no workout routes (tests of other features do without). `extra` routes stand before the product's own; tests try the mechanisms with them.
    package init(
        configuration: APIConfiguration, pool: PostgresPool, keys: SigningKeys, revoked: RevokedSessions,
        tokens: TokenVerifier, live: LiveHooks, rooms: Rooms? = nil, extra: RouteTable = RouteTable()
    ) {
        let now = configuration.now
        let passwords = PasswordHashing(cost: configuration.passwordCost)
        let verification = EmailVerification(
            pool: pool, mail: MailDrop(directory: configuration.mailDirectory, now: now),
            publicURL: configuration.publicURL, now: now)
        let sessions = Sessions(
            pool: pool, revoked: revoked, accessLifetime: configuration.accessTokenLifetime,
            refreshLifetime: configuration.refreshTokenLifetime, now: now)
        let cookie = RefreshCookie(
            isSecure: configuration.publicURL.hasPrefix("https://"), origins: configuration.allowedOrigins)
        var table = extra
        AuthRoutes(
            pool: pool, passwords: passwords, sessions: sessions, issuer: TokenIssuer(keys: keys),
            publishedKeys: keys.published, delays: LoginDelays(policy: configuration.loginDelays, now: now),
            verification: verification, cookie: cookie
        ).declare(on: &table)
        let relations = Relations(pool: pool)
        UserRoutes(users: Users(pool: pool), relations: relations, live: live).declare(on: &table)
        SocialRoutes(
            friendships: Friendships(pool: pool, now: now), lists: SocialLists(pool: pool), live: live
        ).declare(on: &table)
        ExerciseRoutes(exercises: Exercises(pool: pool)).declare(on: &table)
        if let rooms {
            WorkoutRoutes(rooms: rooms, history: WorkoutHistory(pool: pool)).declare(on: &table)
        }
        self.table = table
        services = [passwords]
        mechanisms = RouteMechanisms(
            tokens: tokens, gate: AccessGate(isVerified: verification.isVerified),
            limits: RateLimits(configuration: configuration.limits, now: now),
            keys: IdempotencyKeys(pool: pool, now: now), bodyTimeout: configuration.bodyTimeout,
            handlerTimeout: configuration.handlerTimeout)
        self.configuration = configuration
    }

    /// Answers requests; what is not under `/v1` or `/.well-known` goes to `pages`.
    package func responder(pages: (any HTTPResponder<APIContext>)? = nil) -> APIResponder {
        APIResponder(table: table, mechanisms: mechanisms, configuration: configuration, pages: pages)
    }
}
