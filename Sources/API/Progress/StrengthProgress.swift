import Protocol

/// Strength over time, from sets as they stand now.
struct StrengthProgress: Sendable {
    let history: TrainingHistory
    let exercises: Exercises
    let users: Users
    let body: BodyMeasurements

    /// The library's exercises that count as a competition lift.
    private static let scored: [(lift: ScoredLift, exercises: [ExerciseID])] = [
        (.squat, ids("Barbell_Squat", "Barbell_Full_Squat", "Wide_Stance_Barbell_Squat")),
        (
            .benchPress,
            ids("Barbell_Bench_Press_-_Medium_Grip", "Bench_Press_-_Powerlifting", "Wide-Grip_Barbell_Bench_Press")
        ),
        (.deadlift, ids("Barbell_Deadlift", "Sumo_Deadlift")),
    ]

    private static func ids(_ slugs: String...) -> [ExerciseID] { slugs.map { ExerciseSeed.id(of: $0) } }

    /// Each exercise's bests, the last trained first, and the scores.
    func page(of user: UserID, _ page: PageRequest, at now: Timestamp) async throws -> StrengthPage {
        let profile = try await users.trainingProfile(of: user, at: now)
        let (trained, facts) = try await trained(by: user, page, only: nil)
        let ids = Set(trained.map(\.id)).union(Self.scored.flatMap(\.exercises))
        let sets = Dictionary(
            grouping: try await history.bests(of: user, exercises: ids.sorted(), zone: profile.timeZone), by: \.exercise
        )
        let rows = page.page(of: trained, cursor: Self.cursor) { exercise in
            let reckoning = StrengthReckoning(sets: sets[exercise.id] ?? [])
            return ExerciseStrength(
                exerciseId: exercise.id, name: facts[exercise.id]?.name ?? "", workingSets: exercise.workingSets,
                lastTrainedAt: exercise.lastAt, heaviest: reckoning.heaviest, strongest: reckoning.strongest)
        }
        return StrengthPage(
            items: rows.items, nextCursor: rows.nextCursor, scores: try await scores(of: user, profile, from: sets))
    }

    /// Each exercise's records, the last trained first.
    func records(
        of user: UserID, _ query: RecordQuery, at now: Timestamp
    ) async throws -> Page<ExerciseRecords> {
        let profile = try await users.trainingProfile(of: user, at: now)
        let (trained, facts) = try await trained(by: user, query.page, only: query.exercise)
        let candidates = try await history.recordCandidates(
            of: user, exercises: trained.prefix(query.page.limit).map(\.id), zone: profile.timeZone)
        let sets = Dictionary(grouping: candidates, by: \.exercise)
        return query.page.page(of: trained, cursor: Self.cursor) { exercise in
            ExerciseRecords(
                exerciseId: exercise.id, name: facts[exercise.id]?.name ?? "", lastTrainedAt: exercise.lastAt,
                records: StrengthReckoning(sets: sets[exercise.id] ?? []).records)
        }
    }

    /// One exercise over time; `notFound` for one that the user may not know of.
    func exercise(
        _ id: ExerciseID, of user: UserID, _ window: DateWindow, at now: Timestamp
    ) async throws -> ExerciseProgress {
        guard let facts = try await exercises.facts(of: [id], for: user)[id] else { throw Problem(.notFound) }
        let profile = try await users.trainingProfile(of: user, at: now)
        let all = StrengthReckoning(
            sets: try await history.workingSets(of: user, exercises: [id], zone: profile.timeZone))
        let sessions = all.sessions.filter { window.contains($0.date) }
        let points = sessions.compactMap { session in
            session.strongest.map {
                TrendPoint(day: Double(session.date.daysSinceEpoch), value: $0.estimates.epleyKg)
            }
        }
        return ExerciseProgress(
            exerciseId: id, name: facts.name, sessions: sessions, repRecords: all.repRecords,
            trend: TrendReckoning(points).report)
    }

    /// Records that were set since a time, the latest first.
    func recentRecords(
        of user: UserID, since: Timestamp, limit: Int, _ profile: TrainingProfile
    ) async throws -> [RecentRecord] {
        let trained = try await history.exercises(of: user, since: since, limit: 100)
        let ids = trained.map(\.id)
        let facts = try await exercises.facts(of: ids, for: user)
        let sets = try await history.recordCandidates(of: user, exercises: ids, zone: profile.timeZone)
        let recent = Dictionary(grouping: sets, by: \.exercise).flatMap { id, sets in
            StrengthReckoning(sets: sets).records.filter { $0.achievedAt >= since }.map {
                RecentRecord(exerciseId: id, name: facts[id]?.name ?? "", record: $0)
            }
        }
        let latest = recent.sorted { left, right in
            if left.record.achievedAt != right.record.achievedAt {
                return left.record.achievedAt > right.record.achievedAt
            }
            return (left.exerciseId, left.record.kind.rawValue) < (right.exerciseId, right.record.kind.rawValue)
        }
        return Array(latest.prefix(limit))
    }

    /// Scores from the best estimated 1RMs of the three lifts, or what is missing for them.
    func scores(of user: UserID, _ profile: TrainingProfile) async throws -> StrengthScores {
        let sets = try await history.bests(
            of: user, exercises: Self.scored.flatMap(\.exercises), zone: profile.timeZone)
        return try await scores(of: user, profile, from: Dictionary(grouping: sets, by: \.exercise))
    }

    private func scores(
        of user: UserID, _ profile: TrainingProfile, from sets: [ExerciseID: [TrainedSet]]
    ) async throws -> StrengthScores {
        let bodyWeight = try await body.latest(.weightKg, of: user)
        var lifts: [ScoredSet] = []
        var missing: [ScoreGap] = []
        for (lift, exercises) in Self.scored {
            let candidates = exercises.flatMap { sets[$0] ?? [] }.sorted { ($0.loggedAt, $0.id) < ($1.loggedAt, $1.id) }
            guard let best = StrengthReckoning.best(of: candidates, by: StrengthReckoning.recordEstimate) else {
                missing.append(ScoreGap(lift))
                continue
            }
            lifts.append(
                ScoredSet(
                    lift: lift, exerciseId: best.set.exercise, setId: best.set.id, workoutId: best.set.workout,
                    estimatedOneRepMaxKg: Double(best.value) / 1000))
        }
        if bodyWeight == nil { missing.append(.bodyWeight) }
        if profile.sex == nil { missing.append(.sex) }
        var scores = StrengthScores(
            lifts: lifts, totalKg: nil, bodyWeightKg: bodyWeight, sex: profile.sex, dots: nil, wilks: nil, ipfGl: nil,
            missing: missing)
        guard lifts.count == Self.scored.count else { return scores }
        let total = lifts.reduce(0) { $0 + $1.estimatedOneRepMaxKg }
        scores.totalKg = total
        guard let bodyWeight, let sex = profile.sex else { return scores }
        scores.dots = StrengthScore.dots(totalKg: total, bodyWeightKg: bodyWeight, sex: sex)
        scores.wilks = StrengthScore.wilks(totalKg: total, bodyWeightKg: bodyWeight, sex: sex)
        scores.ipfGl = StrengthScore.ipfGL(totalKg: total, bodyWeightKg: bodyWeight, sex: sex)
        return scores
    }

    private func trained(
        by user: UserID, _ page: PageRequest, only: ExerciseID?
    ) async throws -> ([TrainedExercise], [ExerciseID: ExerciseFacts]) {
        let after = try page.after.map { (at: try $0.time(0), id: try $0.id(1)) }
        let trained = try await history.exercises(of: user, after: after, only: only, limit: page.rowsToRead)
        return (trained, try await exercises.facts(of: trained.prefix(page.limit).map(\.id), for: user))
    }

    private static func cursor(_ exercise: TrainedExercise) -> Cursor {
        Cursor(after: exercise.lastAt.rfc3339, exercise.id.description)
    }
}

extension ScoreGap {
    fileprivate init(_ lift: ScoredLift) {
        self =
            switch lift {
            case .squat: .squat
            case .benchPress: .benchPress
            case .deadlift: .deadlift
            }
    }
}
