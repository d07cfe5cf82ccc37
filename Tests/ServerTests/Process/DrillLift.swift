import Foundation
import Protocol
import TestKit
import Testing

/// One athlete who lifts on one socket and remembers every answer.
actor DrillLift {
    nonisolated let workout = WorkoutID.make()
    private let entry = EntryID.make()
    private let talker: LiveTalker
    /// The ops that were answered `ok`, in order.
    private(set) var acknowledged: [OpID] = []
    /// How many of them were called durable.
    private(set) var durableCount = 0

    private init(_ talker: LiveTalker) { self.talker = talker }

    static func begin(on url: String, token: String) async throws -> DrillLift {
        let port = try #require(URL(string: url)?.port)
        let lift = DrillLift(try await LiveTalker.connect(port: port, token: token))
        try await lift.apply([
            .start(WorkoutDetails(name: "Drill")), .addEntry(EntryDetails(id: lift.entry, name: "Bench Press")),
        ])
        return lift
    }

    func sets(_ count: Int) async throws { try await apply((0..<count).map { _ in set() }) }

    /// Waits until everything acknowledged is durable.
    func durable() async throws {
        let wanted = acknowledged.count
        guard durableCount < wanted else { return }
        _ = try await talker.next { if case .durable(_, _, let seq) = $0 { seq >= wanted } else { false } }
        durableCount = wanted
    }

    func goodbye() async throws { _ = try await talker.next { if case .goodbye = $0 { true } else { false } } }

    /// The code that one more set is refused with.
    func refusedSet() async throws -> Refusal.Code? {
        try await talker.op(workout, WorkoutOp(id: .make(), at: .now, action: set())).refusal?.code
    }

    private func set() -> WorkoutAction { .logSet(.make(), entry: entry, SetValues(weightGrams: 100_000, reps: 5)) }

    private func apply(_ actions: [WorkoutAction]) async throws {
        var sent: [(id: Int64, op: OpID)] = []
        for action in actions {
            let op = WorkoutOp(id: .make(), at: .now, action: action)
            sent.append((try await talker.send(.op(room: RoomName.workout(workout).text, op)), op.id))
        }
        for (id, op) in sent {
            let answer = try await talker.answer(to: id)
            #expect(answer.appliedSeq == Int64(acknowledged.count + 1), "\(answer)")
            acknowledged.append(op)
        }
    }
}
