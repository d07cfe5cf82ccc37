import Protocol
import Store

extension Users {
    private static let preferences = UserAspect<Preferences>(
        columns: """
            unit, notifications_muted, notifications_mailed, quiet_from, quiet_to, reminders_on, reminder_minute,
            reminder_days, profile_audience, workouts_audience, live_audience, heart_rate_audience, boards_audience,
            shares_achievements, achievements_audience, is_discoverable
            """,
        read: { row throws(StoreError) in
            let unit = try row.next(UnitPreference.self)
            let (muted, mailed) = (Set(try row.next([String].self)), Set(try row.next([String].self)))
            let (from, to) = (try row.next(Int?.self), try row.next(Int?.self))
            let (isOn, minute, days) = (
                try row.next(Bool.self), try row.next(Int.self), try row.next([String].self)
            )
            let privacy = Privacy(
                profile: try row.next(), workouts: try row.next(), live: try row.next(), heartRate: try row.next(),
                boards: try row.next(),
                achievements: Privacy.Achievements(isShared: try row.next(), audience: try row.next()),
                isDiscoverable: try row.next())
            let preferences = Preferences(
                unit: unit,
                notifications: Dictionary(
                    uniqueKeysWithValues: NotificationKind.allCases.map(\.rawValue).map { kind in
                        (kind, NotificationChannels(inApp: !muted.contains(kind), email: mailed.contains(kind)))
                    }),
                quietHours: try from.flatMap { from throws(StoreError) in
                    try to.map { to throws(StoreError) in
                        QuietHours(from: try time(from), to: try time(to))
                    }
                },
                reminders: Reminders(
                    isOn: isOn, at: try time(minute), days: days.compactMap { Weekday(rawValue: $0) }),
                privacy: privacy)
            return (preferences, try row.next())
        },
        assignments: { preferences in
            let privacy = preferences.privacy
            return """
                unit = \(preferences.unit), notifications_muted = \(preferences.kinds { !$0.inApp }),
                notifications_mailed = \(preferences.kinds(where: \.email)),
                quiet_from = \(preferences.quietHours?.from.minutes as Int?),
                quiet_to = \(preferences.quietHours?.to.minutes as Int?), reminders_on = \(preferences.reminders.isOn),
                reminder_minute = \(preferences.reminders.at.minutes),
                reminder_days = \(preferences.reminders.days.map(\.rawValue)),
                profile_audience = \(privacy.profile), workouts_audience = \(privacy.workouts),
                live_audience = \(privacy.live), heart_rate_audience = \(privacy.heartRate),
                boards_audience = \(privacy.boards), shares_achievements = \(privacy.achievements.isShared),
                achievements_audience = \(privacy.achievements.audience), is_discoverable = \(privacy.isDiscoverable)
                """
        })

    /// Preferences with the version their entity tag is made of.
    func preferences(of user: UserID) async throws -> (Preferences, version: Int) {
        try await read(Self.preferences, of: user)
    }

    /// Changes preferences; `check` sees the version before and may throw.
    func changePreferences(
        of identity: Identity, _ change: PreferencesChange, check: @Sendable (_ version: Int) throws -> Void
    ) async throws -> (Preferences, version: Int) {
        try await self.change(Self.preferences, of: identity, check: check, by: change.applied(to:))
    }

    private static func time(_ minutes: Int) throws(StoreError) -> LocalTime {
        guard let time = LocalTime(minutes: minutes) else { throw .decoding("\(minutes) is no minute of a day") }
        return time
    }

    /// What live and the workouts' routes ask of a user's consent; closed for a user that does not exist.
    package func privacy(of user: UserID) async throws -> Privacy {
        let row = try await pool.first(
            """
            select workouts_audience, live_audience, heart_rate_audience from users
            where id = \(user) and status = 'active'
            """, as: (Audience, Audience, Protocol.HeartRateAudience).self)
        return row.map { Privacy(workouts: $0, live: $1, heartRate: $2) } ?? .closed
    }

    /// Who may watch each of these users; those without an active account are left out.
    func livePreferences(of users: [UserID]) async throws -> [UserID: Audience] {
        let rows = try await pool.query(
            "select id, live_audience from users where id = any(\(users)::uuid[]) and status = 'active'",
            as: (UserID, Audience).self)
        return Dictionary(uniqueKeysWithValues: rows.map { ($0, $1) })
    }

    /// Who may speak on a live connection, with their privacy; nil without an active account.
    func speaker(_ user: UserID) async throws -> (member: Member, privacy: Privacy)? {
        let row = try await pool.first(
            """
            select display_name, workouts_audience, live_audience, heart_rate_audience from users
            where id = \(user) and status = 'active'
            """, as: (String, Audience, Audience, Protocol.HeartRateAudience).self)
        return row.map {
            (Member(userId: user, name: $0), Privacy(workouts: $1, live: $2, heartRate: $3))
        }
    }
}

extension Preferences {
    /// The names of the kinds whose channels fit, in the order of their declaration.
    fileprivate func kinds(where fits: (NotificationChannels) -> Bool) -> [String] {
        NotificationKind.allCases.map(\.rawValue).filter { notifications[$0].map(fits) ?? false }
    }
}
