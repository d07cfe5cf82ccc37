import Protocol

/// A job that failed for good, as a person sees it; its payload stays in the database.
package struct DeadJob: Sendable {
    package let id: UUIDv7
    package let kind: String
    package let key: String?
    package let attempts: Int
    package let lastError: String
    package let createdAt: Timestamp
    package let diedAt: Timestamp
}

/// Jobs that failed too often or can never succeed: they wait for a person.
extension Jobs {
    /// Those that died first; at most `limit`.
    package static func dead(
        on connection: isolated PostgresConnection, limit: Int = 1000
    ) throws -> [DeadJob] {
        try connection.query(
            """
            select id, kind, key, attempts, last_error, created_at, died_at from dead_jobs
            order by died_at, id limit \(limit)
            """, as: (UUIDv7, String, String?, Int, String, Timestamp, Timestamp).self
        ).map { id, kind, key, attempts, lastError, createdAt, diedAt in
            DeadJob(
                id: id, kind: kind, key: key, attempts: attempts, lastError: lastError, createdAt: createdAt,
                diedAt: diedAt)
        }
    }

    /// What became of a dead job that was to be tried again.
    package enum Revival: Sendable {
        case revived
        /// There is no such dead job.
        case unknown
        /// A job of the same kind and key waits or runs; the dead one stays until that is done.
        case anotherWaits
    }

    /// Gives a dead job all its attempts again, at once.
    package func revive(_ id: UUIDv7, on connection: isolated PostgresConnection) throws -> Revival {
        let time = now()
        let waits = try connection.first(
            """
            select exists (select from jobs where jobs.kind = dead.kind and jobs.key = dead.key)
            from dead_jobs as dead where id = \(id) for update
            """, as: Bool.self)
        guard let waits else { return .unknown }
        guard !waits else { return .anotherWaits }
        // One that is enqueued meanwhile makes this transaction fail, and the dead job stays.
        try connection.execute(
            """
            with gone as (delete from dead_jobs where id = \(id) returning *)
            insert into jobs (id, kind, key, payload, priority, run_at, most_attempts, last_error, created_at)
            select id, kind, key, payload, priority, \(time), most_attempts, last_error, created_at from gone
            """)
        try Jobs.wakeWorkers(on: connection)
        return .revived
    }

    /// Removes a dead job for good; answers whether there was one.
    package static func discard(_ id: UUIDv7, on connection: isolated PostgresConnection) throws -> Bool {
        try connection.execute("delete from dead_jobs where id = \(id)") == 1
    }
}
