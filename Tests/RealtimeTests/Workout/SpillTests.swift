import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

@Suite("Kept ops")
struct SpillTests {
    private func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "spill-\(UUIDv7.make())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a left-over directory harms nobody
        try await body(directory)
    }

    private func names(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    private func pauses(_ count: Int) -> [Spill.SpilledOp] {
        (0..<count).map { _ in
            Spill.SpilledOp(workout: .make(), athlete: .make(), op: WorkoutOp(id: .make(), at: .now, action: .pause))
        }
    }

    @Test("a torn tail costs the torn op and no other")
    func tornTail() {
        let ops = pauses(3)
        let bytes = ops.flatMap(SpillFrames.frame)
        let reading = SpillFrames.read(Array(bytes.dropLast(5)))
        #expect(reading.contents == ops.prefix(2).map { .op($0) })
        #expect(reading.damaged.count == 1)
    }

    @Test("one changed byte, wherever it is, costs at most the op it is in; random bytes between frames cost none")
    func damage() {
        let seed = UInt64.random(in: 1...1_000_000_000)
        var random = SplitMix64(state: seed)
        let ops = pauses(40)
        let frames = ops.map(SpillFrames.frame)
        for _ in 0..<2000 {
            var bytes = frames.flatMap(\.self)
            let place = Int.random(in: bytes.indices, using: &random)
            bytes[place] ^= UInt8.random(in: 1...255, using: &random)
            var hit = 0
            var start = 0
            while start + frames[hit].count <= place {
                start += frames[hit].count
                hit += 1
            }
            let reading = SpillFrames.read(bytes)
            let others = ops[..<hit] + ops[(hit + 1)...]
            #expect(reading.contents == others.map { .op($0) }, "seed \(seed), byte \(place)")
            #expect(reading.damaged == [start..<start + frames[hit].count], "seed \(seed), byte \(place)")
        }
        for _ in 0..<200 {
            let noise = (0..<Int.random(in: 1...500, using: &random)).map { _ in
                UInt8.random(in: 1...255, using: &random)
            }
            let reading = SpillFrames.read(frames[0] + noise + frames[1] + noise)
            #expect(reading.contents == ops.prefix(2).map { .op($0) }, "seed \(seed)")
        }
    }

    @Test("files of the earlier form, without marks, are read as well")
    func earlierForm() {
        let ops = pauses(3)
        let bytes = ops.flatMap { Array(SpillFrames.frame($0).dropFirst(4)) }
        #expect(SpillFrames.read(bytes).contents == ops.map { .op($0) })
    }

    @Test("ops go into the space that was set aside; zeros behind them are no damage")
    func reserve() async throws {
        try await withDirectory { directory in
            let spill = Spill(directory: directory, reserveBytes: 1 << 20, logger: .silent)
            spill.prepare()
            let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/reserve")
            #expect(attributes[.size] as? Int == 1 << 20)
            let ops = pauses(5)
            try spill.keep(ops, at: Timestamp(milliseconds: 7))
            #expect(try names(directory) == ["7.ops"])
            let zeros = [UInt8](repeating: 0, count: 5000)
            #expect(SpillFrames.read(ops.flatMap(SpillFrames.frame) + zeros).damaged.isEmpty)
            #expect(try spill.read(directory + "/7.ops").contents == ops.map { .op($0) })
        }
    }

    @Test("what a drain had begun to write when it was ended is offered by the next start")
    func begun() async throws {
        try await withDirectory { directory in
            let spill = Spill(directory: directory, reserveBytes: 1 << 20, logger: .silent)
            spill.prepare()
            let ops = pauses(5)
            let handle = try #require(FileHandle(forUpdatingAtPath: directory + "/reserve"))
            try handle.write(contentsOf: ops.flatMap(SpillFrames.frame))
            try handle.close()
            spill.prepare()
            let file = try #require(try names(directory).first { $0.hasSuffix(".ops") })
            #expect(try names(directory).contains("reserve"))
            #expect(try spill.read("\(directory)/\(file)").contents == ops.map { .op($0) })
        }
    }

    @Test(
        "damage is stepped over and its file kept; a refused op and an unreadable one are dead letters; the rest is stored"
    )
    func recovery() async throws {
        try await withDirectory { directory in
            try await LiveTestServer.run { server in
                let lift = try await Lift.begin(on: server)
                try await lift.durable(2)
                func kept(_ action: WorkoutAction) -> Spill.SpilledOp {
                    Spill.SpilledOp(
                        workout: lift.workout, athlete: lift.athlete.userId,
                        op: WorkoutOp(id: .make(), at: .now, action: action))
                }
                let good = (0..<6).map { _ in kept(lift.set()) }
                let refused = kept(lift.set(1001))
                let unreadable = Array(#"{"workoutId":"\#(lift.workout)","op":7}"#.utf8)
                var broken = SpillFrames.frame(good[2])
                broken[20] ^= 1
                let frames =
                    [SpillFrames.frame(good[0]), SpillFrames.frame(good[1]), broken, SpillFrames.frame(refused)]
                    + [Self.frame(unreadable)] + good[3...].map(SpillFrames.frame)
                try Data(frames.flatMap(\.self)).write(to: URL(filePath: directory + "/1.ops"))
                let log = LogRecorder()
                let spill = Spill(directory: directory, logger: log.logger)
                for _ in 0..<2 {
                    try await spill.recover(into: server.node.rooms, refusedTo: server.node.deadLetters)
                }
                let stored = try await server.database.pool.query(
                    "select op_id from workout_events where workout_id = \(lift.workout) and seq > 2 order by seq",
                    as: UUIDv7.self)
                #expect(stored == [good[0], good[1], good[3], good[4], good[5]].map(\.op.id))
                #expect(try names(directory) == ["1.ops.damaged"])
                let told = log.metadata(of: "error a file of kept ops was damaged")
                #expect(told.map { $0["spill.file"] } == ["\(directory)/1.ops.damaged"])
                #expect(told.map { $0["spill.lostBytes"] } == ["\(broken.count)"])
                #expect(!log.lines.contains { $0.contains("kept ops were stored") })
                let letters = try await server.node.deadLetters.list()
                #expect(letters.map(\.op?.id) == [refused.op.id, nil])
                #expect(letters.map(\.workout) == [lift.workout, lift.workout])
                #expect(letters[1].reason.contains("unreadable"))
                #expect(try await server.node.deadLetters.requestRetry(letters[1].id))
                await server.node.deadLetters.retryRequested(in: server.node.rooms)
            }
        }
    }

    @Test("neither an unreadable op nor one that Postgres refuses keeps a start or its workout from going on")
    func poisonous() async throws {
        try await TestPostgres.withDatabase { database in
            let lift = try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let lift = try await Lift.begin(on: server)
                try await lift.durable(2)
                return lift
            }
            func kept(_ action: WorkoutAction) -> Spill.SpilledOp {
                Spill.SpilledOp(
                    workout: lift.workout, athlete: lift.athlete.userId,
                    op: WorkoutOp(id: .make(), at: .now, action: action))
            }
            let (unknown, poison, good) = (
                kept(.logSet(.make(), entry: .make(), SetValues(weightGrams: 1000, reps: 1))), kept(lift.set(666)),
                kept(lift.set())
            )
            let unreadable = Array(#"{"workoutId":"\#(lift.workout)","op":7}"#.utf8)
            let frames = Self.frame(unreadable) + [unknown, poison, good].flatMap(SpillFrames.frame)
            try await withDirectory { directory in
                let spill = Spill(directory: directory, logger: .silent)
                try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                    try await server.refuseDevils()
                    try Data(frames).write(to: URL(filePath: directory + "/1.ops"))
                    try await spill.recover(into: server.node.rooms, refusedTo: server.node.deadLetters)
                    // A start that died before it removed the file.
                    try Data(frames).write(to: URL(filePath: directory + "/1.ops"))
                    try await spill.recover(into: server.node.rooms, refusedTo: server.node.deadLetters)
                    #expect(try names(directory).isEmpty)
                    let letters = try await server.node.deadLetters.list()
                    #expect(letters.map(\.op?.id) == [nil, unknown.op.id, poison.op.id])
                }
            }
            try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let talker = try await server.connect(lift.athlete)
                #expect(try await talker.op(lift.workout, good.op).appliedSeq == 3)
                #expect(try await talker.op(lift.workout, poison.op).refusal?.code == .rejected)
                // Refused by its workout only, it may come again.
                #expect(try await talker.op(lift.workout, unknown.op).refusal?.code == .unknownTarget)
            }
        }
    }

    @Test("an op of an athlete who is gone, or of a history that cannot be read, does not keep a start from going on")
    func outOfReach() async throws {
        try await withDirectory { directory in
            try await LiveTestServer.run { server in
                let damaged = try await Lift.begin(on: server)
                try await damaged.durable(2)
                let room = try await server.node.rooms.room(damaged.workout)
                try await damaged.talker.socket.close()
                while await !room.unloadIfIdle(after: .zero) {}
                await server.node.rooms.forget(room)
                try await server.database.pool.execute(
                    """
                    update workout_events set body = jsonb_set(body::jsonb, '{kind}', '"set.lift"')::json
                    where workout_id = \(damaged.workout) and seq = 2
                    """)
                let good = try await Lift.begin(on: server, by: "Ben")
                func kept(_ lift: Lift, by athlete: UserID, _ action: WorkoutAction) -> Spill.SpilledOp {
                    Spill.SpilledOp(
                        workout: lift.workout, athlete: athlete, op: WorkoutOp(id: .make(), at: .now, action: action))
                }
                let gone = kept(
                    Lift(athlete: good.athlete, talker: good.talker), by: .make(), .start(WorkoutDetails(name: "Gone")))
                let ops = [
                    gone, kept(damaged, by: damaged.athlete.userId, damaged.set()),
                    kept(damaged, by: damaged.athlete.userId, damaged.set()),
                    kept(good, by: good.athlete.userId, good.set()),
                ]
                try Data(ops.flatMap(SpillFrames.frame)).write(to: URL(filePath: directory + "/1.ops"))
                let spill = Spill(directory: directory, patience: .zero, logger: .silent)
                try await spill.recover(into: server.node.rooms, refusedTo: server.node.deadLetters)
                #expect(try names(directory).isEmpty)
                let letters = try await server.node.deadLetters.list()
                #expect(letters.map(\.op?.id) == ops.prefix(3).map(\.op.id))
                let stored = try await server.database.pool.query(
                    "select op_id from workout_events where op_id = \(ops[3].op.id)", as: UUIDv7.self)
                #expect(stored.count == 1)
                // The athlete's own device is told to wait, not that its log is wrong.
                let answer = try await server.connect(damaged.athlete).op(damaged.workout, ops[1].op)
                #expect(answer.refusal?.code == .unavailable)
            }
        }
    }

    @Test("a letter whose retry storage cannot take now is offered again")
    func retryInVain() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            let spilled = Spill.SpilledOp(
                workout: lift.workout, athlete: lift.athlete.userId,
                op: WorkoutOp(id: .make(), at: .now, action: lift.set()))
            let letters = server.node.deadLetters
            try await letters.insert(DeadLetters.NewLetter(spilled, reason: "a test"))
            let letter = try #require(try await letters.list().first)
            #expect(try await letters.requestRetry(letter.id))
            await server.node.rooms.drain()
            try await lift.talker.socket.close()
            let room = try await server.node.rooms.room(lift.workout)
            while await !room.unloadIfIdle(after: .zero) {}
            await letters.retryRequested(in: server.node.rooms)
            let waits = "select retry_requested_at is not null and resolved_at is null from dead_letters" as SQL
            #expect(try await server.database.pool.query(waits, as: Bool.self) == [true])
        }
    }

    /// A whole frame around any payload.
    private static func frame(_ payload: [UInt8]) -> [UInt8] { SpillFrames.frame(payload: payload) }
}
