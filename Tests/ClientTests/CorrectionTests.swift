import Client
import Protocol
import TestKit
import Testing

@Suite("What the server refuses for good, and what the athlete makes of it", .timeLimit(.minutes(5)))
struct CorrectionTests {
    private let workout = WorkoutID.make()
    private let entry = EntryID.make()
    private let set = SetID.make()
    private let at = Timestamp.now
    private var room: String { RoomName.workout(workout).text }

    private func op(_ action: WorkoutAction, after seconds: Int = 0) -> QueuedOp {
        QueuedOp(workout: workout, op: WorkoutOp(id: .make(), at: at + .seconds(seconds), action: action))
    }

    private func log(_ grams: Int64) -> QueuedOp { op(.logSet(set, entry: entry, values(grams))) }

    private func values(_ grams: Int64) -> SetValues { SetValues(weightGrams: grams, reps: 5) }

    private func refusal(_ event: LiveEvent) -> (OpID, Refusal)? {
        if case .op(let queued, .refused(let refusal)) = event { (queued.op.id, refusal) } else { nil }
    }

    private func correction(_ event: LiveEvent) -> WorkoutOp? {
        if case .op(_, .corrected(let op)) = event { op } else { nil }
    }

    @Test("values that the server would never take are refused before they are queued")
    func bounds() async throws {
        try await RunningClient.with { running in
            for action in [log(1_225_000).op.action, .startRest(milliseconds: 0), .complete(rpeTenths: 73)] {
                await #expect(throws: LiveClientError.self) {
                    try await running.client.submit([op(.pause), op(action)])
                }
            }
            #expect(await running.client.pendingCount == 0)
        }
    }

    @Test("a set that is refused goes again as the athlete has corrected it, under one id however often that is done")
    func queuedCorrection() async throws {
        let scratch = try Scratch()
        let (wrong, first) = (log(1_225_000), op(.updateSet(set, values(12_250)), after: 1))
        let (last, other) = (op(.updateSet(set, values(122_500)), after: 2), QueuedOp.set(6, in: workout))
        // An older client took the typing error.
        try await Outbox(path: scratch.outbox).append([wrong, other, first, last])
        let mended = QueuedOp(workout: workout, op: WorkoutOp(id: last.op.id, at: at, action: log(122_500).op.action))
        try await RunningClient.with(scratch: scratch) { running in
            let connection = try await running.greet()
            var requests: [(id: Int64, op: WorkoutOp)] = []
            for _ in 0..<4 { requests.append(try await connection.op()) }
            try await connection.send(.error(id: requests[0].id, Refusal(.invalid, "too heavy")))
            try await connection.send(.applied(id: requests[1].id, epoch: 1, seq: 1, isDurable: nil))
            for request in requests[2...] {
                try await connection.send(.error(id: request.id, Refusal(.dependsOnRefused, "its set was refused")))
            }
            let (id, op) = try await connection.op()
            #expect(op == mended.op)
            #expect(try await running.event(correction) == mended.op)
            #expect(await running.client.pendingOps(of: workout) == [mended.op, other.op])
            try await connection.send(.applied(id: id, epoch: 1, seq: 2, isDurable: nil))
            try await connection.drop()
            // Nothing was durable: both go again, in the order of their making.
            let second = try await running.greet()
            #expect(try await second.op().op == mended.op)
            #expect(try await second.op().op == other.op)
            #expect(await running.client.refusedOps.isEmpty)
        }
        #expect(try Outbox(path: scratch.outbox).contents.queued == [mended, other])
    }

    @Test("a correction made after the refusal is sent as the set itself")
    func lateCorrection() async throws {
        let scratch = try Scratch()
        let wrong = log(1_225_000)
        try await Outbox(path: scratch.outbox).append([wrong])
        let late = op(.updateSet(set, values(122_500)), after: 60)
        let mended = WorkoutOp(id: late.op.id, at: at, action: log(122_500).op.action)
        try await RunningClient.with(scratch: scratch) { running in
            let connection = try await running.greet()
            try await connection.send(.error(id: connection.op().id, Refusal(.invalid, "too heavy")))
            #expect(try await running.event(refusal).0 == wrong.op.id)
            try await running.client.submit([late])
            #expect(try await connection.op().op == mended)
            #expect(await running.client.refusedOps.isEmpty)
        }
        let contents = try Outbox(path: scratch.outbox).contents
        #expect(contents.queued.map(\.op) == [mended])
    }

    @Test("ops stay when their workout was begun already, by another device")
    func startedElsewhere() async throws {
        let start = op(.start(WorkoutDetails()))
        let add = op(.addEntry(EntryDetails(id: entry, name: "Sled")))
        try await RunningClient.with { running in
            try await running.client.submit([start, add])
            let connection = try await running.greet()
            try await connection.send(.error(id: connection.op().id, Refusal(.invalidState, "it is active")))
            #expect(try await running.event(refusal).0 == start.op.id)
            #expect(await running.client.pendingOps(of: workout) == [add.op])
        }
    }

    @Test("a new connection is made when the server waits for an op that was given up")
    func givenUp() async throws {
        let add = op(.addEntry(EntryDetails(id: entry, name: "Sled")))
        let (set, other) = (log(100_000), QueuedOp.set(6, in: workout))
        try await RunningClient.with { running in
            try await running.client.submit([add, set, other])
            let first = try await running.greet()
            let requests = [try await first.op(), try await first.op(), try await first.op()]
            try await first.send(.error(id: requests[0].id, Refusal(.limitReached, "100 exercises")))
            // The server had forgotten what it refused.
            try await first.send(.error(id: requests[1].id, Refusal(.unknownTarget, "no such entry")))
            let second = try await running.greet()
            #expect(try await second.op().op == other.op)
        }
    }
}
