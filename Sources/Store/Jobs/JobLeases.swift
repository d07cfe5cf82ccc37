import Protocol

/// A job that a worker has, until its lease ends.
struct ClaimedJob: Sendable {
    let kind: String
    let payload: JSONText
    let run: JobRun
    /// Names this claim; a later claim of the same job has another.
    let lease: UUIDv7
}

/// The statements by which workers take jobs and give them back; each is one transaction.
struct JobLeases: Sendable {
    let pool: PostgresPool
    /// How long a worker has a job without a heartbeat.
    let length: Duration
    let now: @Sendable () -> Timestamp

    /// Takes the job of these kinds that is due first, by priority; nil when none is of this priority or a higher one.
    ///
    /// Jobs that other workers are just taking are passed over, so no two ever get the same. A job whose lease has run
    /// out is due again; its worker has died or hangs.
    func claim(_ kinds: [String], _ least: JobPriority = .low) async throws -> ClaimedJob? {
        let (time, lease) = (now(), UUIDv7.make())
        let levels = JobPriority.allCases.filter { $0.rawValue <= least.rawValue }
        return try await pool.first(
            """
            update jobs set lease = \(lease), run_at = \(time + length), attempts = attempts + 1
            where id = (
                select due.id from unnest(\(levels.map { Int($0.rawValue) })::smallint[]) as level (priority)
                cross join lateral (
                    select id from jobs
                    where priority = level.priority and run_at <= \(time) and kind = any(\(kinds))
                    order by run_at, id limit 1 for update skip locked) as due
                order by level.priority limit 1)
            returning kind, payload, id, attempts, most_attempts, created_at
            """
        ) { row throws(StoreError) in
            let (kind, payload) = (try row.next(String.self), try row.next(JSONText.self))
            let run = JobRun(
                id: try row.next(), attempt: try row.next(), mostAttempts: try row.next(), createdAt: try row.next())
            return ClaimedJob(kind: kind, payload: payload, run: run, lease: lease)
        }
    }

    /// Keeps the job for another lease; false when it was lost meanwhile.
    func extend(_ job: ClaimedJob) async throws -> Bool {
        try await pool.execute(
            "update jobs set run_at = \(now() + length) where id = \(job.run.id) and lease = \(job.lease)") == 1
    }

    /// Removes a job that is done; false when the lease was lost meanwhile, and another worker may do it again.
    @discardableResult
    func finish(_ job: ClaimedJob) async throws -> Bool {
        try await pool.execute("delete from jobs where id = \(job.run.id) and lease = \(job.lease)") == 1
    }

    /// Gives a job back that failed, to be tried again after the pause.
    func postpone(_ job: ClaimedJob, by pause: Duration, because error: String) async throws {
        try await pool.execute(
            """
            update jobs set lease = null, run_at = \(now() + pause), last_error = \(error)
            where id = \(job.run.id) and lease = \(job.lease)
            """)
    }

    /// Gives a job back that was not tried to its end, now or for a later time; the attempt does not count.
    func release(_ job: ClaimedJob, until time: Timestamp? = nil) async throws {
        try await pool.transaction { connection in
            let released = try connection.execute(
                """
                update jobs set lease = null, run_at = \(time ?? now()), attempts = attempts - 1
                where id = \(job.run.id) and lease = \(job.lease)
                """)
            if released == 1, time == nil { try Jobs.wakeWorkers(on: connection) }
        }
    }

    /// Makes a job a dead letter.
    func bury(_ job: ClaimedJob, because error: String) async throws {
        try await pool.execute(
            """
            with gone as (delete from jobs where id = \(job.run.id) and lease = \(job.lease) returning *)
            insert into dead_jobs (id, kind, key, payload, priority, attempts, most_attempts, last_error, created_at,
                died_at)
            select id, kind, key, payload, priority, attempts, most_attempts, \(error), created_at, \(now()) from gone
            """)
    }

    /// How many jobs are due although nobody has them, and how many are dead; counted no further than 10,000.
    func stock() async throws -> (due: Int, dead: Int) {
        let counts = try await pool.first(
            """
            select (select count(*) from (select from jobs where run_at <= \(now()) limit 10000) as due),
                (select count(*) from (select from dead_jobs limit 10000) as dead)
            """, as: (Int, Int).self)
        return (counts?.0 ?? 0, counts?.1 ?? 0)
    }
}
