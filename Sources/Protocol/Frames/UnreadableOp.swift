/// What is known of an op that could not be read: enough to refuse what builds on it.
public struct UnreadableOp: Sendable {
    public let room: String
    public let id: OpID?
    /// What it would have made.
    public let made: OpTargets

    /// Nil when not even the room can be read.
    init?(_ json: JSONValue) {
        guard let room = json["room"]?.string else { return nil }
        func id(_ name: String) -> UUIDv7? { json[name]?.string.flatMap(UUIDv7.init) }
        self.room = room
        self.id = id("opId")
        switch json["kind"]?.string.flatMap(WorkoutAction.Kind.init) {
        case .workoutPlan, .workoutStart: made = OpTargets(isWorkout: true, ids: [])
        case .exerciseAdd: made = OpTargets(isWorkout: false, ids: Set([id("entryId")].compactMap(\.self)))
        case .setLog: made = OpTargets(isWorkout: false, ids: Set([id("setId")].compactMap(\.self)))
        default: made = OpTargets()
        }
    }
}
