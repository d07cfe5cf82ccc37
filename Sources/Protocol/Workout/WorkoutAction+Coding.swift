extension WorkoutAction {
    /// Writes `kind` and the action's members into the open object.
    public func write(to writer: inout JSONWriter) {
        writer.member("kind", kind.rawValue)
        switch self {
        case .plan(let details), .start(let details), .update(let details): details.write(to: &writer)
        case .pause, .resume, .abandon, .delete, .skipRest: break
        case .complete(let rpeTenths): rpeTenths.map { SetValues.writeTenths("rpe", $0, to: &writer) }
        case .addEntry(let entry), .updateEntry(let entry): entry.write(to: &writer)
        case .removeEntry(let id): writer.member("entryId", id)
        case .reorderEntries(let ids):
            writer.name("entryIds")
            writer.array(ids) { $0.id($1) }
        case .logSet(let id, let entry, let values):
            writer.member("setId", id)
            writer.member("entryId", entry)
            writer.member("set") { values.write(to: &$0) }
        case .updateSet(let id, let values):
            writer.member("setId", id)
            writer.member("set") { values.write(to: &$0) }
        case .deleteSet(let id): writer.member("setId", id)
        case .startRest(let milliseconds): writer.member("seconds", thousandths: milliseconds)
        case .note(let entry, let text, let isShared):
            writer.member("entryId", entry)
            writer.member("text", text)
            writer.flag("shared", isShared)
        }
    }

    /// Reads `kind` and its members from an op or an event; bounds are checked elsewhere.
    public init(_ json: JSONValue) throws(Refusal) {
        let fields = Fields(json)
        let name = try fields.required("kind", fields.string("kind"))
        guard let kind = Kind(rawValue: name) else {
            throw Refusal(.unknownType, "there is no op of kind \(name.clipped(bytes: 64))")
        }
        switch kind {
        case .workoutPlan: self = .plan(try WorkoutDetails(fields))
        case .workoutStart: self = .start(try WorkoutDetails(fields))
        case .workoutUpdate:
            var details = try WorkoutDetails(fields)
            // Of a workout that begins it says nothing, and is not read there.
            details.endedAt = try fields.time("endedAt")
            self = .update(details)
        case .workoutPause: self = .pause
        case .workoutResume: self = .resume
        case .workoutComplete: self = .complete(rpeTenths: try fields.decimal("rpe", places: 1))
        case .workoutAbandon: self = .abandon
        case .workoutDelete: self = .delete
        case .exerciseAdd: self = .addEntry(try EntryDetails(fields))
        case .exerciseUpdate: self = .updateEntry(try EntryDetails(fields))
        case .exerciseRemove: self = .removeEntry(try fields.required("entryId", fields.id("entryId")))
        case .exerciseReorder: self = .reorderEntries(try fields.requiredIds("entryIds"))
        case .setLog:
            self = .logSet(
                try fields.required("setId", fields.id("setId")),
                entry: try fields.required("entryId", fields.id("entryId")), try SetValues(fields.object("set")))
        case .setUpdate:
            self = .updateSet(try fields.required("setId", fields.id("setId")), try SetValues(fields.object("set")))
        case .setDelete: self = .deleteSet(try fields.required("setId", fields.id("setId")))
        case .restStart:
            let length = try fields.decimal("seconds", places: 3)
            self = .startRest(milliseconds: try fields.required("seconds", length))
        case .restSkip: self = .skipRest
        case .note:
            self = .note(
                entry: try fields.id("entryId"), text: try fields.string("text"),
                isShared: try fields.bool("shared") ?? false)
        }
    }
}

extension SetValues {
    public func write(to writer: inout JSONWriter) {
        writer.member("type", type.rawValue)
        writer.member("weightKg", thousandths: weightGrams)
        writer.member("reps", reps)
        if let rpeTenths { SetValues.writeTenths("rpe", rpeTenths, to: &writer) }
        writer.member("rir", rir)
        writer.member("durationSeconds", thousandths: durationMilliseconds)
        writer.member("distanceMeters", thousandths: distanceMillimeters)
        writer.member("side", side?.rawValue)
    }

    init(_ fields: Fields) throws(Refusal) {
        self.init(
            type: try fields.choice("type") ?? .normal,
            weightGrams: try fields.decimal("weightKg", places: 3),
            reps: try fields.integer("reps"),
            rpeTenths: try fields.decimal("rpe", places: 1),
            rir: try fields.integer("rir"),
            durationMilliseconds: try fields.decimal("durationSeconds", places: 3),
            distanceMillimeters: try fields.decimal("distanceMeters", places: 3),
            side: try fields.choice("side"))
    }

    static func writeTenths(_ name: StaticString, _ value: Int64, to writer: inout JSONWriter) {
        writer.name(name)
        writer.decimal(value, places: 1)
    }
}

extension WorkoutDetails {
    func write(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("visibility", visibility?.rawValue)
        writer.member("plannedFor", plannedFor)
        writer.member("startedAt", startedAt)
        writer.member("endedAt", endedAt)
    }

    init(_ fields: Fields) throws(Refusal) {
        self.init(
            name: try fields.string("name"), visibility: try fields.choice("visibility"),
            plannedFor: try fields.string("plannedFor"), startedAt: try fields.time("startedAt"))
    }
}

extension EntryDetails {
    func write(to writer: inout JSONWriter) {
        writer.member("entryId", id)
        writer.member("exerciseId", exerciseId)
        writer.member("name", name)
        if !primaryMuscles.isEmpty { writer.strings("primaryMuscles", primaryMuscles) }
        if !secondaryMuscles.isEmpty { writer.strings("secondaryMuscles", secondaryMuscles) }
        writer.member("supersetGroup", supersetGroup)
        writer.member("restSeconds", thousandths: restMilliseconds)
        writer.member("bodyLoadKg", thousandths: bodyLoadGrams)
    }

    init(_ fields: Fields) throws(Refusal) {
        self.init(
            id: try fields.required("entryId", fields.id("entryId")), exerciseId: try fields.id("exerciseId"),
            name: try fields.string("name"), primaryMuscles: try fields.strings("primaryMuscles"),
            secondaryMuscles: try fields.strings("secondaryMuscles"),
            supersetGroup: try fields.integer("supersetGroup"),
            restMilliseconds: try fields.decimal("restSeconds", places: 3),
            bodyLoadGrams: try fields.decimal("bodyLoadKg", places: 3))
    }
}
