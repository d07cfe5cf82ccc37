import HTTPTypes
import Protocol
import Store
import Synchronization

/// Gives a repeated `Idempotency-Key` the first answer again for 24 hours, or until its user got 32 MiB of later answers.
///
/// Only successes are kept. A request that was refused at its first try without having changed anything gives its key free;
/// any other one that failed keeps it, and is tried again with the ids and the time of the first try.
package struct IdempotencyKeys: Sendable {
    /// What a key is bound to.
    package struct Claim: Hashable, Sendable {
        let userId: UserID
        /// Method and path as declared.
        let route: String
        let key: String
        let requestHash: [UInt8]
    }

    private enum Standing: Sendable {
        case mine(since: Timestamp, isRetry: Bool, hasMade: Bool)
        case running
        case reused
        case answered(RenderedAnswer)
    }

    /// What a user's answers may hold together, in bytes, and how many there may be: with more of them in a day the oldest
    /// are forgotten early.
    static let mostBytes = 32 << 20
    static let mostKeys = 20_000
    /// How large an answer is that has the others counted, and how many smaller ones there are to one that has.
    private static let countedBytes = 4096
    private static let uncounted = 256
    static let keptFor = Duration.seconds(24 * 3600)

    /// Which requests were sent under a key lately; what they answered is exported where it belongs.
    static let exportParts = [
        ExportPart(
            "idempotency-keys", tables: ["idempotency_keys"], columns: ["route", "key", "created_at", "status"],
            omitted: ["user_id", "request_hash", "tries", "has_made", "body", "location", "entity_tag"],
            key: [.text("route"), .text("key")]
        ) { user in "from idempotency_keys where user_id = \(user)" }
    ]

    private let pool: PostgresPool
    private let now: @Sendable () -> Timestamp
    /// What runs now. This process has the database to itself: no other key without an answer has a request that runs,
    /// whether its process was killed or Postgres could not be told that it had failed.
    private let running = Running()

    private final class Running: Sendable {
        private let claims = Mutex<Set<Place>>([])

        func begin(_ place: Place) -> Bool { claims.withLock { $0.insert(place).inserted } }

        func end(_ place: Place) { claims.withLock { _ = $0.remove(place) } }
    }

    /// A key, whatever its request.
    private struct Place: Hashable {
        let userId: UserID
        let route: String
        let key: String

        init(_ claim: Claim) { (userId, route, key) = (claim.userId, claim.route, claim.key) }
    }

    package init(pool: PostgresPool, now: @escaping @Sendable () -> Timestamp) {
        self.pool = pool
        self.now = now
    }

    /// Runs the work under the key, or answers what its first run answered. The work's time is when the first request
    /// was received (`receivedAt`), like that of a call without a key.
    ///
    /// Throws `idempotencyKeyInUse` while the first still runs, `idempotencyKeyReused` when it was another request.
    package func run(
        _ claim: Claim, receivedAt: Timestamp, _ work: @Sendable (CallSeed) async throws -> RenderedAnswer
    ) async throws -> RenderedAnswer {
        let seed: CallSeed
        let isFirst = running.begin(Place(claim))
        defer { if isFirst { running.end(Place(claim)) } }
        switch try await take(claim, receivedAt, isFirst: isFirst) {
        case .running: throw Problem(.idempotencyKeyInUse, retryAfterSeconds: 1)
        case .reused: throw Problem(.idempotencyKeyReused)
        case .answered(let answer): return answer
        case .mine(let first, let isRetry, let hasMade):
            seed = CallSeed(claim, at: first, isRetry: isRetry, hasMade: hasMade)
        }
        do {
            let answer = try await work(seed)
            try await keep(answer, of: claim)
            return answer
        } catch let problem as Problem where problem.status < 500 && !seed.mayHaveChanged {
            try await forget(claim)
            throw problem
        }
        // After any other failure the key stays: something may have happened, so the next try has to make the same ids.
    }

    private func take(_ claim: Claim, _ receivedAt: Timestamp, isFirst: Bool) async throws -> Standing {
        let time = now()
        return try await pool.transaction { connection in
            try connection.execute(
                """
                delete from idempotency_keys where user_id = \(claim.userId) and route = \(claim.route)
                    and key = \(claim.key) and created_at < \(time - Self.keptFor)
                """)
            let mine = try connection.first(
                """
                insert into idempotency_keys (user_id, route, key, request_hash, created_at)
                select \(claim.userId), \(claim.route), \(claim.key), \(claim.requestHash), \(receivedAt)
                where \(isFirst)
                on conflict (user_id, route, key) do update set tries = idempotency_keys.tries + 1
                    where idempotency_keys.status is null
                      and idempotency_keys.request_hash = excluded.request_hash
                returning created_at, tries > 1, has_made
                """, as: (Timestamp, Bool, Bool).self)
            if let (since, isRetry, hasMade) = mine { return .mine(since: since, isRetry: isRetry, hasMade: hasMade) }
            return try standing(of: claim, on: connection)
        }
    }

    /// How a key stands that another request has taken.
    private func standing(of claim: Claim, on connection: isolated PostgresConnection) throws -> Standing {
        let row = try connection.first(
            """
            select request_hash, status, body, location, entity_tag from idempotency_keys
            where user_id = \(claim.userId) and route = \(claim.route) and key = \(claim.key)
            """, as: ([UInt8], Int?, [UInt8]?, String?, String?).self)
        // Forgotten between the two statements: the client may try at once.
        guard let (hash, status, body, location, entityTag) = row else { return .running }
        if hash != claim.requestHash { return .reused }
        guard let status else { return .running }
        var headers: HTTPFields = [.cacheControl: "private, no-store", .idempotencyReplayed: "true"]
        if body?.isEmpty == false { headers[.contentType] = "application/json" }
        headers[.location] = location
        headers[.eTag] = entityTag
        return .answered(
            RenderedAnswer(status: HTTPResponse.Status(code: status), headers: headers, body: body ?? []))
    }

    /// Removes keys that are too old to be honoured, a few thousand at a time; answers how many.
    func removeExpired() async throws -> Int {
        try await pool.execute(
            """
            delete from idempotency_keys where ctid in (
                select ctid from idempotency_keys where created_at < \(now() - Self.keptFor)
                limit \(Housekeeping.rowsAtOnce))
            """)
    }

    private func keep(_ answer: RenderedAnswer, of claim: Claim) async throws {
        try await pool.execute(
            """
            update idempotency_keys set status = \(answer.status.code), body = \(answer.body),
                location = \(answer.headers[.location] as String?), entity_tag = \(answer.headers[.eTag] as String?)
            where user_id = \(claim.userId) and route = \(claim.route) and key = \(claim.key)
            """)
        if answer.body.count > Self.countedBytes || Int.random(in: 0..<Self.uncounted) == 0 {
            try await trim(claim.userId)
        }
    }

    /// Drops a user's oldest answers beyond the bound, and their keys.
    func trim(_ user: UserID) async throws {
        try await pool.execute(
            """
            delete from idempotency_keys where user_id = \(user) and status is not null and (route, key) in (
                select route, key from (
                    select route, key, row_number() over newest as place, sum(octet_length(body)) over newest as bytes
                    from idempotency_keys where user_id = \(user) and status is not null
                    window newest as (order by created_at desc, route, key)) kept
                where place > \(Self.mostKeys) or bytes > \(Self.mostBytes))
            """)
    }

    /// A refusal of what changed nothing: the key is as if it had never been sent.
    private func forget(_ claim: Claim) async throws {
        try await pool.execute(
            """
            delete from idempotency_keys
            where user_id = \(claim.userId) and route = \(claim.route) and key = \(claim.key) and status is null
            """)
    }
}

extension HTTPField.Name {
    // A token known to be a valid name.
    static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
}
