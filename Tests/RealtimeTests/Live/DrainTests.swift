import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

struct DrainTests {
    /// - Parameter queueBytes: of the next start; the smaller bound takes a few ops at a time.
    @Test(
        "ops that could not be stored are kept on disk and stored, once and in order, by the next start",
        arguments: [LiveConfiguration().queueBytes, 65_536])
    func spill(queueBytes: Int) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "spill-\(UUIDv7.make())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a left-over directory harms nobody
        let spill = Spill(directory: directory, logger: .silent)
        try await TestPostgres.withDatabase { database in
            let lift = try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let lift = try await Lift.begin(on: server)
                try await lift.durable(2)
                return lift
            }
            let ops = (1...20).map { _ in WorkoutOp(id: .make(), at: .now, action: lift.set()) }
            try spill.keep(
                ops.map { Spill.SpilledOp(workout: lift.workout, athlete: lift.athlete.userId, op: $0) }, at: .now)
            var configuration = LiveConfiguration()
            configuration.queueBytes = queueBytes
            for _ in 0..<2 {
                try await LiveTestServer.run(configuration, on: database) { server in
                    try await spill.recover(into: server.node.rooms, refusedTo: server.node.deadLetters)
                }
            }
            let stored = try await database.pool.query(
                "select op_id from workout_events where workout_id = \(lift.workout) and seq > 2 order by seq",
                as: (UUIDv7).self)
            #expect(stored == ops.map(\.id))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        }
    }

    @Test("what a drain finds waiting is kept as it is, the mark of the server's own ops too, and stored so")
    func drain() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "spill-\(UUIDv7.make())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a left-over directory harms nobody
        let spill = Spill(directory: directory, logger: .silent)
        try await TestPostgres.withDatabase { database in
            let workout = try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let lift = try await Lift.begin(on: server)
                try await lift.durable(2)
                let room = try await server.node.rooms.room(lift.workout)
                try await lift.whileUnstorable(in: database) {
                    try await lift.op(lift.set())
                    let complete = WorkoutOp(id: .make(), at: .now, action: .complete(rpeTenths: nil))
                    _ = try await room.submit(complete, isAutomatic: true)
                    let deadline = DrainDeadline(within: .zero)
                    deadline.begin()
                    try await server.node.drain(until: deadline, spill: spill)
                }
                return lift.workout
            }
            try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                try await spill.recover(into: server.node.rooms, refusedTo: server.node.deadLetters)
                let stored = try await server.node.rooms.context.loader.events(of: workout, after: 2, limit: 10)
                #expect(stored.map(\.event.effects.isAutomatic) == [false, true])
            }
        }
    }

    @Test("a kept op of the server's own is stored with its mark")
    func automatic() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "spill-\(UUIDv7.make())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }  // a left-over directory harms nobody
        let spill = Spill(directory: directory, logger: .silent)
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            let complete = WorkoutOp(id: .make(), at: .now, action: .complete(rpeTenths: nil))
            let kept = Spill.SpilledOp(
                workout: lift.workout, athlete: lift.athlete.userId, op: complete, isAutomatic: true)
            try spill.keep([kept], at: .now)
            try await spill.recover(into: server.node.rooms, refusedTo: server.node.deadLetters)
            let stored = try await server.node.rooms.context.loader.events(of: lift.workout, after: 2, limit: 10)
            #expect(stored.map(\.event.effects.isAutomatic) == [true])
        }
    }

    @Test("when nothing more may wait, ops are busy and change nothing")
    func busy() async throws {
        var configuration = LiveConfiguration()
        configuration.queueBytes = 1024
        try await LiveTestServer.run(configuration) { server in
            let ada = try await server.user("Ada")
            let talker = try await server.connect(ada)
            let refusal = try await talker.op(
                .make(), WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails()))
            )
            .refusal
            #expect(refusal?.code == .busy && refusal?.retryAfterMilliseconds == 1000)
        }
    }
}
