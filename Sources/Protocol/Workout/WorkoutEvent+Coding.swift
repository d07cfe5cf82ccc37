extension WorkoutEvent {
    /// The event as one JSON object, as it is stored and sent.
    public var json: [UInt8] {
        var writer = JSONWriter(capacity: 384)
        writer.object { writer in
            writer.member("epoch", epoch)
            writer.member("seq", seq)
            writer.member("receivedAt", receivedAt)
            writer.member("opId", opId)
            writer.member("at", at)
            action.write(to: &writer)
            effects.write(to: &writer)
        }
        return writer.bytes
    }

    public init(_ json: JSONValue) throws(Refusal) {
        let fields = Fields(json)
        epoch = try fields.required("epoch", fields.integer("epoch"))
        seq = try fields.required("seq", fields.integer("seq"))
        opId = try fields.required("opId", fields.id("opId"))
        at = try fields.required("at", fields.time("at"))
        receivedAt = try fields.required("receivedAt", fields.time("receivedAt"))
        action = try WorkoutAction(json)
        effects = try Effects(fields)
    }
}

extension WorkoutEvent.Effects {
    func write(to writer: inout JSONWriter) {
        writer.flag("superseded", isSuperseded)
        writer.flag("clamped", isClamped)
        writer.flag("automatic", isAutomatic)
        writer.member("restEndsAt", restEndsAt)
        if let summary { writer.member("summary") { summary.write(to: &$0) } }
        if !hardSetHalves.isEmpty { MuscleCount.write("hardSets", hardSetHalves, to: &writer) }
        writer.member("estimatedOneRepMaxKg", thousandths: estimatedOneRepMaxGrams)
        writer.flag("estimateUnsure", isEstimateUnsure)
        PersonalRecord.write("records", records, to: &writer)
        PersonalRecord.write("recordsTakenBack", recordsTakenBack, to: &writer)
    }

    init(_ fields: Fields) throws(Refusal) {
        isSuperseded = try fields.bool("superseded") ?? false
        isClamped = try fields.bool("clamped") ?? false
        isAutomatic = try fields.bool("automatic") ?? false
        restEndsAt = try fields.time("restEndsAt")
        summary = fields.json["summary"] == nil ? nil : try Summary(fields.object("summary"))
        hardSetHalves = try MuscleCount.read(fields, "hardSets")
        estimatedOneRepMaxGrams = try fields.decimal("estimatedOneRepMaxKg", places: 3)
        isEstimateUnsure = try fields.bool("estimateUnsure") ?? false
        records = try PersonalRecord.read(fields, "records")
        recordsTakenBack = try PersonalRecord.read(fields, "recordsTakenBack")
    }
}

extension Summary {
    public func write(to writer: inout JSONWriter) {
        writer.member("tonnageKg", thousandths: tonnage)
        writer.member("workingSets", workingSets)
        writer.member("workingSeconds", thousandths: workingMilliseconds)
        writer.member("restingSeconds", thousandths: restingMilliseconds)
    }

    init(_ fields: Fields) throws(Refusal) {
        tonnage = try fields.decimal("tonnageKg", places: 3) ?? 0
        workingSets = try fields.integer("workingSets") ?? 0
        workingMilliseconds = try fields.decimal("workingSeconds", places: 3) ?? 0
        restingMilliseconds = try fields.decimal("restingSeconds", places: 3) ?? 0
    }
}

extension MuscleCount {
    /// An object of muscle names and sets, for example `{"chest": 3, "triceps": 1.5}`.
    static func write(_ name: StaticString, _ counts: [MuscleCount], to writer: inout JSONWriter) {
        writer.member(name) { writer in
            for count in counts {
                writer.name(count.muscle)
                writer.decimal(count.halves.clampingMultiply(5), places: 1)
            }
        }
    }

    static func read(_ fields: Fields, _ name: String) throws(Refusal) -> [MuscleCount] {
        guard fields.json[name] != nil else { return [] }
        let counts = try fields.object(name)
        var read: [MuscleCount] = []
        for member in counts.json.object?.members ?? [] {
            let tenths = try counts.required(member.name, counts.decimal(member.name, places: 1))
            read.append(MuscleCount(muscle: member.name, halves: tenths / 5))
        }
        return read
    }
}

extension PersonalRecord {
    static func write(_ name: StaticString, _ records: [PersonalRecord], to writer: inout JSONWriter) {
        guard !records.isEmpty else { return }
        writer.name(name)
        writer.array(records) { writer, record in
            writer.object { writer in
                writer.member("kind", record.kind.rawValue)
                writer.member("exerciseId", record.exerciseId)
                writer.member("setId", record.setId)
                writer.member("weightKg", thousandths: record.grams)
                writer.member("previousKg", thousandths: record.previousGrams)
            }
        }
    }

    static func read(_ fields: Fields, _ name: String) throws(Refusal) -> [PersonalRecord] {
        var records: [PersonalRecord] = []
        for json in fields.json[name]?.array ?? [] {
            let record = Fields(json)
            records.append(
                PersonalRecord(
                    kind: try record.required("kind", record.choice("kind")),
                    exerciseId: try record.required("exerciseId", record.id("exerciseId")),
                    setId: try record.required("setId", record.id("setId")),
                    grams: try record.required("weightKg", record.decimal("weightKg", places: 3)),
                    previousGrams: try record.decimal("previousKg", places: 3)))
        }
        return records
    }
}
