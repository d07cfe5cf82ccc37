import Protocol

/// The values of an exercise that a client sets.
struct ExerciseValues: Sendable {
    var name: String
    var force: String?
    var level: String
    var mechanic: String?
    var equipment: String?
    var category: String
    var primaryMuscles, secondaryMuscles: [String]
    var bodyWeightShare: Double?
    var description: String?
    var cues, media: [String]

    /// What the rules of single members cannot see.
    var fault: (member: String, detail: String)? {
        let both = Set(primaryMuscles).intersection(secondaryMuscles)
        return both.isEmpty ? nil : ("secondaryMuscles", "A muscle is trained mainly or as a helper, not both.")
    }
}

/// The members of an exercise's body.
enum ExerciseFields {
    static let name = Field("name", .name(1...120), "Such as Bulgarian Split Squat.")
    static let force = Field.optional("force", ValueRule<ExerciseForce>.choice, "The direction of the effort.")
    static let level = Field("level", ValueRule<ExerciseLevel>.choice, "How hard to learn.")
    static let mechanic = Field.optional("mechanic", ValueRule<ExerciseMechanic>.choice, "Joints that move.")
    static let equipment = Field.optional("equipment", .term(1...40), "Such as barbell; in lower case.")
    static let category = Field("category", .term(1...40), "Such as strength or stretching; in lower case.")
    static let muscles = ValueRule<[Muscle]>.list(of: .choice, count: 0...8, distinct: true)
    static let primary = Field(
        "primaryMuscles", ValueRule<[Muscle]>.list(of: .choice, count: 1...8, distinct: true), "Trained mainly.")
    static let secondary = Field.optional("secondaryMuscles", muscles, "Trained as helpers.")
    static let bodyWeightShare = Field.optional(
        "bodyWeightShare", .number(0...1),
        "The share of the body's weight that a repetition lifts; it counts in the tonnage of sets from then on.")
    static let description = Field.optional(
        "description", .text(1...2000, lines: true), "What it is and what it is for.")
    static let cues = Field.optional(
        "cues", ValueRule<[String]>.list(of: .name(1...300), count: 0...10), "What to mind, a sentence each.")
    static let media = Field.optional(
        "media", ValueRule<[String]>.list(of: .webAddress, count: 0...10, distinct: true),
        "Addresses (https) of pictures and films.")

    static var all: [MemberSchema] {
        [
            name.schema, force.schema, level.schema, mechanic.schema, equipment.schema, category.schema,
            primary.schema, secondary.schema, bodyWeightShare.schema, description.schema, cues.schema, media.schema,
        ]
    }
    static let examples: [String: MemberExample] = [
        "name": .value("Pause squat"), "bodyWeightShare": .value(0), "cues": .value(["Sit still for two seconds."]),
        "description": .value("A squat with a stop at the bottom."),
        "media": .value(["https://example.org/pause-squat.mp4"]),
    ]
}

extension ValueRule where Value == String {
    /// A word or two in lower case, as the library's own values are written.
    fileprivate static func term(_ length: ClosedRange<Int>) -> ValueRule {
        name(length).map(.badFormat, "Must be words.") { $0.lowercased() }
    }

    /// An https address; nothing is ever fetched from it.
    static var webAddress: ValueRule {
        text(9...500).map(as: .string(length: 9...500, format: "uri"), .badFormat, "Must be an https address.") {
            let isClean = $0.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
            return $0.hasPrefix("https://") && isClean ? $0 : nil
        }
    }
}

/// `POST /v1/exercises`: an own exercise, or with `isLibrary` one of the library.
struct NewExercise: BodyInput, RouteBody {
    static let isLibrary = Field.optional("isLibrary", .flag, "For everyone; administrators only.")
    static var members: [MemberSchema] { ExerciseFields.all + [isLibrary.schema] }
    static var examples: [String: MemberExample] {
        ExerciseFields.examples.merging(["isLibrary": .none]) { first, _ in first }
    }

    let values: ExerciseValues
    let isLibrary: Bool

    init?(reading body: inout BodyReader) {
        isLibrary = body.optional(Self.isLibrary) ?? false
        let name = body.required(ExerciseFields.name)
        let level = body.required(ExerciseFields.level)
        let category = body.required(ExerciseFields.category)
        let primary = body.required(ExerciseFields.primary)
        let values = ExerciseValues(
            name: name ?? "", force: body.optional(ExerciseFields.force)?.rawValue, level: level?.rawValue ?? "",
            mechanic: body.optional(ExerciseFields.mechanic)?.rawValue,
            equipment: body.optional(ExerciseFields.equipment), category: category ?? "",
            primaryMuscles: primary?.map(\.rawValue) ?? [],
            secondaryMuscles: body.optional(ExerciseFields.secondary)?.map(\.rawValue) ?? [],
            bodyWeightShare: body.optional(ExerciseFields.bodyWeightShare),
            description: body.optional(ExerciseFields.description), cues: body.optional(ExerciseFields.cues) ?? [],
            media: body.optional(ExerciseFields.media) ?? [])
        if let fault = values.fault { body.fault(fault.member, .inconsistent, fault.detail) }
        self.values = values
        guard name != nil, level != nil, category != nil, primary != nil else { return nil }
    }
}

/// `PUT /v1/exercises/:id`: members that are left out keep their value, null clears where it may.
struct ExerciseChange: BodyInput, RouteBody {
    static var members: [MemberSchema] {
        ExerciseFields.all.map {
            MemberSchema(name: $0.name, schema: $0.schema, isRequired: false, summary: $0.summary)
        }
    }
    static var examples: [String: MemberExample] { ExerciseFields.examples }

    private let name, level, category: String?
    private let force, mechanic, equipment, description: Change<String>
    private let bodyWeightShare: Change<Double>
    private let primaryMuscles, secondaryMuscles, cues, media: [String]?

    init?(reading body: inout BodyReader) {
        name = body.replacement(ExerciseFields.name)
        level = body.replacement(ExerciseFields.level)?.rawValue
        category = body.replacement(ExerciseFields.category)
        force = body.change(ExerciseFields.force).map(\.rawValue)
        mechanic = body.change(ExerciseFields.mechanic).map(\.rawValue)
        equipment = body.change(ExerciseFields.equipment)
        bodyWeightShare = body.change(ExerciseFields.bodyWeightShare)
        description = body.change(ExerciseFields.description)
        primaryMuscles = body.replacement(ExerciseFields.primary)?.map(\.rawValue)
        secondaryMuscles = body.replacement(ExerciseFields.secondary)?.map(\.rawValue)
        cues = body.replacement(ExerciseFields.cues)
        media = body.replacement(ExerciseFields.media)
    }

    /// The exercise's values after the change. Throws `invalidValues` when they do not fit together.
    func applied(to exercise: Exercise) throws(Problem) -> ExerciseValues {
        let values = ExerciseValues(
            name: name ?? exercise.name, force: force.applied(to: exercise.force), level: level ?? exercise.level,
            mechanic: mechanic.applied(to: exercise.mechanic), equipment: equipment.applied(to: exercise.equipment),
            category: category ?? exercise.category, primaryMuscles: primaryMuscles ?? exercise.primaryMuscles,
            secondaryMuscles: secondaryMuscles ?? exercise.secondaryMuscles,
            bodyWeightShare: bodyWeightShare.applied(to: exercise.bodyWeightShare),
            description: description.applied(to: exercise.description), cues: cues ?? exercise.cues,
            media: media ?? exercise.media)
        if let fault = values.fault {
            let fault = Problem.Fault(pointer: "/\(fault.member)", code: .inconsistent, detail: fault.detail)
            throw Problem(.invalidValues, errors: [fault])
        }
        return values
    }
}

extension Change {
    func map<Other>(_ transform: (Value) -> Other) -> Change<Other> {
        switch self {
        case .keep: .keep
        case .clear: .clear
        case .set(let value): .set(transform(value))
        }
    }
}

/// `POST …/rate`
struct RatingInput: BodyInput, RouteBody {
    static let ratingField = Field("rating", .integer(1...5), "1 is poor, 5 is excellent.")
    static var members: [MemberSchema] { [ratingField.schema] }
    let rating: Int

    init?(reading body: inout BodyReader) {
        guard let rating = body.required(Self.ratingField) else { return nil }
        self.rating = rating
    }
}
