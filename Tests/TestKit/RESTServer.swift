import API
import Foundation
import Hummingbird
import Logging
import NIOPosix
import Protocol
import Realtime
import ServiceLifecycle
import Store
import Synchronization

/// A wall clock that tests move by hand.
package final class TestClock: Sendable {
    private let time = Mutex(Timestamp.now)

    package init() {}

    package var now: Timestamp { time.withLock { $0 } }

    package func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}

/// The REST side on a real socket over a database of the test's own.
package struct RESTServer: Sendable {
    package let port: Int
    package let database: TestDatabase
    package let clock: TestClock
    package let revoked: RevokedSessions
    package let tokens: TokenVerifier
    package let keys: SigningKeys
    package let api: API
    /// Where mails are written.
    package let mailDirectory: URL
    /// Where the files of data exports lie.
    package let exportDirectory: URL
    /// Where files of users are kept.
    package let objectDirectory: URL

    /// A client that is not signed in.
    package var client: RESTClient { client(token: nil) }
    /// Holds what is answered to the specification; a test whose server answered anything else fails at its end.
    package let check: WireCheck

    package var pool: PostgresPool { database.pool }

    /// Lends a server with so many connections to Postgres to `body`. Limits are off unless `adjust` sets them.
    /// With `isLive` there are rooms, workout routes and the exercise library.
    package static func run<Value: Sendable>(
        isLive: Bool = false, connections: Int = 8, adjust: (inout APIConfiguration) -> Void = { _ in },
        live: LiveHooks = LiveHooks(), logger: Logger = .silent, extra: (inout RouteTable) -> Void = { _ in },
        _ body: (RESTServer) async throws -> Value
    ) async throws -> Value {
        let (clock, keys) = (TestClock(), SigningKeys())
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fitai-\(UUIDv7.make())")
        defer { try? FileManager.default.removeItem(at: directory) }  // a left-over directory harms nobody
        var configuration = try Self.configuration(in: directory)
        configuration.now = { clock.now }
        configuration.limits.isEnabled = false
        configuration.passwordCost = PasswordCost(memoryKiB: 64, passes: 1)
        adjust(&configuration)
        var table = RouteTable()
        extra(&table)
        let bound: @Sendable (inout PostgresConfiguration) -> Void = { $0.maxConnections = connections }
        return try await TestPostgres.withDatabase(holding: isLive ? .library : .schema, adjust: bound) { database in
            let revoked = RevokedSessions(pool: database.pool, logger: .silent)
            let tokens = TokenVerifier(keys: keys, revoked: revoked, now: configuration.now)
            let node = isLive ? try await node(on: database.pool) : nil
            let foundation = APIFoundation(
                pool: database.pool, keys: keys, revoked: revoked, tokens: tokens, logger: logger)
            let api = API(
                configuration: configuration, foundation: foundation, live: node.map { LiveHooks($0) } ?? live,
                rooms: node?.rooms, extra: table)
            let check = try WireCheck.of(api, isLive: isLive, isWhole: table.routes.isEmpty)
            let value = try await serve(api, beside: node?.services ?? []) { port in
                try await body(
                    RESTServer(
                        port: port, database: database, clock: clock, revoked: revoked, tokens: tokens, keys: keys,
                        api: api, mailDirectory: directory.appendingPathComponent("mail"),
                        exportDirectory: directory.appendingPathComponent("exports"),
                        objectDirectory: directory.appendingPathComponent("objects"), check: check))
            }
            try check.verdict()
            return value
        }
    }

    private static func configuration(in directory: URL) throws -> APIConfiguration {
        var configuration = APIConfiguration(
            publicURL: "http://127.0.0.1", allowedOrigins: ["http://127.0.0.1"],
            mail: .drop(directory: directory.appendingPathComponent("mail")),
            mailFrom: try mailSender(), exportDirectory: directory.appendingPathComponent("exports"),
            objects: .disk(directory: directory.appendingPathComponent("objects")))
        configuration.handlerTimeout = Watchdog.patience
        configuration.bodyTimeout = Watchdog.patience
        return configuration
    }

    private static func mailSender() throws -> MailAddress {
        struct NoAddress: Error {}
        guard let sender = MailAddress("FitAI <no-reply@fitai.invalid>") else { throw NoAddress() }
        return sender
    }

    private static func node(on pool: PostgresPool) async throws -> LiveNode {
        let foundation = LiveFoundation(
            pool: pool, pools: LivePools(pool.configuration, logger: .silent), people: People(storedIn: pool),
            catalog: try await Exercises(pool: pool).catalog(),
            group: MultiThreadedEventLoopGroup.singleton, logger: .silent)
        return LiveNode(configuration: LiveConfiguration(), foundation: foundation, isEnded: { _ in false }) { _ in nil
        }
    }

    private static func serve<Value: Sendable>(
        _ api: API, beside services: [any Service], _ body: (Int) async throws -> Value
    ) async throws -> Value {
        let (ports, announce) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(1))
        let application = Application(
            responder: api.responder(),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in announce.yield(channel.localAddress?.port ?? 0) }, logger: .silent)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: api.services + [application], logger: .silent))
        return try await withThrowingTaskGroup(of: Void.self) { live in
            for service in services { live.addTask { try await service.run() } }
            defer { live.cancelAll() }
            return try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    defer { announce.finish() }
                    try await group.run()
                }
                for await port in ports {
                    let result = await outcome(port, of: body)
                    await group.triggerGracefulShutdown()
                    try await tasks.waitForAll()
                    return try result.get()
                }
                try await tasks.waitForAll()
                throw RESTAnswer.Incomplete()
            }
        }
    }

    private static func outcome<Value: Sendable>(
        _ port: Int, of body: (Int) async throws -> Value
    ) async -> Result<Value, any Error> {
        do {
            return .success(try await body(port))
        } catch {
            return .failure(error)
        }
    }
}

/// Somebody with an account, signed in.
package struct TestUser: Sendable {
    package let account: Account
    package let tokens: Tokens
    package let client: RESTClient
    package var id: UserID { account.id }

    package init(account: Account, tokens: Tokens, client: RESTClient) {
        self.account = account
        self.tokens = tokens
        self.client = client
    }
}

extension RESTServer {
    package static let password = "weights-9-barbells"

    /// A client whose answers are held to the specification.
    package func client(token: String?) -> RESTClient {
        var client = RESTClient(port: port, token: token)
        client.check = check
        return client
    }

    /// Registers a user over HTTP; verified unless told otherwise.
    package func user(_ name: String, isVerified: Bool = true) async throws -> TestUser {
        let body = RegisterRequest(
            email: "\(name)@example.com", username: name, password: Self.password, displayName: name.capitalized)
        let answer: SignedIn = try await client.post("/v1/auth/register", body).decoded()
        if isVerified {
            try await pool.execute("update users set verified_at = created_at where id = \(answer.user.id)")
        }
        return TestUser(
            account: answer.user, tokens: answer.tokens,
            client: client(token: answer.tokens.accessToken))
    }

    /// Runs every job that is due now, to its end; nothing else runs jobs in this server.
    package func runJobs() async throws { try await api.jobs.runDue() }

    /// The mails of all that happened so far, oldest first.
    package var mails: [String] {
        get async throws {
            try await runJobs()
            guard FileManager.default.fileExists(atPath: mailDirectory.path) else { return [] }
            return try FileManager.default.contentsOfDirectory(atPath: mailDirectory.path).sorted().map { name in
                try String(contentsOf: mailDirectory.appendingPathComponent(name), encoding: .utf8)
            }
        }
    }
}
