import Client
import NIOHTTP1
import Protocol
import TestKit
import Testing

@Suite("Ops through the live client", .timeLimit(.minutes(10)))
struct LiveClientOpsTests {
    private let workout = WorkoutID.make()
    private var room: String { RoomName.workout(workout).text }

    private func isDurable(_ event: LiveEvent) -> OpID? {
        if case .op(let queued, .durable) = event { queued.op.id } else { nil }
    }

    private func refusal(_ event: LiveEvent) -> (OpID, Refusal)? {
        if case .op(let queued, .refused(let refusal)) = event { (queued.op.id, refusal) } else { nil }
    }

    @Test("ops made offline go out in order when there is a connection and leave the outbox when durable")
    func offline() async throws {
        let scratch = try Scratch()
        let ops = (1...3).map { QueuedOp.set($0, in: workout) }
        try await RunningClient.with(scratch: scratch) { running in
            try await running.client.submit(ops)
            let connection = try await running.greet()
            for (place, expected) in ops.enumerated() {
                let (id, op) = try await connection.op()
                #expect(op == expected.op)
                try await connection.send(.applied(id: id, epoch: 1, seq: Int64(place + 1), isDurable: nil))
            }
            try await connection.send(.durable(room: room, epoch: 1, seq: 2))
            #expect(try await running.event(isDurable) == ops[0].op.id)
            #expect(try await running.event(isDurable) == ops[1].op.id)
            #expect(await running.client.pendingOps(of: workout) == [ops[2].op])
            try await connection.send(.durable(room: room, epoch: 1, seq: 3))
            #expect(try await running.event(isDurable) == ops[2].op.id)
            #expect(await running.client.pendingCount == 0)
        }
        #expect(try Outbox(path: scratch.outbox).contents.queued.isEmpty)
    }

    @Test("what is not known durable goes again, in order, on the next connection")
    func again() async throws {
        let ops = (1...3).map { QueuedOp.set($0, in: workout) }
        // Not for the server's silence, which ends a connection too.
        try await RunningClient.with(configure: { $0.silence = .seconds(3600) }) { running in
            try await running.client.submit(ops)
            let first = try await running.greet()
            for seq in 1...2 {
                try await first.send(.applied(id: first.op().id, epoch: 1, seq: Int64(seq), isDurable: nil))
            }
            try await first.send(.durable(room: room, epoch: 1, seq: 1))
            _ = try await running.event(isDurable)
            try await first.drop()
            let second = try await running.greet()
            #expect(try await second.op().op == ops[1].op)
            #expect(try await second.op().op == ops[2].op)
        }
    }

    @Test("on a new epoch what the old one applied and did not make durable goes again")
    func newEpoch() async throws {
        let ops = (1...2).map { QueuedOp.set($0, in: workout) }
        try await RunningClient.with { running in
            try await running.client.submit(ops)
            let connection = try await running.greet()
            for seq in 1...2 {
                try await connection.send(
                    .applied(id: connection.op().id, epoch: 1, seq: Int64(seq), isDurable: nil))
            }
            // A durable of another epoch says nothing of these ops, whatever its seq.
            try await connection.send(.durable(room: room, epoch: 2, seq: 9))
            let (id, op) = try await connection.op()
            #expect(op == ops[0].op)
            try await connection.send(.applied(id: id, epoch: 1, seq: 1, isDurable: true))
            #expect(try await running.event(isDurable) == ops[0].op.id)
            #expect(try await connection.op().op == ops[1].op)
        }
    }

    @Test("a temporary refusal keeps the order: the refused op comes first, then those behind it")
    func order() async throws {
        let ops = (1...3).map { QueuedOp.set($0, in: workout) }
        try await RunningClient.with { running in
            try await running.client.submit(ops)
            let connection = try await running.greet()
            let requests = [try await connection.op(), try await connection.op(), try await connection.op()]
            try await connection.send(
                .error(id: requests[0].id, Refusal(.busy, "full", retryAfterMilliseconds: 5)))
            for request in requests[1...] {
                try await connection.send(.error(id: request.id, Refusal(.outOfOrder, "first the other")))
            }
            for expected in ops { #expect(try await connection.op().op == expected.op) }
        }
    }

    @Test("a new connection is made when a new epoch has lost what stands before the op that the server waits for")
    func lostBeforeGate() async throws {
        let ops = (1...3).map { QueuedOp.set($0, in: workout) }
        try await RunningClient.with { running in
            try await running.client.submit(ops)
            let first = try await running.greet()
            let requests = [try await first.op(), try await first.op(), try await first.op()]
            for (seq, request) in requests[..<2].enumerated() {
                try await first.send(.applied(id: request.id, epoch: 1, seq: Int64(seq + 1), isDurable: nil))
            }
            let busy = Refusal(.busy, "full", retryAfterMilliseconds: 60_000)
            try await first.send(.error(id: requests[2].id, busy))
            try await first.send(.durable(room: room, epoch: 2, seq: 0))
            let second = try await running.greet()
            for expected in ops { #expect(try await second.op().op == expected.op) }
        }
    }

    @Test("a permanent refusal is told, with what builds on the op, and kept until it is dismissed")
    func permanent() async throws {
        let scratch = try Scratch()
        let entry = EntryDetails(id: .make(), name: "Squat")
        let add = QueuedOp(workout: workout, op: WorkoutOp(id: .make(), at: .now, action: .addEntry(entry)))
        let set = QueuedOp.set(5, in: workout, entry: entry.id)
        let other = QueuedOp.set(6, in: workout)
        try await RunningClient.with(scratch: scratch, configure: { $0.window = 1 }) { running in
            try await running.client.submit([add, set, other])
            let connection = try await running.greet()
            try await connection.send(.error(id: connection.op().id, Refusal(.limitReached, "100 exercises")))
            #expect(try await running.event(refusal).0 == add.op.id)
            let dependent = try await running.event(refusal)
            #expect(dependent.0 == set.op.id && dependent.1.code == .dependsOnRefused)
            #expect(try await connection.op().op == other.op)
        }
        let reopened = try Outbox(path: scratch.outbox)
        #expect(reopened.contents.refused.map(\.queued) == [add, set])
        #expect(reopened.contents.queued == [other])
    }

    @Test("an op whose target stays unknown is given up when patience ends, and the others go on")
    func unknownTarget() async throws {
        let orphan = QueuedOp.set(1, in: workout)
        let other = QueuedOp.set(2, in: workout)
        try await RunningClient.with(configure: { $0.unknownTargetPatience = .zero }) { running in
            try await running.client.submit([orphan, other])
            let first = try await running.greet()
            try await first.send(.error(id: first.op().id, Refusal(.unknownTarget, "no such entry")))
            #expect(try await running.event(refusal).0 == orphan.op.id)
            let second = try await running.greet()
            #expect(try await second.op().op == other.op)
        }
    }

    @Test("an op that the server could not store is told as refused")
    func rejected() async throws {
        let op = QueuedOp.set(1, in: workout)
        try await RunningClient.with { running in
            try await running.client.submit([op])
            let connection = try await running.greet()
            try await connection.send(.applied(id: connection.op().id, epoch: 1, seq: 1, isDurable: nil))
            try await connection.send(.rejected(room: room, opId: op.op.id, message: "not stored"))
            #expect(try await running.event(refusal).1.code == .rejected)
            #expect(await running.client.refusedOps.map(\.queued) == [op])
            await running.client.dismiss(op.op.id)
            #expect(await running.client.refusedOps.isEmpty)
        }
    }

    @Test("an op too large for a frame is refused before it is queued")
    func tooLarge() async throws {
        try await RunningClient.with { running in
            let note = String(repeating: "x", count: 70_000)
            await #expect(throws: LiveClientError.self) {
                try await running.client.submit(.note(entry: nil, text: note, isShared: false), in: workout)
            }
            #expect(await running.client.pendingCount == 0)
        }
    }

    @Test("no more ops are sent than the server's burst allows")
    func burst() async throws {
        let ops = (1...20).map { QueuedOp.set($0, in: workout) }
        let limits = Welcome.Limits(frameBytes: 65536, subscriptions: 8, opsPerSecond: 100, opsBurst: 4)
        try await RunningClient.with { running in
            try await running.client.submit(ops)
            let connection = try await running.greet(limits: limits)
            for expected in ops {
                let (id, op) = try await connection.op()
                #expect(op == expected.op)
                try await connection.send(.applied(id: id, epoch: 1, seq: op.action.reps, isDurable: true))
            }
            for expected in ops { #expect(try await running.event(isDurable) == expected.op.id) }
        }
    }
}

extension WorkoutAction {
    fileprivate var reps: Int64 {
        if case .logSet(_, _, let values) = self { values.reps ?? 0 } else { 0 }
    }
}
