import Hummingbird
import Logging
import Protocol
import Realtime
import ServiceLifecycle
import Store

/// What the REST side stands on.
package struct APIFoundation: Sendable {
    package var pool: PostgresPool
    package var keys: SigningKeys
    package var revoked: RevokedSessions
    package var tokens: TokenVerifier
    package var logger: Logger

    package init(
        pool: PostgresPool, keys: SigningKeys, revoked: RevokedSessions, tokens: TokenVerifier, logger: Logger
    ) {
        self.pool = pool
        self.keys = keys
        self.revoked = revoked
        self.tokens = tokens
        self.logger = logger
    }
}

/// The REST side: every feature's routes over the shared mechanisms.
package struct API: Sendable {
    /// All declared routes, the specification's own included.
    package let table: RouteTable
    package let specification: Specification
    /// Long-running parts that the service group has to run.
    package let services: [any Service]
    /// Runs what the features enqueue; a service too.
    package let jobs: JobWorkers
    /// Pictures of users.
    package let avatars: Avatars
    private let mechanisms: RouteMechanisms
    private let configuration: APIConfiguration

    /// Without `rooms` there are no workout routes (tests of other features do without). `extra` routes stand before
    /// the product's own.
    package init(
        configuration: APIConfiguration, foundation: APIFoundation, live: LiveHooks, rooms: Rooms? = nil,
        extra: RouteTable = RouteTable()
    ) {
        let (pool, now) = (foundation.pool, configuration.now)
        let accounts = AuthRoutes(configuration, foundation, live)
        let keys = IdempotencyKeys(pool: pool, now: now)
        var table = extra
        var handlers = JobHandlers()
        var chores = accounts.chores + [Housekeeping.Chore(name: "idempotency keys", removeSome: keys.removeExpired)]
        accounts.declare(on: &table)
        let (users, relations, zones) = (Users(pool: pool), Relations(pool: pool), TimeZones(pool: pool, now: now))
        UserRoutes(users: users, relations: relations, zones: zones, live: live).declare(on: &table)
        avatars = Avatars(pool: pool, store: configuration.objects.store, now: now, logger: foundation.logger)
        AvatarRoutes(avatars: avatars, users: users, relations: relations).declare(on: &table)
        let (exercises, use) = (Exercises(pool: pool), ExerciseUse(pool: pool))
        SocialRoutes(
            friendships: Friendships(pool: pool, now: now), lists: SocialLists(pool: pool),
            search: PeopleSearch(pool: pool),
            suggestions: FriendSuggestions(pool: pool, use: use.workouts, now: now),
            lastActivity: accounts.sessions.lastActivity, live: live
        ).declare(on: &table)
        Self.declare(exercises, use, live, now: now, on: &table)
        ProgressRoutes(pool: pool, live: live).declare(on: &table)
        let (racks, templates) = (PlateRacks(pool: pool), Templates(pool: pool))
        PlateRoutes(racks: racks).declare(on: &table)
        let goals = Goals(pool: pool, now: now, live: live)
        GoalRoutes(goals: goals).declare(on: &table)
        TemplateRoutes(templates: templates).declare(on: &table)
        if let rooms {
            let planning = WorkoutPlanning(templates: templates, use: use.workouts, racks: racks, now: now)
            let logs = TrainingLogRoutes(
                pool: pool, rooms: rooms, exercises: exercises, live: live, now: now,
                atOnceBytes: configuration.importAtOnceBytes)
            logs.declare(on: &table)
            logs.register(on: &handlers)
            chores += logs.chores
            WorkoutRoutes(rooms: rooms, history: WorkoutHistory(pool: pool), planning: planning).declare(on: &table)
        }
        let exports = DataExports(
            pool: pool, jobs: Jobs(now: now), files: ExportFiles(directory: configuration.exportDirectory),
            parts: PersonalData.exportParts, attachments: avatars.attachments,
            atOnceRows: configuration.exportAtOnceRows, now: now, logger: foundation.logger)
        DataExportRoutes(exports: exports).declare(on: &table)
        specification = table.declareSpecification(version: configuration.version)
        self.table = table
        accounts.register(on: &handlers)
        exports.register(on: &handlers)
        handlers.add(MilestoneMail.self, run: MilestoneLetters(goals: goals, configuration).send)
        let erasure = AccountErasure(
            pool: pool, jobs: Jobs(now: now), users: users, live: live,
            parts: PersonalData.erasureParts(pool: pool, exports: exports, avatars: avatars), now: now)
        handlers.add(EraseAccount.self) { job, run in try await erasure.erase(job.userId, except: run.id) }
        handlers.add(AvatarRemoval.self, run: avatars.removeFiles)
        jobs = JobWorkers(
            pool: pool, handlers: handlers, configuration: configuration.jobs, logger: foundation.logger, now: now)
        chores += zones.chores + exports.chores + avatars.chores
        services =
            accounts.services + [avatars.threads, GoalSweep(goals: goals, logger: foundation.logger)]
            + [Housekeeping(chores: chores, logger: foundation.logger)]
        mechanisms = RouteMechanisms(
            tokens: foundation.tokens, gate: accounts.gate,
            limits: RateLimits(configuration: configuration.limits, now: now), turns: UserTurns(), keys: keys,
            bodyTimeout: configuration.bodyTimeout, handlerTimeout: configuration.handlerTimeout,
            uploads: UploadPlaces(
                total: configuration.uploadPlaces.total, perUser: configuration.uploadPlaces.perUser),
            spoolDirectory: configuration.spoolDirectory, cursorSeal: Seal(foundation.keys, purpose: "cursor"))
        self.configuration = configuration
    }

    private static func declare(
        _ exercises: Exercises, _ use: ExerciseUse, _ live: LiveHooks, now: @escaping @Sendable () -> Timestamp,
        on table: inout RouteTable
    ) {
        let pool = exercises.pool
        ExerciseRoutes(
            exercises: exercises, ratings: ExerciseRatings(pool: pool, use: use.workouts), use: use, live: live
        ).declare(on: &table)
        ExerciseDiscoveryRoutes(
            exercises: exercises, library: ExerciseLibrary(pool: pool), use: use, now: now
        ).declare(on: &table)
    }

    /// Answers requests; what is not under `/v1` or `/.well-known` goes to `pages`.
    package func responder(pages: (any HTTPResponder<APIContext>)? = nil) -> APIResponder {
        APIResponder(table: table, mechanisms: mechanisms, configuration: configuration, pages: pages)
    }
}
