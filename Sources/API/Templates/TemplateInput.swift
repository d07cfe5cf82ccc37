import Protocol

/// What a client writes of a template.
struct TemplateValues: Sendable {
    var name: String
    var description: String?
    var category: TemplateCategory
    var level: ExerciseLevel
    var lengthWeeks: Int
    var visibility: Audience
    var weeks: [TemplateWeek]

    var daysPerWeek: Int { weeks.map(\.days.count).max() ?? 1 }

    var exerciseIds: [ExerciseID] {
        Array(Set(weeks.flatMap(\.days).flatMap(\.exercises).map(\.exerciseId))).sorted()
    }

    /// What the rules of single members cannot see.
    var fault: (member: String, detail: String)? {
        lengthWeeks < weeks.count ? ("lengthWeeks", "Must not lie below the number of weeks.") : nil
    }
}

/// The members of a template's body.
enum TemplateFields {
    static let name = Field("name", .name(1...120), "Such as Upper and lower.")
    static let description = Field.optional(
        "description", .text(1...4000, lines: true), "What it is for and how to train it.")
    static let category = Field("category", ValueRule<TemplateCategory>.choice, "What it is for.")
    static let level = Field("level", ValueRule<ExerciseLevel>.choice, "For whom.")
    static let length = Field.optional(
        "lengthWeeks", .integer(1...104), "Weeks of the whole; the weeks given repeat in turn. As many unless told.")
    static let visibility = Field.optional(
        "visibility", ValueRule<Audience>.choice, "Who may see it; private unless told.")
    static let weeks = Field(
        "weeks", ValueRule<[TemplateWeek]>.list(of: .object(), count: 1...16), "The program.")
    static let featured = Field.optional("isFeatured", .flag, "Administrators only.")

    static var all: [MemberSchema] {
        [
            name.schema, description.schema, category.schema, level.schema, length.schema, visibility.schema,
            weeks.schema,
        ]
    }
    static let examples: [String: MemberExample] = [
        "name": .value("Two days of squats"),
        "description": .value("Two sessions a week; add weight when all sets go."),
        "lengthWeeks": .value(8),
    ]
}

/// `POST /v1/templates`
struct NewTemplate: BodyInput, RouteBody {
    static let isLibrary = Field.optional("isLibrary", .flag, "For everyone; administrators only.")
    static var members: [MemberSchema] { TemplateFields.all + [isLibrary.schema] }
    static var examples: [String: MemberExample] {
        TemplateFields.examples.merging(["isLibrary": .none]) { first, _ in first }
    }

    let values: TemplateValues
    let isLibrary: Bool

    init?(reading body: inout BodyReader) {
        isLibrary = body.optional(Self.isLibrary) ?? false
        let name = body.required(TemplateFields.name)
        let description = body.optional(TemplateFields.description)
        let category = body.required(TemplateFields.category)
        let level = body.required(TemplateFields.level)
        let length = body.optional(TemplateFields.length)
        let visibility = body.optional(TemplateFields.visibility)
        guard let weeks = body.required(TemplateFields.weeks), let name, let category, let level else { return nil }
        values = TemplateValues(
            name: name, description: description, category: category, level: level,
            lengthWeeks: length ?? weeks.count, visibility: isLibrary ? .public : visibility ?? .private, weeks: weeks)
        if let fault = values.fault { body.fault(fault.member, .inconsistent, fault.detail) }
    }
}

/// `PUT /v1/templates/:id`: members that are left out keep their value; `weeks` are replaced as a whole.
struct TemplateChange: BodyInput, RouteBody {
    static var members: [MemberSchema] {
        (TemplateFields.all + [TemplateFields.featured.schema]).map {
            MemberSchema(name: $0.name, schema: $0.schema, isRequired: false, summary: $0.summary)
        }
    }
    static var examples: [String: MemberExample] {
        TemplateFields.examples.merging(["isFeatured": .none]) { first, _ in first }
    }

    let isFeatured: Bool?
    private let name: String?
    private let description: Change<String>
    private let category: TemplateCategory?
    private let level: ExerciseLevel?
    private let length: Int?
    private let visibility: Audience?
    private let weeks: [TemplateWeek]?

    init?(reading body: inout BodyReader) {
        isFeatured = body.replacement(TemplateFields.featured)
        name = body.replacement(TemplateFields.name)
        description = body.change(TemplateFields.description)
        category = body.replacement(TemplateFields.category)
        level = body.replacement(TemplateFields.level)
        length = body.replacement(TemplateFields.length)
        visibility = body.replacement(TemplateFields.visibility)
        weeks = body.replacement(TemplateFields.weeks)
    }

    /// Whether it touches what only the owner decides; each such change makes a version.
    var changesTemplate: Bool {
        if case .keep = description {} else { return true }
        return name != nil || category != nil || level != nil || length != nil || visibility != nil || weeks != nil
    }

    /// The values after the change. Throws `invalidValues` when they do not fit together.
    func applied(to template: Template) throws(Problem) -> TemplateValues {
        let weeks = weeks ?? template.weeks
        let values = TemplateValues(
            name: name ?? template.name, description: description.applied(to: template.description),
            category: category ?? template.category,
            level: level ?? ExerciseLevel(rawValue: template.level) ?? .beginner,
            lengthWeeks: length ?? max(template.lengthWeeks, weeks.count),
            visibility: visibility ?? template.visibility, weeks: weeks)
        if let fault = values.fault {
            let fault = Problem.Fault(pointer: "/\(fault.member)", code: .inconsistent, detail: fault.detail)
            throw Problem(.invalidValues, errors: [fault])
        }
        return values
    }
}
