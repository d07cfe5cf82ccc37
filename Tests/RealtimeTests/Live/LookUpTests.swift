import NIOCore
import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

/// Look-ups that storage does not answer, and what goes on meanwhile.
@Suite("Look-ups of a connection", .timeLimit(.minutes(5)))
struct LookUpTests {
    /// Holds up what is asked of storage.
    private static func holding(_ gate: Gate) -> @Sendable (inout People) -> Void {
        { people in
            let (relation, markSeen) = (people.relation, people.notices.markSeen)
            people.relation = {
                await gate.pass()
                return try await relation($0, $1)
            }
            people.notices.markSeen = {
                await gate.pass()
                try await markSeen($0, $1)
            }
        }
    }

    @Test("a look-up that hangs holds up neither the ops of open rooms, nor their hearts, nor the time")
    func opsGoOn() async throws {
        let gate = Gate()
        try await LiveTestServer.run(people: Self.holding(gate)) { server in
            let lift = try await Lift.begin(on: server)
            let other = try await Lift.begin(on: server, by: "Ben")
            try await server.befriend(lift.athlete, other.athlete)
            _ = try await lift.talker.subscribe(lift.workout)
            await gate.close()
            let seen = try await lift.talker.send(.seen([.make()]))
            let subscribe = try await lift.talker.send(
                .subscribe(room: other.room, since: nil, wantsEvents: false))
            await gate.arrival()
            #expect(try await lift.op(lift.set()).appliedSeq == 3)
            _ = try await lift.talker.next { $0.event?.seq == 3 }
            #expect(try await lift.talker.ask(.time(t0: 7)).answeredId != nil)
            #expect(
                try await lift.talker.ask(.heart(room: lift.room, HeartBeat(bpm: 120))).refusal?.code == .heartRateOff)
            // Another room is subscribed to as well.
            #expect(try await lift.talker.subscribe(lift.workout).subscribed?.seq == 3)
            await gate.open()
            #expect(try await lift.talker.answer(to: seen).refusal == nil)
            #expect(try await lift.talker.answer(to: subscribe).subscribed != nil)
        }
    }

    @Test("requests of one room are answered in their order, and what is behind a subscribe takes effect after it")
    func inOrder() async throws {
        let gate = Gate()
        try await LiveTestServer.run(people: Self.holding(gate)) { server in
            let lift = try await Lift.begin(on: server)
            let ben = try await server.user("Ben")
            try await server.befriend(lift.athlete, ben)
            let watcher = try await server.connect(ben)
            await gate.close()
            var sent: [Int64] = []
            for body in [
                .subscribe(room: lift.room, since: nil, wantsEvents: false), .cheer(room: lift.room, .fire),
                .unsubscribe(room: lift.room), .cheer(room: lift.room, .fire),
            ] as [ClientFrame.Body] {
                sent.append(try await watcher.send(body))
            }
            await gate.arrival()
            _ = try await watcher.ask(.time(t0: 0))
            await gate.open()
            let requests = sent
            var answers: [ServerFrame] = []
            for _ in requests { answers.append(try await watcher.next { requests.contains($0.answeredId ?? 0) }) }
            #expect(answers.map(\.answeredId) == sent)
            #expect(answers[0].subscribed != nil && answers[1].refusal == nil && answers[2].refusal == nil)
            #expect(answers[3].refusal?.code == .noSuchRoom)
            try await lift.op(lift.set())
            for _ in 0..<2 { #expect(try await watcher.frames { $0.isEvent }.isEmpty) }
        }
    }

    @Test("an op behind a subscribe of a room that is not open yet waits for it")
    func opsBehind() async throws {
        var configuration = LiveConfiguration()
        configuration.unloadAfter = .zero
        try await LiveTestServer.run(configuration) { server in
            let ada = try await server.user("Ada")
            let workout = WorkoutID.make()
            let start = WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails()))
            try await server.node.rooms.submit(start, to: workout, by: ada.userId)
            try await server.unload(workout)
            let talker = try await server.connect(ada)
            let room = RoomName.workout(workout).text
            var (subscribe, pause): (Int64, Int64) = (0, 0)
            try await server.database.whileHolding("lock table workouts in access exclusive mode") {
                subscribe = try await talker.send(.subscribe(room: room, since: nil, wantsEvents: false))
                pause = try await talker.send(.op(room: room, WorkoutOp(id: .make(), at: .now, action: .pause)))
                _ = try await talker.ask(.time(t0: 0))
            }
            #expect(try await talker.answer(to: subscribe).subscribed?.seq == 1)
            #expect(try await talker.next { $0.event != nil }.event?.seq == 2)
            #expect(try await talker.answer(to: pause).appliedSeq == 2)
        }
    }

    @Test("a connection with as many look-ups under way as it may have is not read on, and goes on behind them")
    func bounded() async throws {
        let gate = Gate()
        var configuration = LiveConfiguration()
        configuration.subscriptionLimit = ConnectionLoad.lookUpLimit + 1
        try await LiveTestServer.run(configuration, people: Self.holding(gate)) { server in
            let (ada, ben) = (try await server.user("Ada"), try await server.user("Ben"))
            try await server.befriend(ada, ben)
            var workouts: [WorkoutID] = []
            for _ in 0..<ConnectionLoad.lookUpLimit + 2 {
                workouts.append(.make())
                let start = WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails()))
                try await server.node.rooms.submit(start, to: workouts[workouts.count - 1], by: ada.userId)
            }
            let watcher = try await server.connect(ben)
            let session = try await server.lastSession()
            await gate.close()
            var sent: [Int64] = []
            for (place, workout) in workouts.enumerated() {
                let isHeld = try await session.isHeld
                #expect(!isHeld || place >= ConnectionLoad.lookUpLimit)
                let room = RoomName.workout(workout).text
                sent.append(try await watcher.send(.subscribe(room: room, since: nil, wantsEvents: false)))
            }
            try await eventually { try await session.isHeld }
            #expect(try await session.load.lookUps == ConnectionLoad.lookUpLimit)
            await gate.open()
            for request in sent.dropLast() { #expect(try await watcher.answer(to: request).subscribed != nil) }
            // Those under way counted too.
            #expect(try await watcher.answer(to: sent[sent.count - 1]).refusal?.code == .limitReached)
            #expect(try await !session.isHeld)
        }
    }

    @Test("ops that wait for their room are bounded in bytes: the connection is not read on, and all are answered")
    func waitingBytes() async throws {
        try await TestPostgres.withDatabase { database in
            let lift = try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let lift = try await Lift.begin(on: server)
                try await lift.durable(2)
                return lift
            }
            try await LiveTestServer.run(LiveConfiguration(), on: database) { server in
                let talker = try await server.connect(lift.athlete)
                let session = try await server.lastSession()
                // Far more than a note may have: refused when its turn comes.
                let text = String(repeating: "x", count: 50_000)
                let note = WorkoutAction.note(entry: nil, text: text, isShared: false)
                var sent: [Int64] = []
                try await lift.whileUnstorable(in: database) {
                    for _ in 0..<12 {
                        let op = WorkoutOp(id: .make(), at: .now, action: note)
                        sent.append(try await talker.send(.op(room: lift.room, op)))
                    }
                    try await eventually { try await session.isHeld }
                    let load = try await session.load
                    #expect(load.ops < 8 && load.opBytes < ConnectionLoad.opBytesLimit + 60_000)
                }
                for request in sent { #expect(try await talker.answer(to: request).refusal?.code == .invalid) }
                #expect(try await session.load.opBytes == 0)
            }
        }
    }

    @Test("an op that is refused for what it is waits without its content")
    func refusedWithoutContent() {
        let note = WorkoutAction.note(entry: nil, text: "x", isShared: false)
        let op = WorkoutOp(id: .make(), at: .now, action: note)
        let refused = OpArrival(request: 1, op, bytes: 60_000, refusal: Refusal(.rateLimited, "too many"))
        #expect(refused.op == nil && refused.opId == op.id && refused.bytes < 1000)
        #expect(OpArrival(request: 1, op, bytes: 60_000).bytes > 60_000)
    }
}

/// The session of a connection, looked at on its loop.
struct SeenSession: Sendable {
    let session: LiveSession

    var isHeld: Bool { get async throws { try await look { $0.isHolding } } }
    var load: ConnectionLoad { get async throws { try await look { $0.load } } }

    private func look<Value: Sendable>(_ body: @escaping @Sendable (LiveSession) -> Value) async throws -> Value {
        try await session.connection.eventLoop.submit { body(session) }.get()
    }
}

extension LiveTestServer {
    /// The session of the connection that came last.
    func lastSession() async throws -> SeenSession {
        let connection = try #require(connections.last)
        let session = try await connection.eventLoop.submit { connection.session as? LiveSession }.get()
        return SeenSession(session: try #require(session))
    }
}
