import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

/// The room, its stored events, resumption and snapshots must tell one story.
@Suite(.serialized)
struct FoldFuzzTests {
    /// Sequences of one run; FITAI_FUZZ_SEQUENCES sets another number, FITAI_FUZZ_SEED the first seed.
    private static let sequences = number("FITAI_FUZZ_SEQUENCES") ?? 10_000
    private static let firstSeed = UInt64(number("FITAI_FUZZ_SEED") ?? Int.random(in: 1...1_000_000_000))

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap(Int.init) }

    @Test("room, stored events, resume and snapshot give the same state hash for random ops")
    func oneStory() async throws {
        print("fold fuzz: FITAI_FUZZ_SEED=\(Self.firstSeed), \(Self.sequences) sequences")
        var configuration = LiveConfiguration()
        configuration.ringEvents = 8
        try await LiveTestServer.run(configuration) { server in
            let batch = 100
            for start in stride(from: 0, to: Self.sequences, by: batch) {
                // Another athlete each: nobody has as many workouts.
                let athlete = try await server.user("Ada")
                // A batch at once: what it writes is committed together, and every core has something to do.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in start..<min(start + batch, Self.sequences) {
                        let seed = Self.firstSeed + UInt64(index)
                        group.addTask { try await check(try await lift(seed, athlete, server), seed, server) }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    /// Applies one sequence; in some, a new epoch is opened on the way.
    private func lift(_ seed: UInt64, _ athlete: Member, _ server: LiveTestServer) async throws -> WorkoutRoom {
        var fuzzer = OpFuzzer(seed: seed, now: .now)
        let ops = fuzzer.ops()
        let room = try await server.node.rooms.room(.make(), creator: athlete.userId)
        let middle = seed % 16 == 0 ? ops.count / 2 : ops.count
        await room.submitAll(ops[..<middle], seed)
        if middle < ops.count {
            await room.restart()
            await room.submitAll(ops[middle...], seed)
        }
        return room
    }

    private func check(_ room: WorkoutRoom, _ seed: UInt64, _ server: LiveTestServer) async throws {
        let history = await room.history
        let known = try #require(history.ops.values.max { $0.seq < $1.seq })
        let last = OpAnswer(epoch: known.epoch, seq: known.seq, isRepeat: false, isDurable: false)
        #expect(await room.waitUntilDurable(last, limit: Watchdog.patience), "seed \(seed)")
        let stored = try await server.node.rooms.context.loader.events(of: room.id, after: 0, limit: 1000)
        let hash = history.state.stateHash

        #expect(stored.map(\.event.seq) == Array(1...history.seq), "seed \(seed)")
        #expect(Set(stored.map(\.event.opId)).count == stored.count, "seed \(seed)")
        var folded = WorkoutState()
        for event in stored { folded.apply(event.event) }
        #expect(folded.stateHash == hash, "stored events, seed \(seed)")

        var watcher = WorkoutState()
        for event in stored { watcher.apply(event.event.forWatchers(in: history.state)) }
        #expect(watcher.stateHash == hash, "watchers' events, seed \(seed)")

        let cut = stored[Int(seed % UInt64(stored.count))].event
        let since = Position(epoch: cut.epoch, seq: cut.seq)
        #expect(history.contains(since), "seed \(seed)")
        var resumed = WorkoutState()
        for event in stored where event.event.seq <= cut.seq { resumed.apply(event.event) }
        resumed = try WorkoutState(JSONReader.parse(resumed.json(forWatchers: true)))
        let missing =
            history.events(after: cut.seq)
            ?? stored.filter { $0.event.seq > cut.seq }.map { EncodedEvent(seq: $0.event.seq, json: $0.json) }
        for event in missing { resumed.apply(try event.decoded()) }
        #expect(resumed.stateHash == hash, "resumed after \(cut.seq), seed \(seed)")
        #expect(resumed.summary == history.state.summary, "seed \(seed)")

        let snapshot = await room.snapshot(forWatchers: true)
        #expect(snapshot.stateHash == hash, "snapshot, seed \(seed)")
        let read = try snapshot.decoded().stateHash
        #expect(read == hash, "snapshot read, seed \(seed)")
    }
}

extension WorkoutRoom {
    /// Submits ops and checks after each that a refusal changed nothing and a repeat got its first answer.
    fileprivate func submitAll(_ ops: ArraySlice<WorkoutOp>, _ seed: UInt64) {
        for op in ops {
            let before = history
            do throws(Refusal) {
                let answer = try submit(op)
                if let known = before.ops[op.id] {
                    #expect(answer.isRepeat && answer.seq == known.seq && history.seq == before.seq, "seed \(seed)")
                } else {
                    #expect(answer.seq == before.seq + 1, "seed \(seed)")
                }
            } catch {
                #expect(history.seq == before.seq && history.state == before.state, "\(error), seed \(seed)")
            }
        }
    }
}
