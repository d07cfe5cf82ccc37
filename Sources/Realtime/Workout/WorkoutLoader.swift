import Logging
import Protocol
import Store

/// Reads workouts and their stored events.
package struct WorkoutLoader: Sendable {
    /// Workouts that an athlete may have, planned, deleted and never begun ones among them: two a day for 27 years.
    package static let mostWorkouts = 20_000
    /// More than are opened at once, which count apart from each other.
    private static let margin = 1000

    private(set) var source: HistorySource
    private let lookingSource: HistorySource
    let people: People
    let ringLimit: Int
    let ages: BaselineAges
    let logger: Logger

    /// - Parameters:
    ///   - source: of live's own: what opens rooms never stands behind slow requests.
    ///   - lookingSource: shared with REST, for reading what no room is needed for.
    init(
        source: HistorySource, lookingSource: HistorySource, people: People, ringLimit: Int, ages: BaselineAges,
        logger: Logger
    ) {
        self.source = source
        self.lookingSource = lookingSource
        self.people = people
        self.ringLimit = ringLimit
        self.ages = ages
        self.logger = logger
    }

    var pool: PostgresPool { source.pool }

    /// The same, on the connections that REST has.
    var looking: WorkoutLoader {
        var other = self
        other.source = lookingSource
        return other
    }

    private struct Head {
        let epoch: Int64
        let athlete: UserID
        let isClosed: Bool
    }

    /// Raises the workout's epoch and reads it; what was acknowledged under an older epoch and is not stored is gone.
    ///
    /// - Parameter creator: makes the workout if there is none; a workout of somebody else is as good as missing.
    /// - Throws: `noSuchRoom`, `limitReached` for one more than an athlete may have, or `unavailable` while Postgres is away.
    func open(_ id: WorkoutID, creator: UserID?) async throws(Refusal) -> LoadedWorkout {
        try await reading(id) { () async throws in
            guard let head = try await raiseEpoch(id, creator: creator) else {
                throw try await isFull(creator) ? Unopened.full : .missing
            }
            return try await load(id, head)
        }
    }

    /// Reads a workout that is over as it lies, without becoming its owner: for looking only.
    ///
    /// Its records are right for the exercises in it; other bests are left out.
    /// - Returns: nil for one that runs, is planned, deleted or missing.
    /// - Throws: `unavailable` while Postgres is away.
    func finished(_ id: WorkoutID) async throws(Refusal) -> LoadedWorkout? {
        try await reading(id) { () async throws in
            let row = try await pool.first(
                """
                select epoch, user_id, is_closed from workouts
                where id = \(id) and status in ('completed', 'abandoned')
                """, as: (Int64, UUIDv7, Bool).self)
            guard let row else { return nil }
            return try await load(id, Head(epoch: row.0, athlete: row.1, isClosed: row.2), isWhole: false)
        }
    }

    /// - Parameter isWhole: whether the bests of all exercises are needed, since more may come.
    private func load(_ id: WorkoutID, _ head: Head, isWhole: Bool = true) async throws -> LoadedWorkout {
        var history = RoomHistory(epoch: head.epoch, ringLimit: ringLimit, base: try await base(of: id))
        let memory = ReadingMemory(source.memory)
        var last: Int64 = 0
        while true {
            let page = try await events(of: id, after: last, limit: HistorySource.pageEvents)
            for stored in page { history.restore(stored) }
            memory.count(history.bytes + HistorySource.bytes(of: page.reduce(0) { $0 + $1.json.count }))
            guard let seq = page.last?.event.seq else { break }
            last = seq
        }
        guard let athlete = try await people.member(head.athlete) else { throw Unopened.missing }
        return LoadedWorkout(
            id: id, athlete: athlete, history: history,
            baseline: try await isWhole
                ? baseline(of: head.athlete, except: id)
                : bests(of: head.athlete, except: id, only: Array(Set(history.state.entries.compactMap(\.exerciseId)))),
            bodyWeightGrams: try await people.bodyWeightGrams(head.athlete),
            privacy: try await people.privacy(head.athlete), isClosed: head.isClosed,
            removedWatchers: try await watchers("workout_removed_watchers", of: id),
            mutedWatchers: try await watchers("workout_muted_watchers", of: id),
            rejected: try await isWhole ? rejectedOps(of: id) : [], memory: memory)
    }

    /// Only what Postgres refused has an epoch: ops of a spill that their workout refused may come again and be valid.
    private func rejectedOps(of id: WorkoutID) async throws -> Set<OpID> {
        Set(
            try await pool.query(
                """
                select op_id from dead_letters
                where workout_id = \(id) and resolved_at is null and op_id is not null and epoch is not null
                """, as: UUIDv7.self))
    }

    private func watchers(_ table: SQL, of id: WorkoutID) async throws -> Set<UserID> {
        Set(try await pool.query("select user_id from \(table) where workout_id = \(id)", as: UUIDv7.self))
    }

    /// Whether nobody but the athlete may watch, as it is stored.
    func isClosed(_ id: WorkoutID) async throws -> Bool {
        try await pool.first("select is_closed from workouts where id = \(id)", as: Bool.self) ?? false
    }

    /// The workouts that run, by athlete, as they are stored.
    func running() async throws -> [UserID: [WorkoutID: RunningWorkout]] {
        let rows = try await pool.query(
            """
            select w.user_id, w.id, w.visibility, w.is_closed,
                array(select r.user_id from workout_removed_watchers r where r.workout_id = w.id)
            from workouts w where w.status in ('active', 'paused')
            """, as: (UUIDv7, UUIDv7, String?, Bool, [UUIDv7]).self)
        var running: [UserID: [WorkoutID: RunningWorkout]] = [:]
        for (athlete, workout, visibility, isClosed, removed) in rows {
            let audience = isClosed ? .private : visibility.flatMap(Audience.init) ?? .public
            running[athlete, default: [:]][workout] = RunningWorkout(
                audience: audience, removedWatchers: Set(removed))
        }
        return running
    }

    /// Why there is no room.
    private enum Unopened: Error {
        /// There is no such workout, or its athlete is gone.
        case missing
        /// Its athlete has as many as there may be.
        case full

        var refusal: Refusal {
            switch self {
            case .missing: Refusal(.noSuchRoom, "there is no such room")
            case .full: Refusal(.limitReached, "at most \(WorkoutLoader.mostWorkouts) workouts")
            }
        }
    }

    /// A stored event or state that can't be read.
    private struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads a history when its turn comes; storage that is away becomes a refusal that may be tried again.
    private func reading<Value>(
        _ id: WorkoutID, _ read: () async throws -> Value
    ) async throws(Refusal) -> Value {
        do {
            return try await source.gate.pass(read)
        } catch let unopened as Unopened {
            throw unopened.refusal
        } catch {
            // Also what is stored and can't be read (damaged, or of a newer version): it is no fault of the athlete's ops.
            logger.warning("a workout could not be read", metadata: ["workout.id": "\(id)", "error": "\(error)"])
            throw Refusal(.unavailable, "storage is away", retryAfterMilliseconds: 1000)
        }
    }

    private func raiseEpoch(_ id: WorkoutID, creator: UserID?) async throws -> Head? {
        let row =
            if let creator {
                try await open(id, creator: creator)
            } else {
                try await pool.first(
                    """
                    update workouts set epoch = epoch + 1 where id = \(id) and status <> 'new'
                    returning epoch, user_id, is_closed
                    """, as: (Int64, UUIDv7, Bool).self)
            }
        return row.map { Head(epoch: $0.0, athlete: $0.1, isClosed: $0.2) }
    }

    private func open(_ id: WorkoutID, creator: UserID) async throws -> (Int64, UUIDv7, Bool)? {
        // The conditions keep a stranger who guesses an id from raising the epoch of another's room, and an athlete who is
        // gone from being waited for.
        @Sendable func statement(leaving margin: Int) -> SQL {
            """
            insert into workouts (id, user_id) select \(id), id from users where id = \(creator)
                and (exists (select from workouts where id = \(id)) or not \(Self.isFull(creator, leaving: margin)))
            on conflict (id) do update set epoch = workouts.epoch + 1 where workouts.user_id = \(creator)
            returning epoch, user_id, is_closed
            """
        }
        // Far from the bound many at once cannot pass it; near it they count one after the other.
        let quick = try await pool.first(statement(leaving: Self.margin), as: (Int64, UUIDv7, Bool).self)
        if let quick { return quick }
        guard try await isFull(creator, leaving: Self.margin) else { return nil }
        return try await pool.transaction { connection in
            try connection.execute("select from users where id = \(creator) for no key update")
            return try connection.first(statement(leaving: 0), as: (Int64, UUIDv7, Bool).self)
        }
    }

    /// How many more workouts an athlete may have.
    func workoutsLeft(of athlete: UserID) async throws -> Int {
        let count = try await pool.first(
            "select count(*) from (select from workouts where user_id = \(athlete) limit \(Self.mostWorkouts)) w",
            as: Int.self)
        return Self.mostWorkouts - (count ?? 0)
    }

    private func isFull(_ creator: UserID?, leaving margin: Int = 0) async throws -> Bool {
        guard let creator else { return false }
        return try await pool.first("select \(Self.isFull(creator, leaving: margin))", as: Bool.self) ?? false
    }

    /// Whether an athlete has as many workouts as there may be, but for so many; rows beyond are not counted.
    private static func isFull(_ athlete: UserID, leaving margin: Int) -> SQL {
        let most = mostWorkouts - margin
        return """
            (select count(*) >= \(most) from (select from workouts where user_id = \(athlete) limit \(most)) w)
            """
    }

    /// The state that the workout's history begins from; nil when it begins from nothing.
    private func base(of id: WorkoutID) async throws -> WorkoutState? {
        let json = try await pool.first(
            "select state::text from workout_bases where workout_id = \(id)", as: String.self)
        do { return try json.map { try WorkoutState(storedAs: $0) } } catch {
            throw Unreadable(description: "the state that its history begins from: \(error)")
        }
    }

    /// One page of stored events behind `seq`, in order: at most `limit`, and none behind the one that reaches `bytes`.
    func events(
        of id: WorkoutID, after seq: Int64, limit: Int, bytes: Int = HistorySource.pageBytes
    ) async throws -> [RoomHistory.StoredEvent] {
        let rows = try await pool.query(
            LoaderStatements.events(of: id, after: seq, limit: limit, bytes: bytes), as: (String, Int64).self)
        return try rows.map { body, fingerprint in
            let json = Array(body.utf8)
            let event: WorkoutEvent
            do { event = try WorkoutEvent(JSONReader.parse(json)) } catch {
                throw Unreadable(description: "the event \(body.prefix(60))…: \(error)")
            }
            return RoomHistory.StoredEvent(event: event, json: json, fingerprint: UInt64(bitPattern: fingerprint))
        }
    }

    /// The athlete's bests over all other workouts, for a room that goes on comparing with them.
    func baseline(of athlete: UserID, except id: WorkoutID) async throws -> RecordBaseline {
        ages.willRead(id, of: athlete)
        return try await bests(of: athlete, except: id, only: nil)
    }

    /// The athlete's bests over all other workouts, of all exercises or only some.
    private func bests(
        of athlete: UserID, except id: WorkoutID, only exercises: [ExerciseID]?
    ) async throws -> RecordBaseline {
        let rows = try await pool.query(
            LoaderStatements.bests(of: athlete, except: id, only: exercises), as: (UUIDv7, Int64, Int64).self)
        return RecordBaseline(
            bests: Dictionary(
                rows.map { ($0.0, .init(weightGrams: $0.1, estimatedOneRepMaxGrams: $0.2)) },
                uniquingKeysWith: { first, _ in first }))
    }
}

extension WorkoutState {
    /// Reads a stored state.
    init(storedAs text: String) throws { try self.init(JSONReader.parse(Array(text.utf8))) }
}
