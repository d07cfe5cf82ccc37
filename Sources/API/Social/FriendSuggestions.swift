import Protocol
import Store

/// Proposes people to befriend, each with its reasons: friends of friends, the same gym, the same exercises.
///
/// Never proposed are oneself, friends, users a request is pending with or was declined, either side of a block, who is
/// not active or not discoverable. A gym counts only where the profile, exercises only where the workouts are shown to
/// everyone.
struct FriendSuggestions: Sendable {
    /// Exercises trained most in so many days are compared.
    static let days = 90
    static let exercisesCompared = 10
    /// Below it exercises in common say nothing: half the world bench-presses.
    static let leastInCommon = 3
    /// Of each source so many candidates are looked at.
    private static let candidates = 200
    /// Of one's own friends, and of the friends of each, so many are looked at.
    private static let friendsLookedAt = 500

    let pool: PostgresPool
    let use: WorkoutUse
    let now: @Sendable () -> Timestamp

    private struct Candidate: Sendable {
        let card: UserCard
        let mutualFriends: Int
        let gym: String?
        let showsWorkouts: Bool
    }

    func suggestions(for user: UserID, limit: Int) async throws -> [FriendSuggestion] {
        let own = try await use.own(of: user, recentSince: now() - .seconds(86_400 * Self.days))
        let trained = own.filter { $0.recentSets > 0 }.sorted {
            ($1.recentSets, $0.exercise) < ($0.recentSets, $1.exercise)
        }
        .prefix(Self.exercisesCompared).map(\.exercise)
        let company =
            trained.count < Self.leastInCommon
            ? []
            : try await use.company(
                training: trained, besides: user, atLeast: Self.leastInCommon, limit: Self.candidates)
        let common = Dictionary(uniqueKeysWithValues: company.map { ($0.athlete, $0.exercises) })
        let suggestions = try await candidates(for: user, alsoOf: company.map(\.athlete)).compactMap { candidate in
            let exercises = candidate.showsWorkouts ? common[candidate.card.id] ?? 0 : 0
            return Self.suggestion(candidate, exercisesInCommon: exercises)
        }
        return Array(suggestions.sorted { Self.rank($0) < Self.rank($1) }.prefix(limit))
    }

    private static func suggestion(_ candidate: Candidate, exercisesInCommon: Int) -> FriendSuggestion? {
        var reasons: [FriendSuggestion.Reason] = []
        if candidate.mutualFriends > 0 {
            let text =
                candidate.mutualFriends == 1 ? "1 friend in common" : "\(candidate.mutualFriends) friends in common"
            reasons.append(.init(kind: .mutualFriends, count: candidate.mutualFriends, text: text))
        }
        if let gym = candidate.gym { reasons.append(.init(kind: .sameGym, count: 1, text: "Trains at \(gym) too")) }
        if exercisesInCommon > 0 {
            let text = "Trains \(exercisesInCommon) of your most frequent exercises"
            reasons.append(.init(kind: .sameExercises, count: exercisesInCommon, text: text))
        }
        return reasons.isEmpty ? nil : FriendSuggestion(user: candidate.card, reasons: reasons)
    }

    /// A friend in common weighs as much as three exercises, a gym as much as two friends; then by id, so that the
    /// order stays.
    private static func rank(_ suggestion: FriendSuggestion) -> (Int, UserID) {
        let weight = suggestion.reasons.reduce(0) { sum, reason in
            switch reason.kind {
            case .mutualFriends: sum + 3 * reason.count
            case .sameGym: sum + 6
            case .sameExercises: sum + reason.count
            }
        }
        return (-weight, suggestion.user.id)
    }

    private func candidates(for user: UserID, alsoOf athletes: [UserID]) async throws -> [Candidate] {
        try await pool.rows(Self.statement(for: user, alsoOf: athletes)) { row throws(StoreError) in
            Candidate(
                card: UserCard(id: try row.next(), username: try row.next(), displayName: try row.next()),
                mutualFriends: try row.next(), gym: try row.next(), showsWorkouts: try row.next())
        }
    }

    /// Friends of friends, people of the same gym and `athletes`, as far as they may be proposed.
    static func statement(for user: UserID, alsoOf athletes: [UserID]) -> SQL {
        """
        with mine as materialized (
            select other from (
                select high as other from friendships where low = \(user) and state = 'friends'
                union all select low from friendships where high = \(user) and state = 'friends') as friends
            limit \(friendsLookedAt)),
        theirs as (
            select far.other, count(*) as mutual
            from mine cross join lateral (
                (select high as other from friendships where low = mine.other and state = 'friends'
                    limit \(friendsLookedAt))
                union all (select low from friendships where high = mine.other and state = 'friends'
                    limit \(friendsLookedAt))) as far
            group by far.other order by mutual desc, far.other limit \(candidates)),
        near as (
            select u.id from users me join users u on lower(u.gym) = lower(me.gym)
            where me.id = \(user) and u.profile_audience = 'public'
            order by u.id desc limit \(candidates)),
        candidates as (
            select other as id, mutual from theirs
            union all select id, 0 from near
            union all select id, 0 from unnest(\(athletes)) as other (id)),
        counted as (select id, max(mutual) as mutual from candidates group by id)
        select u.id, u.username, u.display_name, c.mutual,
            case when u.profile_audience = 'public' and lower(u.gym) = lower(me.gym) then u.gym end,
            u.workouts_audience = 'public'
        from counted c join users u on u.id = c.id cross join users me
        where me.id = \(user) and u.id <> \(user) and u.status = 'active' and u.is_discoverable
            and not exists (select from friendships f
                where f.low = least(u.id, \(user)) and f.high = greatest(u.id, \(user)))
            and not exists (select from blocks b where (b.blocker, b.blocked) in ((\(user), u.id), (u.id, \(user))))
        """
    }
}

/// How many suggestions.
struct SuggestionsQuery: RouteQuery {
    static let limitField = Field.optional("limit", .integer(1...50), "At most so many; 20 unless told.")
    static var parameters: [MemberSchema] { [limitField.schema] }
    let limit: Int

    init?(reading query: inout QueryReader) { limit = query.optional(Self.limitField) ?? 20 }
}
