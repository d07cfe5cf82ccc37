import Protocol

/// `POST /v1/workouts`: starts a workout now, or plans one for a day.
struct NewWorkout: BodyInput, RouteBody {
    static let idField = Field.optional("id", .id, "Made by the client; else by the server.")
    static let nameField = Field.optional("name", .name(1...100), "Such as Push day.")
    static let visibilityField = Field.optional(
        "visibility", ValueRule<Audience>.choice, "Narrows the preference for this workout.")
    static let plannedForField = Field.optional("plannedFor", .date, "Plans it for this day instead of starting it.")
    static let startedAtField = Field.optional("startedAt", .time, "When it began, if not now.")
    static let templateField = Field.optional("templateId", .id, "Makes it from a day of this template.")
    static let dayField = Field.optional("day", .integer(1...7), "Of the template's week; needed with a template.")
    static let weekField = Field.optional(
        "week", .integer(1...104), "Of the template; unless told the one that the athlete has come to.")

    static var members: [MemberSchema] {
        [
            idField.schema, nameField.schema, visibilityField.schema, plannedForField.schema, startedAtField.schema,
            templateField.schema, dayField.schema, weekField.schema,
        ]
    }
    static let examples: [String: MemberExample] = [
        "name": .value("Leg day"), "plannedFor": .none, "templateId": .none, "day": .none, "week": .none,
    ]

    let id: WorkoutID?
    let plannedFor: CalendarDate?
    let startedAt: Timestamp?
    let details: WorkoutDetails
    let template: WorkoutPlanning.Request?

    init?(reading body: inout BodyReader) {
        id = body.optional(Self.idField)
        let templateId = body.optional(Self.templateField)
        let (day, week) = (body.optional(Self.dayField), body.optional(Self.weekField))
        template = templateId.flatMap { id in day.map { WorkoutPlanning.Request(template: id, week: week, day: $0) } }
        if body.faults.isEmpty {
            if templateId != nil, day == nil { body.fault("day", .required, "Is required with a template.") }
            if templateId == nil, day != nil || week != nil {
                body.fault("templateId", .required, "Is required with a day or week.")
            }
        }
        let name = body.optional(Self.nameField)
        let visibility = body.optional(Self.visibilityField)
        plannedFor = body.optional(Self.plannedForField)
        startedAt = body.optional(Self.startedAtField)
        details = WorkoutDetails(
            name: name, visibility: visibility, plannedFor: plannedFor?.description, startedAt: startedAt)
        if plannedFor != nil, startedAt != nil {
            body.fault("startedAt", .inconsistent, "A planned workout has not started.")
        }
    }
}

/// `PUT /v1/workouts/:id`: members that are left out keep their value.
struct WorkoutChange: BodyInput, RouteBody {
    static let notesField = Field.optional("notes", .text(0...2000, lines: true), "The athlete's note; empty clears.")
    static let sharedField = Field.optional("sharesNotes", .flag, "Whether others may read the notes.")
    static let endedAtField = Field.optional("endedAt", .time, "Of a workout that has ended.")

    static var members: [MemberSchema] {
        [
            NewWorkout.nameField.schema, NewWorkout.visibilityField.schema, NewWorkout.plannedForField.schema,
            NewWorkout.startedAtField.schema, endedAtField.schema, notesField.schema, sharedField.schema,
        ]
    }
    static let examples: [String: MemberExample] = [
        "name": .value("Leg day"), "plannedFor": .none, "endedAt": .value("2025-11-22T11:10:00.000Z"),
    ]

    let details: WorkoutDetails
    let notes: String?
    let sharesNotes: Bool?

    init?(reading body: inout BodyReader) {
        details = WorkoutDetails(
            name: body.replacement(NewWorkout.nameField), visibility: body.replacement(NewWorkout.visibilityField),
            plannedFor: body.replacement(NewWorkout.plannedForField)?.description,
            startedAt: body.replacement(NewWorkout.startedAtField), endedAt: body.replacement(Self.endedAtField))
        notes = body.replacement(Self.notesField)
        sharesNotes = body.replacement(Self.sharedField)
    }
}

/// The body of start, pause, resume, abandon and complete; may be left out.
struct WorkoutStep: BodyInput {
    static let atField = Field.optional("at", .time, "When it happened, if not now.")
    static let rpeField = Field.optional("rpe", .scaled(1...10, places: 1, step: 0.5), "Of the session, at complete.")
    static var members: [MemberSchema] { [atField.schema, rpeField.schema] }
    let at: Timestamp?
    let rpeTenths: Int64?

    init?(reading body: inout BodyReader) {
        at = body.optional(Self.atField)
        rpeTenths = body.optional(Self.rpeField)
    }
}

/// `POST …/exercises`
struct NewEntry: BodyInput, RouteBody {
    static let idField = Field.optional("id", .id, "Of the place in the workout; made by the client, else here.")
    static let exerciseField = Field.optional("exerciseId", .id, "Of the library; else a name is needed.")
    static let nameField = Field.optional("name", .name(1...100), "For a movement that the library lacks.")
    static let groupField = Field.optional("supersetGroup", .integer(1...100), "Done in turn with its like.")
    static let restField = Field.optional("restSeconds", .scaled(0...86_400, places: 3), "Meant after each set.")
    static var members: [MemberSchema] {
        [idField.schema, exerciseField.schema, nameField.schema, groupField.schema, restField.schema]
    }
    static let examples: [String: MemberExample] = ["name": .none]

    let id: EntryID?
    let exerciseId: ExerciseID?
    let name: String?
    let supersetGroup: Int64?
    let restMilliseconds: Int64?

    init?(reading body: inout BodyReader) {
        id = body.optional(Self.idField)
        exerciseId = body.optional(Self.exerciseField)
        name = body.optional(Self.nameField)
        supersetGroup = body.optional(Self.groupField).map(Int64.init)
        restMilliseconds = body.optional(Self.restField)
        if exerciseId == nil, name == nil, body.faults.isEmpty {
            body.fault("exerciseId", .required, "An exerciseId or a name is required.")
        }
    }
}

/// `PUT …/exercises/:exerciseId`: members that are left out keep their value.
struct EntryChange: BodyInput, RouteBody {
    static let positionField = Field.optional("position", .integer(1...100), "Its place in the order, from 1.")
    static let noteField = Field.optional("note", .text(0...2000, lines: true), "On this exercise; empty clears.")
    static let sharedField = Field.optional("sharesNote", .flag, "Whether others may read the note.")
    static var members: [MemberSchema] {
        [
            NewEntry.groupField.schema, NewEntry.restField.schema, positionField.schema, noteField.schema,
            sharedField.schema,
        ]
    }

    let supersetGroup: Change<Int>
    let restMilliseconds: Change<Int64>
    let position: Int?
    let note: String?
    let sharesNote: Bool?

    init?(reading body: inout BodyReader) {
        supersetGroup = body.change(NewEntry.groupField)
        restMilliseconds = body.change(NewEntry.restField)
        position = body.replacement(Self.positionField)
        note = body.replacement(Self.noteField)
        sharesNote = body.replacement(Self.sharedField)
    }
}

/// `POST …/sets`
struct NewSet: BodyInput, RouteBody {
    static let idField = Field.optional("id", .id, "Made by the client, else here.")
    static var members: [MemberSchema] { [idField.schema] + SetFields.all }
    static let examples = SetFields.examples

    let id: SetID?
    let at: Timestamp?
    let values: SetValues

    init?(reading body: inout BodyReader) {
        id = body.optional(Self.idField)
        at = body.optional(SetFields.at)
        values = SetValues(
            type: body.optional(SetFields.type) ?? .normal, weightGrams: body.optional(SetFields.weight),
            reps: body.optional(SetFields.reps).map(Int64.init), rpeTenths: body.optional(SetFields.rpe),
            rir: body.optional(SetFields.rir).map(Int64.init), durationMilliseconds: body.optional(SetFields.duration),
            distanceMillimeters: body.optional(SetFields.distance), side: body.optional(SetFields.side))
        values.tellFaults(to: &body)
    }
}

/// `PUT …/sets/:setId`: replaces all values; null, as answers show it, is none.
struct SetReplacement: BodyInput, RouteBody {
    static var members: [MemberSchema] { SetFields.all }
    static let examples = SetFields.examples

    let at: Timestamp?
    let values: SetValues

    init?(reading body: inout BodyReader) {
        at = body.optional(SetFields.at)
        values = SetValues(
            type: body.optional(SetFields.type) ?? .normal, weightGrams: body.nullable(SetFields.weight),
            reps: body.nullable(SetFields.reps).map(Int64.init), rpeTenths: body.nullable(SetFields.rpe),
            rir: body.nullable(SetFields.rir).map(Int64.init), durationMilliseconds: body.nullable(SetFields.duration),
            distanceMillimeters: body.nullable(SetFields.distance), side: body.nullable(SetFields.side))
        values.tellFaults(to: &body)
    }
}

/// The members of a set's body.
enum SetFields {
    static let type = Field.optional("type", ValueRule<SetType>.choice, "The default is normal.")
    static let weight = Field.optional("weightKg", .scaled(0...1000, places: 3), "Kilograms.")
    static let reps = Field.optional("reps", .integer(0...1000), "Repetitions.")
    static let rpe = Field.optional("rpe", .scaled(1...10, places: 1, step: 0.5), "Perceived exertion.")
    static let rir = Field.optional("rir", .integer(0...10), "Repetitions in reserve.")
    static let duration = Field.optional("durationSeconds", .scaled(0...86_400, places: 3), "Seconds.")
    static let distance = Field.optional("distanceMeters", .scaled(0...1_000_000, places: 3), "Metres.")
    static let side = Field.optional("side", ValueRule<Side>.choice, "Of a one-sided set.")
    static let at = Field.optional("at", .time, "When it was done, if not now.")

    static var all: [MemberSchema] {
        [
            type.schema, weight.schema, reps.schema, rpe.schema, rir.schema, duration.schema, distance.schema,
            side.schema, at.schema,
        ]
    }
    static let examples: [String: MemberExample] = [
        "rir": .none, "durationSeconds": .none, "distanceMeters": .none, "side": .none,
    ]
}

extension SetValues {
    /// Tells what the rules of single members cannot see.
    fileprivate func tellFaults(to body: inout BodyReader) {
        guard body.faults.isEmpty else { return }
        for fault in faults { body.fault(fault.member, .inconsistent, fault.detail) }
    }
}
