import API
import Logging
import NIOCore
import NIOPosix
import Protocol
import Realtime
import ServiceLifecycle
import Store
import Synchronization

/// The sessions that a test ended.
package final class EndedSessions: Sendable {
    private let sessions = Mutex<Set<SessionID>>([])

    package func insert(_ session: SessionID) { sessions.withLock { _ = $0.insert(session) } }
    package func contains(_ session: SessionID) -> Bool { sessions.withLock { $0.contains(session) } }
}

/// The connections that a test server has taken, in their order.
package final class TakenConnections: Sendable {
    private let connections = Mutex<[SocketConnection]>([])

    package var last: SocketConnection? { connections.withLock { $0.last } }
    fileprivate func add(_ connection: SocketConnection) { connections.withLock { $0.append(connection) } }
}

/// The live side over a database of the test's own, with tokens that tests make themselves.
package struct LiveTestServer: Sendable {
    package let database: TestDatabase
    package let node: LiveNode
    /// 0 without sockets.
    package let port: Int
    package let ended: EndedSessions
    package let connections: TakenConnections

    package static let bench = exercise(1, "Bench Press", ["chest"], ["triceps", "shoulders"])
    package static let squat = exercise(2, "Squat", ["quadriceps"], ["glutes"])
    package static let pullUp = exercise(3, "Pull-Up", ["lats"], ["biceps"], bodyWeightShare: 0.95)

    private static func exercise(
        _ number: UInt64, _ name: String, _ first: [String], _ second: [String], bodyWeightShare: Double? = nil
    ) -> ExerciseFacts {
        let id = UUIDv7.stamped(Timestamp(milliseconds: 1_600_000_000_000), random: number, tail: number)
        return ExerciseFacts(
            id: id, name: name, primaryMuscles: first, secondaryMuscles: second, bodyWeightShare: bodyWeightShare)
    }

    /// The exercises that there are unless a test says otherwise.
    package static var library: ExerciseCatalog { ExerciseCatalog([bench, squat, pullUp]) }

    /// Lends the live side with its services, and sockets on a free port, to `body`.
    ///
    /// - Parameter verifying: what verifying a token has to wait for.
    package static func run<Value: Sendable>(
        _ configuration: LiveConfiguration = LiveConfiguration(), clock: ServerClock = ServerClock(),
        catalog: ExerciseCatalog = library,
        adjust: @Sendable (inout PostgresConfiguration) -> Void = { _ in },
        people: @Sendable (inout People) -> Void = { _ in },
        verifying: @escaping @Sendable () async -> Void = {},
        _ body: @escaping @Sendable (LiveTestServer) async throws -> Value
    ) async throws -> Value {
        try await TestPostgres.withDatabase(adjust: adjust) { database in
            try await run(
                configuration, clock: clock, catalog: catalog, on: database, people: people, verifying: verifying, body)
        }
    }

    /// The same over a given database, as after a restart.
    package static func run<Value: Sendable>(
        _ configuration: LiveConfiguration, clock: ServerClock = ServerClock(), catalog: ExerciseCatalog = library,
        on database: TestDatabase,
        people adjust: @Sendable (inout People) -> Void = { _ in },
        verifying: @escaping @Sendable () async -> Void = {},
        _ body: @escaping @Sendable (LiveTestServer) async throws -> Value
    ) async throws -> Value {
        let pools = LivePools(database.configuration, logger: .silent)
        var people = People(storedIn: pools.rooms)
        adjust(&people)
        let foundation = LiveFoundation(
            pool: database.pool, pools: pools, people: people,
            catalog: catalog, group: MultiThreadedEventLoopGroup.singleton, logger: .silent)
        let (ended, connections) = (EndedSessions(), TakenConnections())
        let node = LiveNode(
            configuration: configuration, foundation: foundation, clock: clock, isEnded: { ended.contains($0.session) }
        ) { token in
            await verifying()
            return Self.identity(of: token, now: clock.now)
        }
        let live = node.live
        var socketConfiguration = SocketConfiguration()
        // Tests leave their connections open; the server need not wait for the answer to its close frame.
        socketConfiguration.closeGrace = .milliseconds(100)
        socketConfiguration.tick = .milliseconds(50)
        socketConfiguration.isShortOfMemory = configuration.isShortOfMemory
        let sockets = SocketHost(
            configuration: socketConfiguration, group: foundation.group, logger: .silent,
            authorise: { await live.authorise($0) }
        ) { connection, request in
            connections.add(connection)
            return live.makeSession(connection, request)
        }
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            for service in node.services { tasks.addTask { try await service.run() } }
            defer { tasks.cancelAll() }
            return try await withSocketServer(sockets) { port in
                try await body(
                    LiveTestServer(
                        database: database, node: node, port: port, ended: ended, connections: connections))
            }
        }
    }

    /// A token that `run` takes: user, session and expiry as they are.
    package static func token(
        _ user: UserID, session: SessionID = .make(), expiresAt: Timestamp = .now + .seconds(3600)
    ) -> String { "\(user) \(session) \(expiresAt.milliseconds)" }

    private static func identity(of token: String, now: Timestamp) -> LiveIdentity? {
        let parts = token.split(separator: " ")
        guard parts.count == 3, let user = UserID(String(parts[0])), let session = SessionID(String(parts[1])),
            let expiry = Int64(parts[2]), expiry > now.milliseconds
        else { return nil }
        return LiveIdentity(user: user, session: session, expiresAt: Timestamp(milliseconds: expiry))
    }

    /// A user who exists.
    package func user(_ name: String) async throws -> Member {
        let member = Member(userId: .make(), name: name)
        let username = "u" + member.userId.description.filter { $0 != "-" }.suffix(20)
        try await database.pool.execute(
            """
            insert into users (id, username, email, display_name, created_at)
            values (\(member.userId), \(username), \(username + "@example.org"), \(name), now())
            """)
        return member
    }

    /// A body that was measured just now.
    package func measure(_ user: Member, kilograms: Double) async throws {
        let id = BodyMeasurementID.make()
        try await database.pool.execute(
            """
            with m as (insert into body_measurements (id, user_id, measured_at, created_at)
                values (\(id), \(user.userId), now(), now()))
            insert into body_values (measurement_id, user_id, metric, measured_at, value)
            values (\(id), \(user.userId), 'weightKg', now(), \(kilograms))
            """)
    }

    package func befriend(_ first: Member, _ second: Member) async throws {
        try await Relations(pool: database.pool).makeFriends([(first.userId, second.userId)], at: .now)
        await node.rooms.relationChanged(first.userId, second.userId)
    }

    /// Ends sessions as the sign-in side does: known first, then their sockets are closed.
    package func end(_ session: SessionID) {
        ended.insert(session)
        node.live.registry.close(sessions: [session])
    }

    /// A connection on which the user has said hello.
    package func connect(_ user: Member) async throws -> LiveTalker {
        try await LiveTalker.connect(port: port, token: Self.token(user.userId))
    }
}
