import Client
import Protocol
import TestKit
import Testing

@Suite("Rooms through the live client", .timeLimit(.minutes(10)))
struct LiveClientRoomTests {
    private func events(_ event: LiveEvent) -> [Int64]? {
        if case .room(_, .events(let events)) = event { events.map(\.seq) } else { nil }
    }

    private func replaced(_ event: LiveEvent) -> Bool? {
        if case .room(_, .replaced(let hadDiverged)) = event { hadDiverged } else { nil }
    }

    private func started() throws -> (ModelRoom, EntryID) {
        var room = ModelRoom(.make())
        let entry = EntryID.make()
        try room.apply(.start(WorkoutDetails(name: "Legs")))
        try room.apply(.addEntry(EntryDetails(id: entry, name: "Squat")))
        return (room, entry)
    }

    @Test("a followed workout is the fold of its snapshot and events")
    func follow() async throws {
        var (room, entry) = try started()
        try await RunningClient.with { running in
            await running.client.follow(room.workout)
            let connection = try await running.greet()
            let (id, name, since) = try await connection.subscription()
            #expect(name == room.name && since == nil)
            try await connection.send(.subscribed(id: id, room.answer(.snapshot(room.snapshot))))
            #expect(try await running.event(replaced) == false)
            let event = try room.apply(.logSet(.make(), entry: entry, SetValues(weightGrams: 100_000, reps: 5)))
            try await connection.send(room.frame(event))
            #expect(try await running.event(events) == [3])
            let mirror = try #require(await running.client.mirror(of: room.workout))
            #expect(mirror.state.stateHash == room.state.stateHash)
            #expect(mirror.position == Position(epoch: 1, seq: 3))
        }
    }

    @Test("a jump of seq is filled by a subscribe from the last event, without a reconnect")
    func gap() async throws {
        var (room, entry) = try started()
        try await RunningClient.with { running in
            await running.client.follow(room.workout)
            let connection = try await running.greet()
            try await connection.send(
                .subscribed(id: connection.subscription().id, room.answer(.snapshot(room.snapshot))))
            var made: [WorkoutEvent] = []
            for reps in 1...4 {
                made.append(
                    try room.apply(.logSet(.make(), entry: entry, SetValues(weightGrams: 50_000, reps: Int64(reps)))))
            }
            try await connection.send(room.frame(made[1]))
            let (id, _, since) = try await connection.subscription()
            #expect(since == Position(epoch: 1, seq: 2))
            // What arrives before the answer is in the answer.
            try await connection.send(room.frame(made[2]))
            try await connection.send(.page(id: id, room: room.name, events: made[..<2].map { EncodedEvent($0) }))
            try await connection.send(
                .subscribed(id: id, room.answer(.events(made[2...].map { EncodedEvent($0) }))))
            #expect(try await running.event(events) == [3, 4])
            #expect(try await running.event(events) == [5, 6])
            #expect(await running.client.mirror(of: room.workout)?.state.stateHash == room.state.stateHash)
        }
    }

    @Test("after a reconnect the room is resumed from the last event; a reset drops the state")
    func resume() async throws {
        var (room, entry) = try started()
        try await RunningClient.with { running in
            await running.client.follow(room.workout)
            let first = try await running.greet()
            try await first.send(.subscribed(id: first.subscription().id, room.answer(.snapshot(room.snapshot))))
            let lost = try room.apply(.logSet(.make(), entry: entry, SetValues(weightGrams: 1000, reps: 1)))
            try await first.send(room.frame(lost))
            #expect(try await running.event(events) == [3])
            try await first.drop()
            room.restart(keeping: 2)
            try room.apply(.logSet(.make(), entry: entry, SetValues(weightGrams: 2000, reps: 2)))
            let second = try await running.greet()
            let (id, _, since) = try await second.subscription()
            #expect(since == Position(epoch: 1, seq: 3))
            try await second.send(.subscribed(id: id, room.answer(.reset(room.snapshot))))
            #expect(try await running.event(replaced) == false)
            let mirror = try #require(await running.client.mirror(of: room.workout))
            #expect(mirror.state.stateHash == room.state.stateHash)
            #expect(mirror.position == Position(epoch: 2, seq: 3))
        }
    }

    @Test("a seq that a new epoch gives again is recognised as another history")
    func anotherHistory() async throws {
        var (room, entry) = try started()
        try await RunningClient.with { running in
            await running.client.follow(room.workout)
            let connection = try await running.greet()
            try await connection.send(
                .subscribed(id: connection.subscription().id, room.answer(.snapshot(room.snapshot))))
            try await connection.send(
                room.frame(room.apply(.logSet(.make(), entry: entry, SetValues(weightGrams: 1000, reps: 1)))))
            _ = try await running.event(events)
            room.restart(keeping: 2)
            try await connection.send(
                room.frame(room.apply(.logSet(.make(), entry: entry, SetValues(weightGrams: 2000, reps: 2)))))
            let (id, _, since) = try await connection.subscription()
            #expect(since == Position(epoch: 1, seq: 3))
            try await connection.send(.subscribed(id: id, room.answer(.reset(room.snapshot))))
            #expect(try await running.event(replaced) == false)
        }
    }

    @Test("a state whose hash does not fit is replaced and told as diverged")
    func hash() async throws {
        let (room, _) = try started()
        try await RunningClient.with { running in
            await running.client.follow(room.workout)
            let connection = try await running.greet()
            var snapshot = room.snapshot
            snapshot.stateHash = "0000000000000000"
            try await connection.send(.subscribed(id: connection.subscription().id, room.answer(.snapshot(snapshot))))
            #expect(try await running.event(replaced) == true)
        }
    }

    @Test("a workout that begins offline is seen at once and followed when its first op is applied")
    func beginsOffline() async throws {
        var room = ModelRoom(.make())
        try await RunningClient.with { running in
            let client = running.client
            await client.follow(room.workout)
            try await client.submit(.start(WorkoutDetails(name: "Run")), in: room.workout)
            #expect(await client.view(of: room.workout)?.status == .active)
            let connection = try await running.greet()
            let early = try await connection.subscription()
            try await connection.send(.error(id: early.id, Refusal(.noSuchRoom, "no such room")))
            let (id, op) = try await connection.op()
            let event = try room.apply(op)
            try await connection.send(.applied(id: id, epoch: event.epoch, seq: event.seq, isDurable: nil))
            let subscription = try await connection.subscription()
            try await connection.send(.subscribed(id: subscription.id, room.answer(.snapshot(room.snapshot))))
            #expect(try await running.event(replaced) == false)
            #expect(await client.view(of: room.workout)?.stateHash == room.state.stateHash)
        }
    }

    @Test("a room that ends is not asked for again")
    func ends() async throws {
        let (room, _) = try started()
        try await RunningClient.with { running in
            await running.client.follow(room.workout)
            let first = try await running.greet()
            try await first.send(.subscribed(id: first.subscription().id, room.answer(.snapshot(room.snapshot))))
            try await first.send(.ended(room: room.name))
            _ = try await running.event { if case .room(_, .ended) = $0 { true } else { nil } }
            try await first.drop()
            let second = try await running.greet()
            let op = QueuedOp.set(1, in: .make())
            try await running.client.submit([op])
            #expect(try await second.op().op == op.op)
        }
    }
}
