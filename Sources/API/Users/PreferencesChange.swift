import Protocol

/// `PUT /v1/users/preferences`: members that are left out keep their value.
struct PreferencesChange: BodyInput, RouteBody {
    static let unitField = Field.optional("unit", ValueRule<UnitPreference>.choice, "What pages and reports show.")
    static let notificationsField = Field.optional(
        "notifications", .object(NotificationsChange.self), "What to tell, and where.")
    static let quietHoursField = Field.optional(
        "quietHours", .object(QuietHours.self), "When nothing is to disturb, in local time.")
    static let remindersField = Field.optional("reminders", .object(RemindersChange.self), "To train.")
    static let privacyField = Field.optional("privacy", .object(PrivacyChange.self), "Who may see what.")
    static var members: [MemberSchema] {
        [
            unitField.schema, notificationsField.schema, quietHoursField.schema, remindersField.schema,
            privacyField.schema,
        ]
    }

    private let unit: UnitPreference?
    private let notifications: NotificationsChange?
    private let quietHours: Change<QuietHours>
    private let reminders: RemindersChange?
    private let privacy: PrivacyChange?

    init?(reading body: inout BodyReader) {
        unit = body.replacement(Self.unitField)
        notifications = body.replacement(Self.notificationsField)
        quietHours = body.change(Self.quietHoursField)
        reminders = body.replacement(Self.remindersField)
        privacy = body.replacement(Self.privacyField)
    }

    /// The preferences as they are after the change.
    func applied(to preferences: Preferences) -> Preferences {
        var preferences = preferences
        preferences.unit = unit ?? preferences.unit
        notifications?.apply(to: &preferences.notifications)
        preferences.quietHours = quietHours.applied(to: preferences.quietHours)
        reminders?.apply(to: &preferences.reminders)
        privacy?.apply(to: &preferences.privacy)
        return preferences
    }
}

/// Channels by kind of notification; kinds that are left out keep theirs.
struct NotificationsChange: BodyInput {
    static let fields = NotificationKind.allCases.map { kind in
        Field.optional(kind.rawValue, .object(ChannelsChange.self), "Where this is told.")
    }
    static var members: [MemberSchema] { fields.map(\.schema) }
    private var changes: [(kind: String, change: ChannelsChange)] = []

    init?(reading body: inout BodyReader) {
        for field in Self.fields {
            if let change = body.replacement(field) { changes.append((field.name, change)) }
        }
    }

    func apply(to notifications: inout [String: NotificationChannels]) {
        for (kind, change) in changes {
            guard let before = notifications[kind] else { continue }
            notifications[kind] = NotificationChannels(
                inApp: change.inApp ?? before.inApp, email: change.email ?? before.email)
        }
    }
}

struct ChannelsChange: BodyInput {
    static let inAppField = Field.optional("inApp", ValueRule.flag, "In the list of notifications, pushed live.")
    static let emailField = Field.optional("email", ValueRule.flag, "By mail.")
    static var members: [MemberSchema] { [inAppField.schema, emailField.schema] }
    let inApp: Bool?
    let email: Bool?

    init?(reading body: inout BodyReader) {
        inApp = body.replacement(Self.inAppField)
        email = body.replacement(Self.emailField)
    }
}

extension QuietHours: BodyInput {
    static let fromField = Field("from", .timeOfDay, "HH:MM, local.")
    static let toField = Field("to", .timeOfDay, "HH:MM, local; on the next day where it is earlier.")
    package static var members: [MemberSchema] { [fromField.schema, toField.schema] }

    package init?(reading body: inout BodyReader) {
        let from = body.required(Self.fromField)
        let to = body.required(Self.toField)
        guard let from, let to else { return nil }
        guard from != to else {
            body.fault("to", .inconsistent, "Must differ from the beginning; null ends quiet hours.")
            return nil
        }
        self.init(from: from, to: to)
    }
}

struct RemindersChange: BodyInput {
    static let isOnField = Field.optional("isOn", ValueRule.flag, "Whether to remind.")
    static let atField = Field.optional("at", .timeOfDay, "HH:MM, local.")
    static let daysField = Field.optional(
        "days", .list(of: ValueRule<Weekday>.choice, count: 1...7, distinct: true), "On which days.")
    static var members: [MemberSchema] { [isOnField.schema, atField.schema, daysField.schema] }
    private let isOn: Bool?
    private let at: LocalTime?
    private let days: [Weekday]?

    init?(reading body: inout BodyReader) {
        isOn = body.replacement(Self.isOnField)
        at = body.replacement(Self.atField)
        days = body.replacement(Self.daysField)
    }

    func apply(to reminders: inout Reminders) {
        reminders.isOn = isOn ?? reminders.isOn
        reminders.at = at ?? reminders.at
        // In the order of the week, whatever order they came in.
        reminders.days = days.map { days in Weekday.allCases.filter(days.contains) } ?? reminders.days
    }
}

struct PrivacyChange: BodyInput {
    static let profileField = Field.optional(
        "profile", ValueRule<Audience>.choice, "Who sees more of the profile than its names.")
    static let workoutsField = Field.optional(
        "workouts", ValueRule<Audience>.choice,
        "Who may see workouts that have ended. The tonnage of body-weight training tells them one's weight.")
    static let liveField = Field.optional(
        "live", ValueRule<Audience>.choice,
        "Who may watch workouts live. The tonnage of body-weight training tells them one's weight.")
    static let heartRateField = Field.optional(
        "heartRate", ValueRule<Protocol.HeartRateAudience>.choice, "Who of the watchers gets the heart rate.")
    static let boardsField = Field.optional(
        "boards", ValueRule<Audience>.choice, "On whose rankings one stands; private is on none.")
    static let achievementsField = Field.optional(
        "achievements", .object(AchievementsChange.self), "Records, goals and badges.")
    static let isDiscoverableField = Field.optional(
        "isDiscoverable", ValueRule.flag, "Whether search and suggestions show one to others than friends.")
    static var members: [MemberSchema] {
        [
            profileField.schema, workoutsField.schema, liveField.schema, heartRateField.schema, boardsField.schema,
            achievementsField.schema, isDiscoverableField.schema,
        ]
    }
    private let profile: Audience?
    private let workouts: Audience?
    private let live: Audience?
    private let heartRate: Protocol.HeartRateAudience?
    private let boards: Audience?
    private let achievements: AchievementsChange?
    private let isDiscoverable: Bool?

    init?(reading body: inout BodyReader) {
        profile = body.replacement(Self.profileField)
        workouts = body.replacement(Self.workoutsField)
        live = body.replacement(Self.liveField)
        heartRate = body.replacement(Self.heartRateField)
        boards = body.replacement(Self.boardsField)
        achievements = body.replacement(Self.achievementsField)
        isDiscoverable = body.replacement(Self.isDiscoverableField)
    }

    func apply(to privacy: inout Privacy) {
        privacy.profile = profile ?? privacy.profile
        privacy.workouts = workouts ?? privacy.workouts
        privacy.live = live ?? privacy.live
        privacy.heartRate = heartRate ?? privacy.heartRate
        privacy.boards = boards ?? privacy.boards
        privacy.achievements.isShared = achievements?.isShared ?? privacy.achievements.isShared
        privacy.achievements.audience = achievements?.audience ?? privacy.achievements.audience
        privacy.isDiscoverable = isDiscoverable ?? privacy.isDiscoverable
    }
}

struct AchievementsChange: BodyInput {
    static let isSharedField = Field.optional("isShared", ValueRule.flag, "Whether they go to the feed by themselves.")
    static let audienceField = Field.optional("audience", ValueRule<Audience>.choice, "Who sees them there.")
    static var members: [MemberSchema] { [isSharedField.schema, audienceField.schema] }
    let isShared: Bool?
    let audience: Audience?

    init?(reading body: inout BodyReader) {
        isShared = body.replacement(Self.isSharedField)
        audience = body.replacement(Self.audienceField)
    }
}

extension ValueRule where Value == LocalTime {
    /// A time of day, `HH:MM`.
    static var timeOfDay: ValueRule {
        ValueRule<String>.text(0...16)
            .map(
                as: .string(length: 5...5, format: nil, pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$"), .badFormat,
                "Must be a time of day, HH:MM."
            ) { LocalTime($0) }
    }
}
