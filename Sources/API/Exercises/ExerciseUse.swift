import Protocol
import Store

/// How much exercises are trained: counted now and then over all sets of the last days, kept with the exercises.
package struct ExerciseUse: Sendable {
    static let days = 30
    /// Counting again sooner would change little.
    static let interval = Duration.seconds(600)

    let pool: PostgresPool
    let workouts: WorkoutUse

    package init(pool: PostgresPool) {
        self.pool = pool
        workouts = WorkoutUse(pool: pool)
    }

    /// Counts the sets of the last 30 days, unless that was done within the last ten minutes.
    ///
    /// Several nodes may ask at once; one counts.
    package func refresh(at now: Timestamp) async throws {
        if let countedAt = try await countedAt(), countedAt > now - Self.interval { return }
        let begun = try await pool.execute(
            """
            insert into exercise_use_counted (id, at) values (true, \(now))
            on conflict (id) do update set at = excluded.at
            where exercise_use_counted.at <= \(now - Self.interval)
            """)
        guard begun > 0 else { return }
        let totals = try await workouts.totals(days: Self.days, until: now)
        try await pool.transaction(attempts: 3) { connection in
            // In the order of the ids, as everything that locks several exercises.
            try connection.execute("select from exercises where owner is null order by id for update")
            try connection.execute(
                """
                update exercises e
                set recent_sets = coalesce(c.sets, 0), recent_athletes = coalesce(c.athletes, 0),
                    earlier_sets = coalesce(c.earlier, 0)
                from exercises x left join unnest(\(totals.map(\.exercise)), \(totals.map(\.sets)),
                    \(totals.map(\.athletes)), \(totals.map(\.earlierSets))) as c (id, sets, athletes, earlier)
                    on c.id = x.id
                where e.id = x.id and e.owner is null and x.owner is null
                    and (e.recent_sets, e.recent_athletes, e.earlier_sets)
                        is distinct from (coalesce(c.sets, 0), coalesce(c.athletes, 0), coalesce(c.earlier, 0))
                """)
        }
    }

    /// When sets were counted last.
    func countedAt() async throws -> Timestamp? {
        try await pool.first("select at from exercise_use_counted", as: Timestamp.self)
    }

    /// The most trained exercises of the library, with their trend.
    func popular(for user: UserID, limit: Int) async throws -> [ExerciseTrend] {
        try await pool.rows(
            """
            select \(Exercises.columns(for: user)), recent_sets, recent_athletes, earlier_sets
            from exercises where owner is null and deleted_at is null
            order by popularity desc, lower(name), id limit \(limit)
            """
        ) { row throws(StoreError) in
            let exercise = try Exercises.read(&row).exercise
            let (sets, athletes, earlier) = (
                try row.next(Int.self), try row.next(Int.self), try row.next(Int.self)
            )
            let change = earlier > 0 ? (Double(sets - earlier) / Double(earlier) * 1000).rounded() / 10 : nil
            return ExerciseTrend(
                exercise: exercise, sets: sets, athletes: athletes, earlierSets: earlier, changePercent: change)
        }
    }

    /// Counts over the library and the user's own exercises.
    func stats(for user: UserID) async throws -> ExerciseStats {
        let row = try await pool.first(
            """
            select count(*) filter (where owner is null), count(*) filter (where owner = \(user)),
                count(*) filter (where rating_count > 0), coalesce(sum(recent_sets), 0)::bigint,
                count(*) filter (where recent_sets > 0)
            from exercises where \(Exercises.visible(to: user))
            """, as: (Int, Int, Int, Int, Int).self)
        let popular = try await popular(for: user, limit: 10).filter { $0.sets > 0 }
        return ExerciseStats(
            libraryCount: row?.0 ?? 0, ownCount: row?.1 ?? 0, ratedCount: row?.2 ?? 0,
            levels: try await distribution("level", user), categories: try await distribution("category", user),
            recentSets: row?.3 ?? 0, trainedExercises: row?.4 ?? 0, mostTrained: popular,
            countedAt: try await countedAt())
    }

    private func distribution(_ column: SQL, _ user: UserID) async throws -> [ValueCount] {
        try await pool.rows(
            """
            select \(column), count(*) from exercises where \(Exercises.visible(to: user))
            group by 1 order by 2 desc, 1
            """
        ) { row throws(StoreError) in ValueCount(value: try row.next(), count: try row.next()) }
    }
}
