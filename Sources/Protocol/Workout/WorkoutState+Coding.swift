extension WorkoutState {
    /// The state as one JSON object; watchers get notes without their text unless they are shared.
    public func json(forWatchers: Bool) -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            writer.member("status", status.rawValue)
            writer.member("name", name)
            writer.member("visibility", visibility?.rawValue)
            writer.member("plannedFor", plannedFor)
            writer.member("startedAt", startedAt)
            writer.member("endedAt", endedAt)
            writer.member("pausedAt", pausedAt)
            writer.member("pausedSeconds", thousandths: pausedMilliseconds)
            writer.member("restingSeconds", thousandths: restingMilliseconds)
            if let rpeTenths { SetValues.writeTenths("rpe", rpeTenths, to: &writer) }
            writer.member("lastAt", lastAt)
            if let rest {
                writer.member("rest") { writer in
                    writer.member("startedAt", rest.startedAt)
                    writer.member("endsAt", rest.endsAt)
                    writer.member("running", rest.isRunning)
                }
            }
            note?.write(to: &writer, showsText: !forWatchers || sharedText(ofNoteOn: nil) != nil)
            writer.name("entries")
            writer.array(entries) { writer, entry in
                let showsText = !forWatchers || sharedText(ofNoteOn: entry.id) != nil
                writer.object { entry.write(to: &$0, showsNote: showsText) }
            }
            writer.member("summary") { summary.write(to: &$0) }
            MuscleCount.write("hardSets", hardSets, to: &writer)
        }
        return writer.bytes
    }

    public init(_ json: JSONValue) throws(Refusal) {
        self.init()
        let fields = Fields(json)
        status = try fields.required("status", fields.choice("status"))
        name = try fields.string("name")
        visibility = try fields.choice("visibility")
        plannedFor = try fields.string("plannedFor")
        startedAt = try fields.time("startedAt")
        endedAt = try fields.time("endedAt")
        pausedAt = try fields.time("pausedAt")
        pausedMilliseconds = try fields.decimal("pausedSeconds", places: 3) ?? 0
        restingMilliseconds = try fields.decimal("restingSeconds", places: 3) ?? 0
        rpeTenths = try fields.decimal("rpe", places: 1)
        lastAt = try fields.required("lastAt", fields.time("lastAt"))
        rest = try Rest(fields)
        note = try Note(fields)
        for entry in json["entries"]?.array ?? [] { append(try Entry(Fields(entry))) }
    }
}

extension WorkoutState.Rest {
    fileprivate init?(_ fields: Fields) throws(Refusal) {
        guard fields.json["rest"] != nil else { return nil }
        let rest = try fields.object("rest")
        startedAt = try rest.required("startedAt", rest.time("startedAt"))
        endsAt = try rest.required("endsAt", rest.time("endsAt"))
        isRunning = try rest.bool("running") ?? false
    }
}

extension WorkoutState.Note {
    fileprivate func write(to writer: inout JSONWriter, showsText: Bool) {
        writer.member("note") { writer in
            if showsText { writer.member("text", text) }
            writer.flag("shared", isShared)
        }
    }

    fileprivate init?(_ fields: Fields) throws(Refusal) {
        guard fields.json["note"] != nil else { return nil }
        let note = try fields.object("note")
        text = try note.string("text")
        isShared = try note.bool("shared") ?? false
    }
}

extension WorkoutState.Entry {
    fileprivate func write(to writer: inout JSONWriter, showsNote: Bool) {
        EntryDetails(
            id: id, exerciseId: exerciseId, name: name, primaryMuscles: primaryMuscles,
            secondaryMuscles: secondaryMuscles, supersetGroup: supersetGroup, restMilliseconds: restMilliseconds,
            bodyLoadGrams: bodyLoadGrams
        ).write(to: &writer)
        note?.write(to: &writer, showsText: showsNote)
        writer.flag("removed", isRemoved)
        writer.name("sets")
        writer.array(sets) { writer, set in
            writer.object { writer in
                writer.member("setId", set.id)
                set.values.write(to: &writer)
                writer.member("loggedAt", set.loggedAt)
                writer.member("changedAt", set.changedAt)
                writer.flag("deleted", set.isDeleted)
            }
        }
    }

    fileprivate init(_ fields: Fields) throws(Refusal) {
        self.init(try EntryDetails(fields))
        note = try WorkoutState.Note(fields)
        isRemoved = try fields.bool("removed") ?? false
        for json in fields.json["sets"]?.array ?? [] {
            let set = Fields(json)
            let loggedAt = try set.required("loggedAt", set.time("loggedAt"))
            append(
                WorkoutState.LoggedSet(
                    id: try set.required("setId", set.id("setId")), values: try SetValues(set), loggedAt: loggedAt,
                    changedAt: try set.time("changedAt") ?? loggedAt, isDeleted: try set.bool("deleted") ?? false))
        }
    }
}
