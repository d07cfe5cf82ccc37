import Protocol
import Store
import Synchronization
import TestKit
import Testing

@testable import Realtime

@Suite("Live while memory is short")
struct ShortageTests {
    @Test("an op, the opening of a room and an upgrade are refused for now; what is open goes on")
    func refused() async throws {
        let isShort = Atomic(false)
        var configuration = LiveConfiguration()
        configuration.unloadAfter = .zero
        configuration.isShortOfMemory = { isShort.load(ordering: .relaxed) }
        try await LiveTestServer.run(configuration) { server in
            let lift = try await Lift.begin(on: server)
            let (ben, stored) = (try await server.user("Ben"), WorkoutID.make())
            try await server.befriend(lift.athlete, ben)
            let start = WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails(name: "Sunday")))
            try await server.node.rooms.submit(start, to: stored, by: lift.athlete.userId)
            try await server.unload(stored)
            let watcher = try await server.connect(ben)
            _ = try await watcher.subscribe(lift.workout)
            _ = try await lift.talker.subscribe(lift.workout)

            isShort.store(true, ordering: .relaxed)
            let set = WorkoutOp(id: .make(), at: .now, action: lift.set())
            let refusals = [
                try await lift.talker.op(lift.workout, set).refusal, try await lift.talker.subscribe(stored).refusal,
                try await lift.talker.op(.make(), start).refusal,
            ]
            for refusal in refusals {
                #expect(refusal?.code == .busy && refusal?.code.isTemporary == true)
                #expect(refusal?.retryAfterMilliseconds == 5000)
            }
            let late = try await RawSocket.connect(port: server.port)
            let answer = try await late.requestUpgrade(["Sec-WebSocket-Protocol: fitai.v1.json"])
            #expect(answer.hasPrefix("HTTP/1.1 503") && answer.lowercased().contains("retry-after: "), "\(answer)")
            // What needs no more memory goes on.
            #expect(try await watcher.ask(.cheer(room: lift.room, .clap)).refusal == nil)
            _ = try await lift.talker.next { $0.cheer != nil }
            #expect(try await watcher.subscribe(lift.workout).subscribed?.seq == 2)

            isShort.store(false, ordering: .relaxed)
            #expect(try await lift.talker.op(lift.workout, set).appliedSeq == 3)
            _ = try await watcher.next { $0.event?.seq == 3 }
            #expect(try await lift.talker.subscribe(stored).subscribed != nil)
            _ = try await server.connect(ben)
        }
    }
}
