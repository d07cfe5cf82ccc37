import Client
import Protocol
import TestKit
import Testing

@Suite("What was refused with an op and goes out again behind its correction", .timeLimit(.minutes(5)))
struct ReturnTests {
    private let workout = WorkoutID.make()
    private let entry = EntryID.make()
    private let set = SetID.make()
    private let at = Timestamp.now

    private func op(_ action: WorkoutAction, after seconds: Int) -> QueuedOp {
        QueuedOp(workout: workout, op: WorkoutOp(id: .make(), at: at + .seconds(seconds), action: action))
    }

    /// An exercise that the server does not take, and what is done with it.
    private func exercise(group: Int64? = nil) -> [QueuedOp] {
        [
            op(.addEntry(EntryDetails(id: entry, exerciseId: .make(), supersetGroup: group)), after: 0),
            op(.logSet(set, entry: entry, SetValues(weightGrams: 100_000, reps: 5)), after: 1),
            op(.updateSet(set, SetValues(weightGrams: 100_000, reps: 6)), after: 2),
            op(.note(entry: entry, text: "heavy", isShared: false), after: 3),
        ]
    }

    private var correction: QueuedOp { op(.updateEntry(EntryDetails(id: entry, supersetGroup: 2)), after: 60) }

    private func mended(_ ops: [QueuedOp], by correction: QueuedOp) -> WorkoutOp {
        guard case .addEntry(var details) = ops[0].op.action else { return ops[0].op }
        details.supersetGroup = 2
        return WorkoutOp(id: correction.op.id, at: ops[0].op.at, action: .addEntry(details))
    }

    private func refusal(_ event: LiveEvent) -> OpID? {
        if case .op(let queued, .refused) = event { queued.op.id } else { nil }
    }

    /// Sends the ops and has the first refused, and all others for it.
    private func refuse(_ ops: [QueuedOp], _ running: inout RunningClient) async throws -> ScriptedConnection {
        try await running.client.submit(ops)
        let connection = try await running.greet()
        var requests: [Int64] = []
        for _ in ops { requests.append(try await connection.op().id) }
        try await connection.send(.error(id: requests[0], Refusal(.invalid, "no such exercise")))
        for request in requests.dropFirst() {
            try await connection.send(.error(id: request, Refusal(.dependsOnRefused, "its exercise was refused")))
        }
        for op in ops { #expect(try await running.event(refusal) == op.op.id) }
        return connection
    }

    private func expect(_ ops: [WorkoutOp], on connection: ScriptedConnection) async throws {
        for op in ops { #expect(try await connection.op().op == op) }
    }

    @Test("they go out behind it, in their order and under their ids, and are shown as refused no more")
    func goAgain() async throws {
        let scratch = try Scratch()
        let (ops, correction) = (exercise(), correction)
        let expected = [mended(ops, by: correction)] + ops[1...].map(\.op)
        try await RunningClient.with(scratch: scratch) { running in
            let connection = try await refuse(ops, &running)
            try await running.client.submit([correction])
            #expect(await running.client.refusedOps.isEmpty)
            try await expect(expected, on: connection)
        }
        let contents = try Outbox(path: scratch.outbox).contents
        #expect(contents.queued.map(\.op) == expected)
        #expect(contents.refused.isEmpty)
    }

    @Test("they go out also when the client was closed in between, before and after the correction")
    func survive() async throws {
        let scratch = try Scratch()
        let (ops, correction) = (exercise(), correction)
        let expected = [mended(ops, by: correction)] + ops[1...].map(\.op)
        try await RunningClient.with(scratch: scratch) { running in _ = try await refuse(ops, &running) }
        do {
            let client = try offline(scratch)
            #expect(await client.refusedOps.map(\.queued) == ops)
            try await client.submit([correction])
        }
        try await RunningClient.with(scratch: scratch) { running in
            #expect(await running.client.refusedOps.isEmpty)
            try await expect(expected, on: try await running.greet())
        }
    }

    private func offline(_ scratch: Scratch) throws -> LiveClient {
        let configuration = LiveConfiguration(
            server: ServerAddress(host: "127.0.0.1", port: 1), client: ClientInfo(name: "tests", version: "1"))
        return LiveClient(
            configuration, outbox: try Outbox(path: scratch.outbox), logger: .silent,
            tokens: { _ in AccessToken("token") })
    }

    @Test("what was corrected before and waits goes out before what builds on it")
    func waitingCorrection() async throws {
        let scratch = try Scratch()
        let ops = [op(.start(WorkoutDetails()), after: -1)] + exercise()
        try await RunningClient.with(scratch: scratch) { running in _ = try await refuse(ops, &running) }
        let fixes = [correction, op(.update(WorkoutDetails(name: "Legs")), after: 61)]
        let expected = [fixes[1], fixes[0]] + ops[2...]
        do {
            let client = try offline(scratch)
            for fix in fixes { try await client.submit([fix]) }
            #expect(await client.pendingOps(of: workout).map(\.id) == expected.map(\.op.id))
        }
        #expect(try Outbox(path: scratch.outbox).contents.queued.map(\.op.id) == expected.map(\.op.id))
    }

    @Test("two corrections at once, of an exercise and of a set in it, go out as corrected, and nothing else")
    func twoAtOnce() async throws {
        let scratch = try Scratch()
        let ops = exercise()
        try await RunningClient.with(scratch: scratch) { running in _ = try await refuse(ops, &running) }
        let better = op(.updateSet(set, SetValues(weightGrams: 90_000, reps: 5)), after: 61)
        let fixes = [correction, better]
        var pending: [OpID] = []
        do {
            let client = try offline(scratch)
            try await client.submit(fixes)
            pending = await client.pendingOps(of: workout).map(\.id)
        }
        #expect(pending.contains(better.op.id) && !pending.contains(ops[1].op.id))
        #expect(try Set(Outbox(path: scratch.outbox).contents.queued.map(\.op.id)) == Set(pending))
    }

    @Test("what was logged meanwhile and builds on what comes back goes out behind it")
    func loggedMeanwhile() async throws {
        let scratch = try Scratch()
        let (ops, late, correction) = (exercise(), op(.deleteSet(set), after: 20), correction)
        try await RunningClient.with(scratch: scratch) { running in _ = try await refuse(ops, &running) }
        let expected = [correction] + ops[1...] + [late]
        do {
            let client = try offline(scratch)
            for op in [late, correction] { try await client.submit([op]) }
            #expect(await client.pendingOps(of: workout).map(\.id) == expected.map(\.op.id))
        }
        #expect(try Outbox(path: scratch.outbox).contents.queued.map(\.op.id) == expected.map(\.op.id))
    }

    @Test("an earlier correction that was refused with it is in the new one and goes out no more")
    func merged() async throws {
        try await RunningClient.with { running in
            var ops = exercise()
            let wrong = op(.updateEntry(EntryDetails(id: entry, supersetGroup: 1)), after: 4)
            ops.append(wrong)
            let connection = try await refuseForGood(ops, &running)
            let correction = correction
            try await running.client.submit([correction])
            try await expect([mended(ops, by: correction)] + ops[1..<4].map(\.op), on: connection)
            #expect(await running.client.pendingOps(of: workout).map(\.id).contains(wrong.op.id) == false)
            #expect(await running.client.refusedOps.isEmpty)
        }
    }

    /// The same for a refusal that no waiting correction mends.
    private func refuseForGood(_ ops: [QueuedOp], _ running: inout RunningClient) async throws -> ScriptedConnection {
        try await running.client.submit(ops)
        let connection = try await running.greet()
        var requests: [Int64] = []
        for _ in ops { requests.append(try await connection.op().id) }
        try await connection.send(.rejected(room: RoomName.workout(workout).text, opId: ops[0].op.id, message: "no"))
        for op in ops { #expect(try await running.event(refusal) == op.op.id) }
        for request in requests {
            try await connection.send(.error(id: request, Refusal(.dependsOnRefused, "its exercise was refused")))
        }
        return connection
    }

    @Test("an answer that was given before the correction went out counts as none")
    func answeredBefore() async throws {
        try await RunningClient.with { running in
            let correction = correction
            let ops = exercise() + [correction]
            try await running.client.submit(ops)
            let connection = try await running.greet()
            var requests: [Int64] = []
            for _ in ops { requests.append(try await connection.op().id) }
            try await connection.send(.error(id: requests[0], Refusal(.invalid, "no such group")))
            for request in requests.dropFirst() {
                try await connection.send(.error(id: request, Refusal(.dependsOnRefused, "its exercise was refused")))
            }
            try await expect([mended(ops, by: correction)] + ops[1..<4].map(\.op), on: connection)
            #expect(await running.client.refusedOps.isEmpty)
        }
    }

    @Test("what is corrected while its exercise is still refused goes out when that is corrected, and behind it")
    func inSteps() async throws {
        try await RunningClient.with { running in
            let ops = exercise()
            let connection = try await refuse(ops, &running)
            let set = op(.updateSet(set, SetValues(weightGrams: 90_000, reps: 5)), after: 30)
            try await running.client.submit([set])
            let first = WorkoutOp(
                id: set.op.id, at: ops[1].op.at,
                action: .logSet(self.set, entry: entry, SetValues(weightGrams: 90_000, reps: 5)))
            let (request, sent) = try await connection.op()
            #expect(sent == first)
            try await connection.send(.error(id: request, Refusal(.dependsOnRefused, "its exercise was refused")))
            #expect(try await running.event(refusal) == first.id)
            let correction = correction
            try await running.client.submit([correction])
            try await expect([mended(ops, by: correction), ops[3].op, first], on: connection)
        }
    }

    @Test("an op on what was refused here is waited for by nobody when the server has forgotten the refusal")
    func forgotten() async throws {
        try await RunningClient.with { running in
            let ops = exercise()
            let connection = try await refuse(ops, &running)
            let late = op(.logSet(.make(), entry: entry, SetValues(reps: 1)), after: 90)
            let other = op(.pause, after: 91)
            try await running.client.submit([late, other])
            try await connection.send(.error(id: connection.op().id, Refusal(.unknownTarget, "no such entry")))
            #expect(try await running.event(refusal) == late.op.id)
            #expect(try await running.greet().op().op == other.op)
        }
    }
}
