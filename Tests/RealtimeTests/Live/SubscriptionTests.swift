import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

struct SubscriptionTests {
    @Test("without a position a subscriber gets the state and its hash, then live events")
    func snapshot() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await lift.op(lift.set())
            let answer = try await lift.talker.subscribe(lift.workout).subscribed
            guard case .snapshot(let snapshot)? = answer?.content else {
                Issue.record("\(String(describing: answer))")
                return
            }
            var state = try snapshot.decoded()
            #expect(state.stateHash == snapshot.stateHash && snapshot.seq == 3)
            try await lift.op(.startRest(milliseconds: 90_000))
            let event = try await lift.talker.next { $0.event?.seq == 4 }.event
            #expect(event?.effects.restEndsAt == event.map { $0.at + .seconds(90) })
            if let event { state.apply(event) }
            let room = try await server.node.rooms.room(lift.workout)
            let hash = await room.history.state.stateHash
            #expect(state.stateHash == hash)
        }
    }

    @Test("a long history comes in pages, without a hole or a repeat, while the workout goes on")
    func pages() async throws {
        var configuration = LiveConfiguration()
        configuration.ringEvents = 50
        configuration.opsBurst = 10_000
        try await LiveTestServer.run(configuration) { server in
            let lift = try await Lift.begin(on: server)
            var last: Int64 = 0
            for _ in 0..<700 {
                last = try await lift.talker.send(
                    .op(room: lift.room, WorkoutOp(id: .make(), at: .now, action: lift.set())))
            }
            #expect(try await lift.talker.answer(to: last).appliedSeq == 702)
            try await lift.durable(702)
            let reader = try await server.connect(lift.athlete)
            let id = try await reader.send(
                .subscribe(room: lift.room, since: Position(epoch: 1, seq: 2), wantsEvents: true))
            for _ in 0..<20 { try await lift.op(lift.set()) }
            let answer = try await reader.answer(to: id)
            var seqs: [Int64] = []
            for case .page(_, _, let events) in try await reader.frames(where: {
                if case .page = $0 { true } else { false }
            }) {
                seqs += events.map(\.seq)
            }
            guard case .events(let events)? = answer.subscribed?.content else {
                Issue.record("\(answer)")
                return
            }
            seqs += events.map(\.seq)
            while seqs.last ?? 0 < 722 {
                let next = (seqs.last ?? 0) + 1
                seqs.append(try await reader.next { $0.event?.seq == next }.event?.seq ?? 0)
            }
            #expect(seqs == Array(3...722))
        }
    }

    @Test("a position that did not survive gives a reset and the state")
    func reset() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            for position in [Position(epoch: 1, seq: 9), Position(epoch: 7, seq: 1)] {
                let answer = try await lift.talker.subscribe(lift.workout, since: position).subscribed
                guard case .reset? = answer?.content else {
                    Issue.record("\(String(describing: answer))")
                    return
                }
            }
        }
    }

    @Test("a history that begins from a stored state goes on from it, and is given whole to who holds nothing")
    func storedBeginning() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let state = try await server.node.rooms.room(lift.workout).history.state
            let imported = BaseWorkout(id: .make(), athlete: lift.athlete.userId, state: state)
            try await server.database.pool.transaction { connection in
                for statement in imported.statements { try connection.execute(statement) }
            }
            guard case .snapshot(let first)? = try await lift.talker.subscribe(imported.id).subscribed?.content else {
                Issue.record("no snapshot without a position")
                return
            }
            #expect(first.seq == 0)
            let held = Position(epoch: first.epoch, seq: 0)
            let resumed = try await lift.talker.subscribe(imported.id, since: held).subscribed?.content
            guard case .events(let events)? = resumed, events.isEmpty else {
                Issue.record("\(String(describing: resumed))")
                return
            }
            let nothing = Position(epoch: 0, seq: 0)
            guard case .reset? = try await lift.talker.subscribe(imported.id, since: nothing).subscribed?.content else {
                Issue.record("no state for who holds nothing")
                return
            }
        }
    }

    @Test("the number of subscriptions of a connection is bounded")
    func bounded() async throws {
        var configuration = LiveConfiguration()
        configuration.subscriptionLimit = 1
        try await LiveTestServer.run(configuration) { server in
            let lift = try await Lift.begin(on: server)
            let other = try await Lift.begin(on: server, by: lift.athlete)
            #expect(try await lift.talker.subscribe(lift.workout).subscribed != nil)
            #expect(try await lift.talker.subscribe(other.workout).refusal?.code == .limitReached)
            #expect(try await lift.talker.subscribe(lift.workout).subscribed != nil)
        }
    }

    @Test("a room that has ended for a connection does not count among those that it follows")
    func endedIsNotCounted() async throws {
        var configuration = LiveConfiguration()
        configuration.subscriptionLimit = 1
        try await LiveTestServer.run(configuration) { server in
            let (athlete, friend) = (try await server.user("Ada"), try await server.user("Bo"))
            try await server.befriend(athlete, friend)
            let watcher = try await server.connect(friend)
            for _ in 0..<3 {
                let lift = try await Lift.begin(on: server, by: athlete)
                for talker in [watcher, lift.talker] {
                    let answer = try await talker.subscribe(lift.workout)
                    #expect(answer.subscribed != nil, "\(String(describing: answer.refusal))")
                }
                _ = try await lift.op(.delete)
                for talker in [watcher, lift.talker] { _ = try await talker.next { $0.isEnded } }
            }
            let last = try await Lift.begin(on: server, by: athlete)
            #expect(try await watcher.subscribe(last.workout).subscribed != nil)
        }
    }
}
