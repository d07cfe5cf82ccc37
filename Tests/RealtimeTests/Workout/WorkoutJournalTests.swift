import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

/// What becomes of a batch whose rooms do not all advance.
struct WorkoutJournalTests {
    @Test("a room whose epoch was taken is left out of its batch, with everything it wrote; the others are stored")
    func fenced() async throws {
        try await LiveTestServer.run { server in
            let (one, two) = (try await Past(server), try await Past(server))
            try await server.database.pool.execute(
                "update workouts set epoch = epoch + 1 where id = \(one.lift.workout)")
            let batch = [try await one.entry(), try await two.entry()]
            #expect(try await server.journal.commit(batch) == [one.key])
            #expect(try await one.stored(server) == [2, 0])
            #expect(try await two.stored(server) == [3, 1])
        }
    }

    @Test("a batch whose commit was answered by nobody is stored once, and no room of it reloads")
    func answerLost() async throws {
        try await LiveTestServer.run { server in
            let (one, two) = (try await Past(server), try await Past(server))
            let batch = [try await one.entry(), try await two.entry()]
            #expect(try await server.journal.commit(batch).isEmpty)
            #expect(try await server.journal.commit(batch).isEmpty)
            #expect(try await server.journal.commit([try await two.entry()]).isEmpty)
            #expect(try await one.stored(server) == [3, 1])
            #expect(try await two.stored(server) == [4, 2])
        }
    }

    @Test("a set that comes with its workout's end leaves no row")
    func deleted() async throws {
        try await LiveTestServer.run { server in
            let past = try await Past(server)
            let batch = [try await past.entry(), try await past.entry(.delete)]
            #expect(try await server.journal.commit(batch).isEmpty)
            #expect(try await past.stored(server) == [4, 0])
        }
    }
}

/// A workout with two durable events, whose further ones the test commits itself.
private struct Past: Sendable {
    let lift: Lift
    let room: WorkoutRoom

    init(_ server: LiveTestServer) async throws {
        lift = try await Lift.begin(on: server)
        try await lift.durable(2)
        room = try await server.node.rooms.room(lift.workout)
    }

    var key: WorkoutJournal.HistoryKey { WorkoutJournal.HistoryKey(lift.workout, 1) }

    func entry(_ action: WorkoutAction? = nil) async throws -> JournalEntry {
        try await room.entry(WorkoutOp(id: .make(), at: .now, action: action ?? lift.set()))
    }

    /// The last event's seq, and how many sets there are.
    func stored(_ server: LiveTestServer) async throws -> [Int64] {
        let row = try await server.database.pool.first(
            """
            select (select max(seq) from workout_events where workout_id = \(lift.workout)),
                (select count(*) from workout_sets where workout_id = \(lift.workout))
            """, as: (Int64, Int64).self)
        return row.map { [$0, $1] } ?? []
    }
}

extension WorkoutRoom {
    /// Applies an op without giving it to the queue.
    fileprivate func entry(_ op: WorkoutOp) throws -> JournalEntry {
        let rules = RuleContext(
            epoch: history.epoch, lastSeq: history.seq, now: context.clock.now, exercise: nil, baseline: baseline)
        let (event, json) = try history.apply(op, fingerprint: op.fingerprint, context: rules)
        return JournalEntry(
            room: self, op: op, event: event, json: json, fingerprint: op.fingerprint, in: history.state)
    }
}

extension LiveTestServer {
    fileprivate var journal: WorkoutJournal {
        WorkoutJournal(pool: database.pool, logger: .silent)
    }
}
