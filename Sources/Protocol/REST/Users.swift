/// A calendar date without a time or zone; `2026-11-22` in JSON.
public struct CalendarDate: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    public let year: Int
    public let month: Int
    public let day: Int

    /// Reads `YYYY-MM-DD`; nil unless the date exists and lies in the years 0001…9999.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let digits = text.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (48...57).contains($0) }
        guard digits, parts.map(\.utf8.count) == [4, 2, 2], let year = Int(parts[0]), let month = Int(parts[1]),
            let day = Int(parts[2]), year >= 1, (1...12).contains(month),
            (1...Timestamp.days(in: month, of: year)).contains(day)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
    }

    /// The date that lies so many days after 1970-01-01.
    public init(daysSinceEpoch days: Int) { (year, month, day) = Timestamp.date(daysSinceEpoch: days) }

    public var daysSinceEpoch: Int { Timestamp.daysSinceEpoch(year: year, month: month, day: day) }

    public var description: String {
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        left.daysSinceEpoch < right.daysSinceEpoch
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let date = CalendarDate(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a date")
        }
        self = date
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Used for strength scores only; optional.
public enum Sex: String, Codable, Sendable, CaseIterable { case female, male }

public enum Experience: String, Codable, Sendable, CaseIterable { case beginner, intermediate, advanced, elite }

public enum TrainingGoal: String, Codable, Sendable, CaseIterable {
    case strength, hypertrophy, endurance, fatLoss, mobility, health, performance
}

/// What pages and reports show; the API always stores metric values.
public enum UnitPreference: String, Codable, Sendable, CaseIterable { case metric, imperial }

/// `GET /v1/users/profile`: the whole profile, for its owner.
public struct Profile: Sendable {
    public var id: UserID
    public var username: String
    public var displayName: String
    public var email: String
    public var isVerified: Bool
    public var bio: String
    public var birthDate: CalendarDate?
    public var sex: Sex?
    public var heightCm: Double?
    public var experience: Experience?
    public var trainingGoals: [TrainingGoal]
    public var gym: String?
    public var unit: UnitPreference
    /// An IANA name.
    public var timeZone: String
    /// The first day of the week in progress, streaks and reports.
    public var weekStart: WeekStart
    public var avatar: Avatar?
    public var createdAt: Timestamp

    public init(
        id: UserID, username: String, displayName: String, email: String, isVerified: Bool, bio: String = "",
        birthDate: CalendarDate? = nil, sex: Sex? = nil, heightCm: Double? = nil, experience: Experience? = nil,
        trainingGoals: [TrainingGoal] = [], gym: String? = nil, unit: UnitPreference = .metric,
        timeZone: String = "UTC", weekStart: WeekStart = .monday, avatar: Avatar? = nil, createdAt: Timestamp
    ) {
        self.id = id
        self.username = username
        self.displayName = displayName
        self.email = email
        self.isVerified = isVerified
        self.bio = bio
        self.birthDate = birthDate
        self.sex = sex
        self.heightCm = heightCm
        self.experience = experience
        self.trainingGoals = trainingGoals
        self.gym = gym
        self.unit = unit
        self.timeZone = timeZone
        self.weekStart = weekStart
        self.avatar = avatar
        self.createdAt = createdAt
    }

    /// Paths of the picture in its sizes, in pixels.
    public struct Avatar: Codable, Hashable, Sendable {
        public var small: String
        public var medium: String
        public var large: String

        public init(small: String, medium: String, large: String) {
            self.small = small
            self.medium = medium
            self.large = large
        }
    }
}

extension Profile: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, username, displayName, email, isVerified, bio, birthDate, sex, heightCm, experience, trainingGoals
        case gym, unit, timeZone, weekStart, avatar, createdAt
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(username, forKey: .username)
        try container.encode(displayName, forKey: .displayName)
        try container.encode(email, forKey: .email)
        try container.encode(isVerified, forKey: .isVerified)
        try container.encode(bio, forKey: .bio)
        try container.encode(birthDate, forKey: .birthDate)
        try container.encode(sex, forKey: .sex)
        try container.encode(heightCm, forKey: .heightCm)
        try container.encode(experience, forKey: .experience)
        try container.encode(trainingGoals, forKey: .trainingGoals)
        try container.encode(gym, forKey: .gym)
        try container.encode(unit, forKey: .unit)
        try container.encode(timeZone, forKey: .timeZone)
        try container.encode(weekStart, forKey: .weekStart)
        try container.encode(avatar, forKey: .avatar)
        try container.encode(createdAt, forKey: .createdAt)
    }
}

/// `GET /v1/users/:userId`: what another user may see.
public struct PublicProfile: Sendable {
    public var id: UserID
    public var username: String
    public var displayName: String
    /// Nil, like all that follows but the relation, where the user shows the profile to others only.
    public var bio: String?
    public var experience: Experience?
    public var trainingGoals: [TrainingGoal]?
    public var gym: String?
    public var avatar: Profile.Avatar?
    /// How the viewer stands to this user.
    public var relation: Relation
    /// Whether the viewer is outside of the profile's audience and sees the names only.
    public var isRestricted: Bool
    public var createdAt: Timestamp?

    /// What everyone sees who may know of the user.
    public init(id: UserID, username: String, displayName: String, relation: Relation) {
        self.id = id
        self.username = username
        self.displayName = displayName
        self.relation = relation
        isRestricted = true
    }

    public enum Relation: String, Codable, Sendable, CaseIterable {
        case oneself, friend, requestSent, requestReceived, stranger
    }
}

extension PublicProfile: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, username, displayName, bio, experience, trainingGoals, gym, avatar, relation, isRestricted, createdAt
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(username, forKey: .username)
        try container.encode(displayName, forKey: .displayName)
        try container.encode(bio, forKey: .bio)
        try container.encode(experience, forKey: .experience)
        try container.encode(trainingGoals, forKey: .trainingGoals)
        try container.encode(gym, forKey: .gym)
        try container.encode(avatar, forKey: .avatar)
        try container.encode(relation, forKey: .relation)
        try container.encode(isRestricted, forKey: .isRestricted)
        try container.encode(createdAt, forKey: .createdAt)
    }
}
