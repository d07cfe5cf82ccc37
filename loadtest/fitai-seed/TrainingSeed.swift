import API
import Protocol
import Store

/// Fills an empty database with people who have trained for five years.
///
/// Workouts are written in the order of their time, as a server would have written them, so that indexes and pages lie
/// as they would after those years.
struct TrainingSeed: Sendable {
    /// Somebody the load test may sign in as.
    struct Account: Sendable {
        let index: Int
        let workouts: Int
    }

    /// Workouts written at once; about 12 MB of rows.
    private static let batch = 1000

    let pool: PostgresPool
    let size: SeedSize
    let seed: UInt64
    let now: Timestamp
    let say: @Sendable (String) -> Void

    /// Writes everything; answers accounts for a load test, the heaviest user first.
    func run(accounts: Int) async throws -> [Account] {
        let library = try await SeedLibrary(pool, at: now)
        let plan = SeedPlan(size, seed: seed, now: now)
        let users = try await people(plan, library)
        var athletes = users.athletes
        say("\(size.users) users")
        try await lift(plan, library, &athletes)
        try await acquaint(users.ids, since: plan.beginsAt)
        try await side(athletes, plan)
        try await finish()
        return choose(accounts, plan)
    }

    private func people(
        _ plan: SeedPlan, _ library: SeedLibrary
    ) async throws -> (ids: [UserID], athletes: [SeedAthlete?]) {
        var firsts = [Timestamp?](repeating: nil, count: size.users)
        var lasts = firsts
        for slot in plan.slots {
            firsts[slot.user] = firsts[slot.user] ?? slot.startsAt
            lasts[slot.user] = slot.startsAt
        }
        var ids: [UserID] = []
        var athletes: [SeedAthlete?] = []
        for start in stride(from: 0, to: size.users, by: 20_000) {
            var rows = PeopleRows()
            for index in start..<min(start + 20_000, size.users) {
                var random = SeedRandom(seed ^ 0x0BE0_B1E5, part: index)
                let joined =
                    (firsts[index] ?? now - .seconds(Int.random(in: 1...1820, using: &random) * 86_400))
                    - .seconds(3600)
                let id = UUIDv7.make(at: joined, using: &random)
                let athlete = firsts[index].map {
                    SeedAthlete(id, index: index, since: $0, library: library, seed: seed)
                }
                // A session lives for thirty days.
                let seen = lasts[index].flatMap { $0 > now - .seconds(30 * 86_400) ? $0 : nil }
                rows.add(id, index: index, athlete: athlete, joinedAt: joined, seenAt: seen, &random)
                ids.append(id)
                athletes.append(athlete)
            }
            let written = rows
            try await pool.transaction { try written.copy(on: $0) }
        }
        return (ids, athletes)
    }

    /// Lifts all workouts; while one batch is written, the next is lifted.
    private func lift(_ plan: SeedPlan, _ library: SeedLibrary, _ athletes: inout [SeedAthlete?]) async throws {
        let pool = pool
        var written = 0
        try await withThrowingTaskGroup(of: Int.self) { group in
            for start in stride(from: 0, to: plan.slots.count, by: Self.batch) {
                let (rows, side) = try lift(
                    start..<min(start + Self.batch, plan.slots.count), of: plan, library, &athletes)
                if start > Self.batch, let count = try await group.next() {
                    written += count
                    if written.isMultiple(of: 20_000) { say("\(written) workouts") }
                }
                group.addTask {
                    try await pool.transaction { connection in
                        try rows.copy(on: connection)
                        try side.copy(on: connection)
                    }
                    return rows.workouts.rowCount
                }
            }
            try await group.waitForAll()
        }
    }

    private func lift(
        _ range: Range<Int>, of plan: SeedPlan, _ library: SeedLibrary, _ athletes: inout [SeedAthlete?]
    ) throws -> (WorkoutRows, SideRows) {
        var rows = WorkoutRows()
        var side = SideRows()
        for number in range {
            let slot = plan.slots[number]
            guard let athlete = athletes[slot.user] else { continue }
            var random = SeedRandom(seed ^ 0x11F7_ED, part: number)
            // Every twelfth follows a program for good.
            let program = slot.user % 12 == 0 ? random.pick(library.programDays) : nil
            let routine = ["Push", "Pull", "Legs", "Upper body", "Lower body", "Full body"]
            let name = program?.name ?? routine[(slot.user + athlete.sessions % athlete.days.count) % routine.count]
            let workout = try SeedWorkout(slot, of: athlete, named: name, random)
            athletes[slot.user]?.finish(workout.state)
            rows.add(workout)
            if let program { try side.plan(workout, from: program) }
        }
        return (rows, side)
    }

    private func acquaint(_ ids: [UserID], since: Timestamp) async throws {
        let rows = AcquaintanceRows(ids, since: since, until: now, seed: seed)
        try await pool.transaction { try rows.copy(on: $0) }
        say("\(rows.friendships.rowCount) friendships")
    }

    private func side(_ athletes: [SeedAthlete?], _ plan: SeedPlan) async throws {
        var firsts = [Timestamp?](repeating: nil, count: size.users)
        for slot in plan.slots where firsts[slot.user] == nil { firsts[slot.user] = slot.startsAt }
        // Few ratings at a time: each changes its exercise's row.
        for start in stride(from: 0, to: athletes.count, by: 5000) {
            var side = SideRows()
            for athlete in athletes[start..<min(start + 5000, athletes.count)].compactMap(\.self) {
                var random = SeedRandom(seed ^ 0x5_1DE5, part: athlete.index)
                let isHeaviest = athlete.index == 0
                if isHeaviest || random.isTrue(0.25), let first = firsts[athlete.index] {
                    side.measure(athlete, from: first, &random)
                }
                if isHeaviest || random.isTrue(0.05) {
                    side.aim(athlete, count: isHeaviest ? 12 : Int.random(in: 1...3, using: &random), at: now, &random)
                }
                if random.isTrue(0.3) { side.rate(athlete, at: now, &random) }
            }
            let written = side
            try await pool.transaction { try written.copy(on: $0) }
        }
        say("measurements, goals, ratings")
    }

    /// Brings counts and statistics up to date.
    private func finish() async throws {
        try await pool.execute(
            """
            update templates t set uses = p.uses
            from (select template_id, count(*) as uses from workout_plans group by 1) p where p.template_id = t.id
            """)
        let tables = try await pool.query(
            "select quote_ident(relname) from pg_stat_user_tables where n_live_tup > 0 order by relname",
            as: String.self)
        for table in tables {
            // The visibility map lets index-only scans pass by the tables.
            try await pool.with { try $0.script("vacuum (analyze) \(table)") }
        }
        say("vacuumed and analyzed")
        // What goals have reached is told as a running server would have told it.
        say("goals of \(try await GoalSettling.settleAll(on: pool, at: now)) athletes settled")
    }

    /// The heaviest first; the others as likely as they train.
    private func choose(_ count: Int, _ plan: SeedPlan) -> [Account] {
        var random = SeedRandom(seed, part: -3)
        var chosen = [0]
        var known: Set<Int> = [0]
        while chosen.count < min(count, plan.workouts.count { $0 > 0 } / 2) {
            let user = plan.slots[Int.random(in: 0..<plan.slots.count, using: &random)].user
            if known.insert(user).inserted { chosen.append(user) }
        }
        return chosen.map { Account(index: $0, workouts: plan.workouts[$0]) }
    }
}
