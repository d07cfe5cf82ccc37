import Protocol

extension GoalKind {
    /// What a target may be.
    var targetRange: ClosedRange<Double> {
        switch self {
        case .strength: 1...1000
        case .body: 1...500
        case .consistency: 1...520
        case .volume: 1...100_000_000
        }
    }
}

/// `POST /v1/goals`
struct NewGoal: BodyInput, RouteBody {
    static let idField = Field.optional("id", .id, "Made by the client; else by the server.")
    static let kindField = Field("kind", ValueRule<GoalKind>.choice, "Strength, body, consistency or volume.")
    static let titleField = Field("title", .name(1...100), "Such as Squat 140 kg.")
    static let targetField = Field(
        "target", .number(1...100_000_000),
        "Kilograms of an estimated 1RM (1…1000), a body metric's value, weeks (1…520) or kilograms lifted in all.")
    static let exerciseField = Field.optional("exerciseId", .id, "Of a strength goal.")
    static let metricField = Field.optional("metric", ValueRule<BodyMetric>.choice, "Of a body goal.")
    static let daysField = Field.optional("daysPerWeek", .integer(1...7), "Of a consistency goal.")
    static let startsOnField = Field.optional(
        "startsOn", .date, "Counts what was done from this day on: today unless told, at most a year ago.")
    static let dueOnField = Field.optional("dueOn", .date, "Counts what was done up to this day.")

    static var members: [MemberSchema] {
        [
            idField.schema, kindField.schema, titleField.schema, targetField.schema, exerciseField.schema,
            metricField.schema, daysField.schema, startsOnField.schema, dueOnField.schema,
        ]
    }
    static var examples: [String: MemberExample] {
        GoalChange.examples.merging(["metric": .none, "daysPerWeek": .none, "startsOn": .none]) { first, _ in first }
    }

    let id: GoalID?
    let kind: GoalKind
    let title: String
    let target: Double
    let exercise: ExerciseID?
    let metric: BodyMetric?
    let daysPerWeek: Int?
    let startsOn: CalendarDate?
    let dueOn: CalendarDate?

    init?(reading body: inout BodyReader) {
        id = body.optional(Self.idField)
        let kind = body.required(Self.kindField)
        let title = body.required(Self.titleField)
        let target = body.required(Self.targetField)
        exercise = body.optional(Self.exerciseField)
        metric = body.optional(Self.metricField)
        daysPerWeek = body.optional(Self.daysField)
        startsOn = body.optional(Self.startsOnField)
        dueOn = body.optional(Self.dueOnField)
        if let kind {
            func check(_ name: String, _ isThere: Bool, belongsTo owner: GoalKind) {
                if kind == owner, !isThere { body.fault(name, .required, "A goal of this kind needs it.") }
                if kind != owner, isThere { body.fault(name, .inconsistent, "Belongs to goals of another kind.") }
            }
            if body.faults.isEmpty {
                check("exerciseId", exercise != nil, belongsTo: .strength)
                check("metric", metric != nil, belongsTo: .body)
                check("daysPerWeek", daysPerWeek != nil, belongsTo: .consistency)
            }
            if let target, let detail = Self.fault(of: target, kind, metric) {
                body.fault("target", .outOfRange, detail)
            }
        }
        guard let kind, let title, let target else { return nil }
        self.kind = kind
        self.title = title
        self.target = target
    }

    /// What is wrong with a target, if anything.
    static func fault(of target: Double, _ kind: GoalKind, _ metric: BodyMetric?) -> String? {
        let range = metric?.range ?? kind.targetRange
        if !range.contains(target) { return "Must be \(range.lowerBound) to \(range.upperBound)." }
        return kind == .consistency && target.rounded() != target ? "Must be a whole number of weeks." : nil
    }
}

/// `PUT /v1/goals/:id`: members that are left out keep their value; what a goal is about stays.
struct GoalChange: BodyInput, RouteBody {
    static var members: [MemberSchema] {
        [titleField.schema, targetField.schema, NewGoal.dueOnField.schema]
    }
    static let examples: [String: MemberExample] = [
        "title": .value("Squat 140 kg"), "target": .value(140), "dueOn": .value("2040-06-30"),
    ]
    static let titleField = Field.optional("title", .name(1...100), "Such as Squat 140 kg.")
    static let targetField = Field.optional("target", .number(1...100_000_000), "As when the goal was set.")

    let title: String?
    let target: Double?
    let dueOn: Change<CalendarDate>

    init?(reading body: inout BodyReader) {
        title = body.replacement(Self.titleField)
        target = body.replacement(Self.targetField)
        dueOn = body.change(NewGoal.dueOnField)
    }
}

/// Which goals are listed.
struct GoalQuery: RouteQuery {
    static let statusField = Field.optional("status", ValueRule<GoalStatus>.choice, "Only goals that stand so.")
    static let kindField = Field.optional("kind", ValueRule<GoalKind>.choice, "Only goals of this kind.")
    static var parameters: [MemberSchema] { PageRequest.parameters + [statusField.schema, kindField.schema] }

    let page: PageRequest
    let status: GoalStatus?
    let kind: GoalKind?

    init?(reading query: inout QueryReader) {
        status = query.optional(Self.statusField)
        kind = query.optional(Self.kindField)
        page = PageRequest(reading: &query, list: "goals", keys: [.time, .id])
    }
}
