import Foundation
import Protocol

/// `PUT /v1/users/profile`: members that are left out keep their value, null clears what may be empty.
struct ProfileChange: BodyInput, RouteBody {
    static let displayNameField = Field.optional("displayName", .personName(1...80), "Shown to others.")
    static let bioField = Field.optional("bio", .text(0...1000, lines: true), "A few words.")
    static let birthDateField = Field.optional("birthDate", .birthDate, "Never shown to others.")
    static let sexField = Field.optional("sex", ValueRule<Sex>.choice, "For strength scores only.")
    static let heightField = Field.optional("heightCm", .number(50...300), "Centimetres.")
    static let experienceField = Field.optional("experience", ValueRule<Experience>.choice, "Years under the bar.")
    static let goalsField = Field.optional(
        "trainingGoals", .list(of: ValueRule<TrainingGoal>.choice, count: 0...7, distinct: true), "What for.")
    static let gymField = Field.optional("gym", .name(1...120), "Where; suggests friends.")
    static let unitField = Field.optional("unit", ValueRule<UnitPreference>.choice, "What pages and reports show.")
    static let timeZoneField = Field.optional("timeZone", .timeZone, "An IANA name.")
    static let weekStartField = Field.optional(
        "weekStart", ValueRule<WeekStart>.choice, "The first day of the week in progress and reports.")

    static var members: [MemberSchema] {
        [
            displayNameField.schema, bioField.schema, birthDateField.schema, sexField.schema, heightField.schema,
            experienceField.schema, goalsField.schema, gymField.schema, unitField.schema, timeZoneField.schema,
            weekStartField.schema,
        ]
    }
    static let examples: [String: MemberExample] = ["birthDate": .value("1994-05-17")]

    private let displayName: String?
    private let bio: String?
    private let birthDate: Change<CalendarDate>
    private let sex: Change<Sex>
    private let heightCm: Change<Double>
    private let experience: Change<Experience>
    private let trainingGoals: [TrainingGoal]?
    private let gym: Change<String>
    private let unit: UnitPreference?
    let timeZone: String?
    private let weekStart: WeekStart?

    init?(reading body: inout BodyReader) {
        displayName = body.replacement(Self.displayNameField)
        bio = body.replacement(Self.bioField)
        birthDate = body.change(Self.birthDateField)
        sex = body.change(Self.sexField)
        heightCm = body.change(Self.heightField)
        experience = body.change(Self.experienceField)
        trainingGoals = body.replacement(Self.goalsField)
        gym = body.change(Self.gymField)
        unit = body.replacement(Self.unitField)
        timeZone = body.replacement(Self.timeZoneField)
        weekStart = body.replacement(Self.weekStartField)
    }

    /// The profile as it is after the change.
    func applied(to profile: Profile) -> Profile {
        var profile = profile
        profile.displayName = displayName ?? profile.displayName
        profile.bio = bio ?? profile.bio
        profile.birthDate = birthDate.applied(to: profile.birthDate)
        profile.sex = sex.applied(to: profile.sex)
        profile.heightCm = heightCm.applied(to: profile.heightCm)
        profile.experience = experience.applied(to: profile.experience)
        profile.trainingGoals = trainingGoals ?? profile.trainingGoals
        profile.gym = gym.applied(to: profile.gym)
        profile.unit = unit ?? profile.unit
        profile.timeZone = timeZone ?? profile.timeZone
        profile.weekStart = weekStart ?? profile.weekStart
        return profile
    }
}

extension Change {
    /// The value after the change.
    func applied(to value: Value?) -> Value? {
        switch self {
        case .keep: value
        case .clear: nil
        case .set(let new): new
        }
    }
}

extension ValueRule where Value == CalendarDate {
    /// A date of birth: between 1900 and today.
    static var birthDate: ValueRule {
        date.map(.outOfRange, "Must lie between 1900 and today.") { date in
            let today = CalendarDate(daysSinceEpoch: Int(Timestamp.now.milliseconds / 86_400_000))
            return date.year >= 1900 && date <= today ? date : nil
        }
    }
}

extension ValueRule where Value == String {
    /// The IANA name of a time zone that this machine knows.
    static var timeZone: ValueRule {
        text(1...64).map(.notAllowed, "Must be an IANA time zone, such as Europe/Berlin.") { name in
            let isKnown = name == "UTC" || (name.contains("/") && TimeZone(identifier: name) != nil)
            return isKnown ? name : nil
        }
    }
}
