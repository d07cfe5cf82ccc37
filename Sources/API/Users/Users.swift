import Protocol
import Store

/// The users' own rows: profiles, preferences, names.
package struct Users: Sendable {
    let pool: PostgresPool

    package init(pool: PostgresPool) { self.pool = pool }

    private static let profile = UserAspect<Profile>(
        columns: """
            id, username, display_name, email, verified_at is not null, bio, birth_date::text, sex, height_cm,
            experience, training_goals, gym, unit, time_zone, week_start, avatar_id, created_at
            """,
        read: { row throws(StoreError) in
            var profile = Profile(
                id: try row.next(), username: try row.next(), displayName: try row.next(), email: try row.next(),
                isVerified: try row.next(), bio: try row.next(), createdAt: Timestamp(milliseconds: 0))
            profile.birthDate = try row.next(String?.self).flatMap { CalendarDate($0) }
            profile.sex = try row.next()
            profile.heightCm = try row.next()
            profile.experience = try row.next()
            profile.trainingGoals = try row.next([String].self).compactMap { TrainingGoal(rawValue: $0) }
            profile.gym = try row.next()
            profile.unit = try row.next()
            profile.timeZone = try row.next()
            profile.weekStart = try row.next()
            profile.avatar = try row.next(UUIDv7?.self).map { Profile.Avatar($0) }
            profile.createdAt = try row.next()
            return (profile, try row.next())
        },
        assignments: { profile in
            """
            display_name = \(profile.displayName), bio = \(profile.bio),
            birth_date = \(profile.birthDate?.description as String?)::date, sex = \(profile.sex as Sex?),
            height_cm = \(profile.heightCm as Double?), experience = \(profile.experience as Experience?),
            training_goals = \(profile.trainingGoals.map(\.rawValue)), gym = \(profile.gym as String?),
            unit = \(profile.unit), time_zone = \(profile.timeZone), week_start = \(profile.weekStart)
            """
        })

    /// A profile with the version its entity tag is made of.
    func profile(of user: UserID) async throws -> (Profile, version: Int) {
        try await read(Self.profile, of: user)
    }

    /// Changes a profile; `check` sees the version before and may throw.
    func changeProfile(
        of identity: Identity, _ change: ProfileChange, check: @Sendable (_ version: Int) throws -> Void
    ) async throws -> (Profile, version: Int) {
        try await self.change(Self.profile, of: identity, check: check, by: change.applied(to:))
    }

    /// The display names of users; those that do not exist are left out.
    package func names(of users: [UserID]) async throws -> [UserID: String] {
        let rows = try await pool.query(
            "select id, display_name from users where id = any(\(users))", as: (UserID, String).self)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0, $1) })
    }

    /// What others may see of a user: the names alone outside of the profile's audience; nil for one that does not exist.
    func publicProfile(of user: UserID, relation: PublicProfile.Relation) async throws -> PublicProfile? {
        try await pool.first(
            """
            select id, username, display_name, profile_audience, bio, experience, training_goals, gym,
                avatar_id, created_at
            from users where id = \(user) and status = 'active'
            """
        ) { row throws(StoreError) in
            var profile = PublicProfile(
                id: try row.next(), username: try row.next(), displayName: try row.next(), relation: relation)
            guard try row.next(Audience.self).includes(relation) else { return profile }
            profile.isRestricted = false
            profile.bio = try row.next()
            profile.experience = try row.next()
            profile.trainingGoals = try row.next([String].self).compactMap { TrainingGoal(rawValue: $0) }
            profile.gym = try row.next()
            profile.avatar = try row.next(UUIDv7?.self).map { Profile.Avatar($0) }
            profile.createdAt = try row.next()
            return profile
        }
    }
}

extension Audience {
    /// Whether a viewer of this relation is within the audience; those who do not know each other are not asked about.
    func includes(_ relation: PublicProfile.Relation) -> Bool {
        switch relation {
        case .oneself: true
        case .friend: self != .private
        case .requestSent, .requestReceived, .stranger: self == .public
        }
    }
}
