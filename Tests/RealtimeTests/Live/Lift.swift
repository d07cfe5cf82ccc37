import Protocol
import TestKit

/// An athlete in the middle of a workout, on one connection.
struct Lift: Sendable {
    let athlete: Member
    let talker: LiveTalker
    let workout = WorkoutID.make()
    let entry = EntryID.make()

    var room: String { RoomName.workout(workout).text }

    /// Signs in, starts a workout and adds an exercise.
    static func begin(
        on server: LiveTestServer, by name: String = "Ada", visibility: Audience? = nil
    ) async throws -> Lift {
        let athlete = try await server.user(name)
        return try await begin(on: server, by: athlete, visibility: visibility)
    }

    static func begin(
        on server: LiveTestServer, by athlete: Member, visibility: Audience? = nil
    ) async throws -> Lift {
        let lift = Lift(athlete: athlete, talker: try await server.connect(athlete))
        _ = try await lift.op(.start(WorkoutDetails(name: "Monday", visibility: visibility)))
        _ = try await lift.op(.addEntry(EntryDetails(id: lift.entry, exerciseId: LiveTestServer.bench.id)))
        return lift
    }

    /// Asks for an op of now and gives the answer.
    @discardableResult
    func op(_ action: WorkoutAction, id: OpID = .make(), at: Timestamp = .now) async throws -> ServerFrame {
        try await talker.op(workout, WorkoutOp(id: id, at: at, action: action))
    }

    func set(_ kilograms: Int64 = 100, reps: Int64 = 5, id: SetID = .make()) -> WorkoutAction {
        .logSet(id, entry: entry, SetValues(weightGrams: kilograms * 1000, reps: reps))
    }

    /// Waits until everything up to `seq` is durable.
    func durable(_ seq: Int64) async throws {
        _ = try await talker.next { frame in
            if case .durable(_, _, let durable) = frame { durable >= seq } else { false }
        }
    }
}

extension ServerFrame {
    var isEnded: Bool { if case .ended = self { true } else { false } }
    var isEvent: Bool { if case .event = self { true } else { false } }
    var isGoodbye: Bool { if case .goodbye = self { true } else { false } }
    var friend: FriendPresence? { if case .friend(let friend) = self { friend } else { nil } }
    var cheer: Cheer? { if case .cheer(_, let cheer, _) = self { cheer } else { nil } }
    var presence: Presence? { if case .presence(_, let presence) = self { presence } else { nil } }
}
