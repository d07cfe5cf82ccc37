import HTTPTypes
import Protocol
import Store

/// Gives a repeated `Idempotency-Key` the first answer again for 24 hours.
///
/// Only successes are kept: a refused request changed nothing, and one that failed for the moment is tried again under
/// its key with the ids of the first try.
package struct IdempotencyKeys: Sendable {
    /// What a key is bound to.
    package struct Claim: Sendable {
        let userId: UserID
        /// Method and path as declared.
        let route: String
        let key: String
        let requestHash: [UInt8]
    }

    private enum Standing: Sendable {
        case mine(since: Timestamp)
        case running
        case reused
        case answered(RenderedAnswer)
    }

    /// After this long a request that never ended (its node died) gives its key free.
    static let abandonedAfter = Duration.seconds(120)
    static let keptFor = Duration.seconds(24 * 3600)

    /// Which requests were sent under a key lately; what they answered is exported where it belongs.
    static let exportParts = [
        ExportPart(
            "idempotency-keys", tables: ["idempotency_keys"], columns: ["route", "key", "created_at", "status"],
            omitted: ["user_id", "request_hash", "claimed_at", "body", "location", "entity_tag"],
            key: [.text("route"), .text("key")]
        ) { user in "from idempotency_keys where user_id = \(user)" }
    ]

    private let pool: PostgresPool
    private let now: @Sendable () -> Timestamp

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
        let since: Timestamp
        switch try await take(claim, receivedAt) {
        case .running: throw Problem(.idempotencyKeyInUse, retryAfterSeconds: 1)
        case .reused: throw Problem(.idempotencyKeyReused)
        case .answered(let answer): return answer
        case .mine(let first): since = first
        }
        do {
            let answer = try await work(CallSeed(claim, at: since))
            try await keep(answer, of: claim)
            return answer
        } catch let problem as Problem where problem.status < 500 {
            try await forget(claim)
            throw problem
        } catch {
            try await release(claim)
            throw error
        }
    }

    private func take(_ claim: Claim, _ receivedAt: Timestamp) async throws -> Standing {
        // The claim begins now: a body may have taken minutes to arrive.
        let time = now()
        return try await pool.transaction { connection in
            try connection.execute(
                """
                delete from idempotency_keys where user_id = \(claim.userId) and route = \(claim.route)
                    and key = \(claim.key) and created_at < \(time - Self.keptFor)
                """)
            let mine = try connection.first(
                """
                insert into idempotency_keys (user_id, route, key, request_hash, created_at, claimed_at)
                values (\(claim.userId), \(claim.route), \(claim.key), \(claim.requestHash), \(receivedAt), \(time))
                on conflict (user_id, route, key) do update set claimed_at = excluded.claimed_at
                    where idempotency_keys.status is null
                      and idempotency_keys.request_hash = excluded.request_hash
                      and (idempotency_keys.claimed_at is null
                           or idempotency_keys.claimed_at < \(time - Self.abandonedAfter))
                returning created_at
                """, as: Timestamp.self)
            if let mine { return .mine(since: mine) }
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
    }

    /// A refusal: nothing happened, the key is as if it had never been sent.
    private func forget(_ claim: Claim) async throws {
        try await pool.execute(
            """
            delete from idempotency_keys
            where user_id = \(claim.userId) and route = \(claim.route) and key = \(claim.key) and status is null
            """)
    }

    /// A failure: something may have happened, so the next try has to make the same ids.
    private func release(_ claim: Claim) async throws {
        try await pool.execute(
            """
            update idempotency_keys set claimed_at = null
            where user_id = \(claim.userId) and route = \(claim.route) and key = \(claim.key) and status is null
            """)
    }
}

extension HTTPField.Name {
    // A token known to be a valid name.
    static let idempotencyReplayed = HTTPField.Name("Idempotency-Replayed")!
}
