import Protocol

// Programs are read as they are written; what the server knows better is filled in afterwards.

extension SetTarget: BodyInput {
    private static let typeField = Field.optional("type", ValueRule<SetType>.choice, "The default is normal.")
    private static let repsField = Field.optional("reps", .integer(1...1000), "Or the lower end of a range.")
    private static let repsMaxField = Field.optional("repsMax", .integer(1...1000), "The upper end of a range.")
    private static let weightField = Field.optional("weightKg", .number(0...1000), "Kilograms.")
    private static let percentField = Field.optional(
        "percentOfOneRepMax", .number(1...120), "Of the current estimated 1RM.")
    private static let rpeField = Field.optional("rpe", .number(1...10, step: 0.5), "Perceived exertion.")
    private static let rirField = Field.optional("rir", .integer(0...9), "Repetitions in reserve.")
    private static let durationField = Field.optional("durationSeconds", .number(1...86_400), "Seconds.")
    private static let distanceField = Field.optional("distanceMeters", .number(1...1_000_000), "Metres.")

    package static var members: [MemberSchema] {
        [
            typeField.schema, repsField.schema, repsMaxField.schema, weightField.schema, percentField.schema,
            rpeField.schema, rirField.schema, durationField.schema, distanceField.schema,
        ]
    }
    package static var examples: [String: MemberExample] {
        [
            "repsMax": .value(8), "weightKg": .none, "percentOfOneRepMax": .none, "rir": .none,
            "durationSeconds": .none, "distanceMeters": .none,
        ]
    }

    package init?(reading body: inout BodyReader) {
        self.init(
            type: body.optional(Self.typeField) ?? .normal, reps: body.nullable(Self.repsField),
            repsMax: body.nullable(Self.repsMaxField), weightKg: body.nullable(Self.weightField),
            percentOfOneRepMax: body.nullable(Self.percentField), rpe: body.nullable(Self.rpeField),
            rir: body.nullable(Self.rirField), durationSeconds: body.nullable(Self.durationField),
            distanceMeters: body.nullable(Self.distanceField))
        guard body.faults.isEmpty else { return }
        if reps == nil, durationSeconds == nil, distanceMeters == nil {
            body.fault("reps", .required, "A set aims at repetitions, a duration or a distance.")
        }
        if let repsMax, repsMax < reps ?? .max {
            body.fault("repsMax", .inconsistent, "Must not lie below reps, which is needed too.")
        }
        let loads = [weightKg, percentOfOneRepMax, rpe, rir.map(Double.init)].compactMap(\.self)
        if loads.count > 1 {
            body.fault("weightKg", .inconsistent, "Only one of weight, share of the 1RM, RPE and RIR sets the load.")
        }
    }
}

extension ProgressionRule: BodyInput {
    private static let kindField = Field("kind", ValueRule<Kind>.choice, "linear or double.")
    private static let incrementField = Field.optional("incrementKg", .number(0.25...50), "2.5 unless told.")
    package static var members: [MemberSchema] { [kindField.schema, incrementField.schema] }
    package static var examples: [String: MemberExample] { ["incrementKg": .value(.number(2.5))] }

    package init?(reading body: inout BodyReader) {
        let increment = body.nullable(Self.incrementField)
        guard let kind = body.required(Self.kindField) else { return nil }
        self.init(kind: kind, incrementKg: increment)
    }
}

extension TemplateExercise: BodyInput {
    private static let exerciseField = Field("exerciseId", .id, "Of the library or one's own.")
    private static let groupField = Field.optional("supersetGroup", .integer(1...100), "Done in turn with its like.")
    private static let restField = Field.optional("restSeconds", .number(0...86_400), "After each set.")
    private static let noteField = Field.optional("note", .text(1...500, lines: true), "For who trains it.")
    private static let progressionField = Field.optional(
        "progression", ValueRule<ProgressionRule>.object(), "How the weight moves from one time to the next.")
    private static let setsField = Field(
        "sets", ValueRule<[SetTarget]>.list(of: .object(), count: 1...20), "One a set.")

    package static var members: [MemberSchema] {
        [
            exerciseField.schema, groupField.schema, restField.schema, noteField.schema, progressionField.schema,
            setsField.schema,
        ]
    }

    package init?(reading body: inout BodyReader) {
        let exercise = body.required(Self.exerciseField)
        let group = body.nullable(Self.groupField)
        let rest = body.nullable(Self.restField)
        let note = body.nullable(Self.noteField)
        let progression = body.nullable(Self.progressionField)
        guard let sets = body.required(Self.setsField), let exercise else { return nil }
        self.init(
            exerciseId: exercise, name: "", supersetGroup: group, restSeconds: rest, note: note,
            progression: progression, sets: sets)
    }
}

extension TemplateDay: BodyInput {
    private static let nameField = Field("name", .name(1...100), "Such as Push.")
    private static let exercisesField = Field(
        "exercises", ValueRule<[TemplateExercise]>.list(of: .object(), count: 1...30), "In their order.")
    package static var members: [MemberSchema] { [nameField.schema, exercisesField.schema] }
    package static var examples: [String: MemberExample] { ["name": .value("Lower body")] }

    package init?(reading body: inout BodyReader) {
        let name = body.required(Self.nameField)
        guard let exercises = body.required(Self.exercisesField), let name else { return nil }
        self.init(name: name, exercises: exercises)
    }
}

extension TemplateWeek: BodyInput {
    private static let daysField = Field("days", ValueRule<[TemplateDay]>.list(of: .object(), count: 1...7), "1…7.")
    package static var members: [MemberSchema] { [daysField.schema] }

    package init?(reading body: inout BodyReader) {
        guard let days = body.required(Self.daysField) else { return nil }
        self.init(days: days)
    }
}
