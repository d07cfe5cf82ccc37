import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

@Suite("Rooms, rings and pages are bounded in bytes")
struct RoomBoundTests {
    /// Starts a workout whose room nobody follows.
    private func begin(_ athlete: Member, on server: LiveTestServer) async throws(Refusal) -> WorkoutID {
        let workout = WorkoutID.make()
        let start = WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails(name: "Monday")))
        try await server.node.rooms.submit(start, to: workout, by: athlete.userId)
        return workout
    }

    @Test("beyond their bound the rooms that nobody needs are unloaded, least recently used first, and nothing is lost")
    func unloads() async throws {
        var configuration = LiveConfiguration()
        configuration.roomBytes = 40_000
        try await LiveTestServer.run(configuration) { server in
            let athlete = try await server.user("Ada")
            var workouts: [WorkoutID] = []
            for _ in 0..<30 { workouts.append(try await begin(athlete, on: server)) }
            let rooms = server.node.rooms
            let open = await rooms.openRooms
            #expect(
                open.count < 15 && open.contains { $0.id == workouts[29] } && !open.contains { $0.id == workouts[0] })
            for workout in workouts {
                #expect(try await rooms.view(workout, for: athlete.userId).state.name == "Monday")
            }
        }
    }

    @Test(
        "when every room is needed a further one is busy, those that are open go on, and there is space when one is left"
    )
    func busy() async throws {
        var configuration = LiveConfiguration()
        configuration.roomBytes = 25_000
        configuration.connectionsPerUser = 100
        try await LiveTestServer.run(configuration) { server in
            let athlete = try await server.user("Ada")
            var lifts: [Lift] = []
            var refusal: Refusal?
            while refusal == nil, lifts.count < 50 {
                let lift = Lift(athlete: athlete, talker: try await server.connect(athlete))
                let answer = try await lift.op(.start(WorkoutDetails(name: "Monday")))
                refusal = answer.refusal
                guard refusal == nil else { continue }
                lifts.append(lift)
                _ = try await lift.talker.subscribe(lift.workout)
            }
            #expect(refusal?.code == .busy && refusal?.code.isTemporary == true)
            let first = try #require(lifts.first)
            #expect(try await first.op(.note(entry: nil, text: "on", isShared: false)).appliedSeq == 2)
            try await first.durable(2)
            _ = try await server.node.rooms.view(first.workout, for: athlete.userId)
        }
    }

    /// Starts workouts and follows them until one is refused.
    private func fill(_ athlete: Member, on server: LiveTestServer) async throws -> ([Lift], Refusal?) {
        let talker = try await server.connect(athlete)
        var lifts: [Lift] = []
        while lifts.count < 200 {
            let lift = Lift(athlete: athlete, talker: talker)
            if let refusal = try await lift.op(.start(WorkoutDetails(name: "Monday"))).refusal {
                return (lifts, refusal)
            }
            lifts.append(lift)
            _ = try await talker.subscribe(lift.workout)
        }
        return (lifts, nil)
    }

    private static func bounded() -> LiveConfiguration {
        var configuration = LiveConfiguration()
        configuration.roomBytes = 60_000
        configuration.opsBurst = 10_000
        return configuration
    }

    @Test("an account that follows its own workouts without end takes its share of the bound, and others' rooms open")
    func share() async throws {
        try await LiveTestServer.run(Self.bounded()) { server in
            let (lifts, refusal) = try await fill(try await server.user("Ada"), on: server)
            #expect(refusal?.code == .busy && refusal?.retryAfterMilliseconds != nil)
            _ = try await begin(try await server.user("Ben"), on: server)
            // What it leaves is space for it again.
            for lift in lifts {
                try await lift.durable(1)
                _ = try await lift.talker.ask(.unsubscribe(room: lift.room))
            }
            try await eventually {
                try await lifts[0].op(.start(WorkoutDetails(name: "Tuesday"))).refusal?.code != .busy
            }
        }
    }

    @Test("workouts that grow while they are followed take at most two shares, and others' rooms open")
    func growth() async throws {
        try await LiveTestServer.run(Self.bounded()) { server in
            let (lifts, _) = try await fill(try await server.user("Ada"), on: server)
            let note = WorkoutAction.note(entry: nil, text: String(repeating: "x", count: 1500), isShared: true)
            var refusal: Refusal?
            for number in 0..<100 where refusal == nil {
                refusal = try await lifts[number % lifts.count].op(note).refusal
            }
            #expect(refusal?.code == .busy)
            let bytes = server.node.rooms.context.memory.bytes
            #expect(bytes < 45_000)
            _ = try await begin(try await server.user("Ben"), on: server)
            // What is left meanwhile makes space for those that go on, without a further one being opened.
            for lift in lifts.dropFirst() { _ = try await lift.talker.ask(.unsubscribe(room: lift.room)) }
            try await eventually {
                // Not on its connection, whose gate may wait for the op that was refused.
                do throws(Refusal) {
                    let op = WorkoutOp(id: .make(), at: .now, action: note)
                    try await server.node.rooms.submit(op, to: lifts[0].workout, by: lifts[0].athlete.userId)
                    return true
                } catch { return false }
            }
        }
    }

    @Test("who watches another's workouts without end takes the own share of the bound, not the athlete's")
    func watcher() async throws {
        try await LiveTestServer.run(Self.bounded()) { server in
            let (ada, eve) = (try await server.user("Ada"), try await server.user("Eve"))
            let rooms = server.node.rooms
            try await server.database.pool.execute(
                "update users set live_audience = 'public', workouts_audience = 'public' where id = \(ada.userId)")
            await rooms.privacyChanged(ada.userId)
            var workouts: [WorkoutID] = []
            for _ in 0..<60 {
                workouts.append(try await begin(ada, on: server))
                if workouts.count.isMultiple(of: 5) {
                    for room in await rooms.openRooms { await rooms.forgetIfSpare(room) }
                }
            }
            let talker = try await server.connect(eve)
            var refusal: Refusal?
            for workout in workouts where refusal == nil { refusal = try await talker.subscribe(workout).refusal }
            #expect(refusal?.code == .busy)
            _ = try await begin(ada, on: server)
        }
    }

    @Test("one connection's ops in any number of workouts leave space for others, and each workout goes on")
    func oneConnection() async throws {
        var configuration = LiveConfiguration()
        configuration.roomBytes = 25_000
        configuration.linkGrace = .zero
        try await LiveTestServer.run(configuration) { server in
            let athlete = try await server.user("Ada")
            let talker = try await server.connect(athlete)
            let lifts = (0..<40).map { _ in Lift(athlete: athlete, talker: talker) }
            for lift in lifts {
                let answer = try await lift.op(.start(WorkoutDetails(name: "Monday")))
                #expect(answer.appliedSeq == 1)
                try await lift.durable(1)
            }
            _ = try await begin(try await server.user("Ben"), on: server)
            let first = try #require(lifts.first)
            #expect(await server.node.rooms.isInMemory(first.workout) == false)
            // The connection has forgotten the room, and its next op opens it.
            #expect(try await first.op(.pause).appliedSeq == 2)
            try await first.durable(2)
        }
    }

    @Test("a ring keeps at most a mebibyte of durable events, and a resume of all of them comes in pages of 256 KiB")
    func ringAndPages() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let text = String(repeating: "é", count: 2000)
            let rooms = server.node.rooms
            var last: OpAnswer?
            for _ in 0..<400 {
                let note = WorkoutOp(id: .make(), at: .now, action: .note(entry: nil, text: text, isShared: true))
                last = try await rooms.apply(note, to: lift.workout, by: lift.athlete.userId)
            }
            let room = try await rooms.room(lift.workout)
            let answer = try #require(last)
            #expect(await room.waitUntilDurable(answer, limit: Watchdog.patience))
            #expect(await room.history.ringBytes <= RoomHistory.ringBytesLimit)
            let slow = try await server.connect(lift.athlete)
            try await slow.socket.stopReading()
            let position = Position(epoch: answer.epoch, seq: 1)
            let id = try await slow.send(.subscribe(room: lift.room, since: position, wantsEvents: true))
            try await expectOnePageWaits(for: server.connections.last)
            // Others are served meanwhile, and no further page has come.
            try await lift.op(.pause)
            try await lift.durable(answer.seq + 1)
            try await expectOnePageWaits(for: server.connections.last)
            try await slow.socket.startReading()
            let whole = try await slow.answer(to: id)
            guard case .events(let rest)? = whole.subscribed?.content else {
                Issue.record("no events")
                return
            }
            var seqs: [Int64] = []
            let pages = try await slow.frames { if case .page = $0 { true } else { false } }
            for case .page(_, _, let events) in pages {
                #expect(events.reduce(0) { $0 + $1.json.count } <= WorkoutRoom.pageBytes)
                seqs += events.map(\.seq)
            }
            #expect(pages.count > 4)
            #expect(rest.reduce(0) { $0 + $1.json.count } <= WorkoutRoom.pageBytes)
            #expect(seqs + rest.map(\.seq) == Array(2...answer.seq + 1))
        }
    }

    /// Waits until a connection's reader is stuck, and expects that no more than a page waits for it.
    private func expectOnePageWaits(for connection: SocketConnection?) async throws {
        let connection = try #require(connection)
        try await eventually { try await connection.onLoop { $0.queue.bytes + $0.parkedBytes > 0 } }
        let bytes = try await connection.onLoop { $0.queue.bytes + $0.parkedBytes }
        #expect(bytes <= WorkoutRoom.pageBytes + 4096)
    }

    @Test("what waits to be stored stays within its bound, also when an exercise goes with hundreds of sets")
    func queue() async throws {
        var configuration = LiveConfiguration()
        configuration.queueBytes = 100_000
        configuration.opsBurst = 10_000
        let queueBytes = configuration.queueBytes
        try await LiveTestServer.run(configuration) { server in
            let lift = try await Lift.begin(on: server)
            for number in 1...600 {
                try await lift.op(lift.set())
                if number.isMultiple(of: 50) { try await lift.durable(Int64(number + 2)) }
            }
            try await lift.whileUnstorable(in: server.database) {
                let refusal = try await lift.op(.removeEntry(lift.entry)).refusal
                #expect(refusal?.code == .busy)
                #expect(server.node.writeBehind.pendingBytes <= queueBytes)
            }
            // What was set aside is given back.
            let pause = WorkoutOp(id: .make(), at: .now, action: .pause)
            try await server.node.rooms.submit(pause, to: lift.workout, by: lift.athlete.userId)
            try await eventually { server.node.writeBehind.pendingBytes == 0 }
        }
    }
}

extension Rooms {
    /// Unloads a room that nobody needs.
    fileprivate func forgetIfSpare(_ room: WorkoutRoom) async {
        if await room.unloadIfSpare() { forget(room) }
    }
}
