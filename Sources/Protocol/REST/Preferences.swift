/// Who may see an athlete's heart rate; never more than who may watch.
public enum HeartRateAudience: String, Codable, Sendable, CaseIterable {
    case nobody, friends, `public`
}

/// A user's consent to what others may see; `public` is every signed-in user.
public struct Privacy: Codable, Hashable, Sendable {
    /// Who sees more of the profile than its names.
    public var profile: Audience
    /// Who may see workouts once they have ended; each workout may narrow it.
    public var workouts: Audience
    /// Who may watch workouts live.
    public var live: Audience
    /// Who of them gets the heart rate while it is measured.
    public var heartRate: HeartRateAudience
    /// On whose rankings the user stands: everyone's, friends' only, or nobody's.
    public var boards: Audience
    public var achievements: Achievements
    /// Whether search and suggestions show the user to others than friends.
    public var isDiscoverable: Bool

    public init(
        profile: Audience = .public, workouts: Audience = .friends, live: Audience = .friends,
        heartRate: HeartRateAudience = .nobody, boards: Audience = .public,
        achievements: Achievements = Achievements(), isDiscoverable: Bool = true
    ) {
        self.profile = profile
        self.workouts = workouts
        self.live = live
        self.heartRate = heartRate
        self.boards = boards
        self.achievements = achievements
        self.isDiscoverable = isDiscoverable
    }

    /// Nobody sees anything: what holds where consent cannot be read.
    public static let closed = Privacy(
        profile: .private, workouts: .private, live: .private, heartRate: .nobody, boards: .private,
        achievements: Achievements(isShared: false, audience: .private), isDiscoverable: false)

    /// Records, goals and badges.
    public struct Achievements: Codable, Hashable, Sendable {
        /// Whether they go to the feed by themselves.
        public var isShared: Bool
        public var audience: Audience

        public init(isShared: Bool = true, audience: Audience = .friends) {
            self.isShared = isShared
            self.audience = audience
        }
    }
}

/// What a user is told about.
public enum NotificationKind: String, Codable, Sendable, CaseIterable {
    case friendRequest, friendAccepted, like, comment, record, goalMilestone, badge
    case challengeInvite, challengeStart, challengeEnd, rankChange, reminder, moderation, reportReady
}

/// Where a user is told about one kind of thing.
public struct NotificationChannels: Codable, Hashable, Sendable {
    public var inApp: Bool
    public var email: Bool

    public init(inApp: Bool, email: Bool) {
        self.inApp = inApp
        self.email = email
    }
}

/// From when to when nothing is to disturb, in the user's own time zone; over midnight where `to` comes first.
public struct QuietHours: Codable, Hashable, Sendable {
    public var from: LocalTime
    public var to: LocalTime

    public init(from: LocalTime, to: LocalTime) {
        self.from = from
        self.to = to
    }
}

/// A reminder to train on certain days of the week, at a time in the user's own zone.
public struct Reminders: Codable, Hashable, Sendable {
    public var isOn: Bool
    public var at: LocalTime
    public var days: [Weekday]

    public init(isOn: Bool, at: LocalTime, days: [Weekday]) {
        self.isOn = isOn
        self.at = at
        self.days = days
    }
}

public enum Weekday: String, Codable, Sendable, CaseIterable {
    case monday, tuesday, wednesday, thursday, friday, saturday, sunday
}

/// `GET`, `PUT /v1/users/preferences`
public struct Preferences: Hashable, Sendable {
    /// The same as the profile's.
    public var unit: UnitPreference
    /// By the names of `NotificationKind`; every kind is there.
    public var notifications: [String: NotificationChannels]
    public var quietHours: QuietHours?
    public var reminders: Reminders
    public var privacy: Privacy

    public init(
        unit: UnitPreference, notifications: [String: NotificationChannels], quietHours: QuietHours?,
        reminders: Reminders, privacy: Privacy
    ) {
        self.unit = unit
        self.notifications = notifications
        self.quietHours = quietHours
        self.reminders = reminders
        self.privacy = privacy
    }
}

extension Preferences: Codable {
    private enum CodingKeys: String, CodingKey { case unit, notifications, quietHours, reminders, privacy }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(unit, forKey: .unit)
        try container.encode(notifications, forKey: .notifications)
        try container.encode(quietHours, forKey: .quietHours)
        try container.encode(reminders, forKey: .reminders)
        try container.encode(privacy, forKey: .privacy)
    }
}
