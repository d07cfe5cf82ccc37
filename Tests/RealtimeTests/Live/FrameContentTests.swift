import Protocol
import Store
import TestKit
import Testing

@testable import Realtime

@Suite("What a frame holds never closes its connection")
struct FrameContentTests {
    private static let deep = String(repeating: "[", count: 300)

    @Test(
        "a frame that cannot be read is refused under its id, and the connection goes on",
        arguments: [
            (#"{"type":"time","id":7,"t0":1,"x":"\ud83d"}"#, 7),
            (#"{"id":8,"type":"time","t0":NaN}"#, 8),
            (#"{"type":"time","t0":\#(deep),"id":9}"#, nil),
            (#"{"id":10,"type":"time","t0":\#(deep)"#, 10),
            (#"{"type":"time","t0":1234567890123456789012345678901234567890,"id":11}"#, 11),
            (#"{"type":"time","t0":"a \" b \\","id" : 12, "x":nul}"#, 12),
            (#"{"x":{"id":5},"type":"time"}}"#, nil),
            (#"{"id":1.5,"type":"time","t0":+}"#, nil),
            ("{", nil), ("[]", nil), ("42", nil), ("\"", nil), ("{\"id\":", nil), ("{\"a\\", nil),
            (#"{"id":13}"#, 13), (#"{"id":14,"type":5}"#, 14), (#"{"type":"op","id":15}"#, 15),
            (#"{"type":"time","t0":1,"id":"16"}"#, nil), (#"{"type":"time","t0":1}"#, nil),
        ] as [(String, Int64?)])
    func unreadable(_ text: String, _ id: Int64?) async throws {
        try await LiveTestServer.run { server in
            let talker = try await server.connect(try await server.user("Ada"))
            try await talker.write(text)
            let answer = try await talker.next { $0.refusal != nil }
            #expect(answer.refusal?.code == .badRequest && answer.answeredId == id)
            guard case .time = try await talker.ask(.time(t0: 1)) else {
                Issue.record("the connection does not answer any more")
                return
            }
        }
    }

    @Test("before hello the same holds, and every other request is refused")
    func beforeHello() async throws {
        try await LiveTestServer.run { server in
            let ada = try await server.user("Ada")
            let talker = try await LiveTalker.open(port: server.port)
            try await talker.write(#"{"type":"hello","id":5,"token":"\udc00"}"#)
            #expect(try await talker.next { $0.refusal != nil }.answeredId == 5)
            #expect(try await talker.ask(.time(t0: 1)).refusal?.code == .unauthorized)
            let hello = ClientFrame.Body.hello(token: LiveTestServer.token(ada.userId), client: nil)
            guard case .welcome = try await talker.ask(hello) else {
                Issue.record("no welcome")
                return
            }
        }
    }

    @Test("an id of the wrong type is said as such, and an unknown type is repeated in 64 bytes at most")
    func messages() async throws {
        try await LiveTestServer.run { server in
            let talker = try await server.connect(try await server.user("Ada"))
            try await talker.write(#"{"type":"time","t0":1,"id":"7"}"#)
            #expect(try await talker.next { $0.refusal != nil }.refusal?.message == "id must be a whole number")
            let long = String(repeating: "é", count: 20_000)
            try await talker.write(#"{"type":"\#(long)","id":8}"#)
            let unknown = try await talker.next { $0.refusal != nil }.refusal
            #expect(unknown?.code == .unknownType)
            #expect(unknown?.message == "there is no request of type \(String(repeating: "é", count: 32))")
            let room = RoomName.workout(.make()).text
            try await talker.write(
                #"{"type":"op","id":9,"room":"\#(room)","opId":"\#(OpID.make())","at":1,"kind":"\#(long)"}"#)
            #expect((try await talker.next { $0.answeredId == 9 }.refusal?.message.utf8.count ?? 1000) < 100)
        }
    }

    @Test("both spellings of a room are one room, answered in lower case")
    func spellings() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server, visibility: .public)
            let upper = "workout:" + lift.workout.description.uppercased()
            let answer = try await lift.talker.ask(.subscribe(room: upper, since: nil, wantsEvents: false))
            #expect(answer.subscribed?.room == lift.room)
            let op = WorkoutOp(id: .make(), at: .now, action: lift.set())
            #expect(try await lift.talker.ask(.op(room: upper, op)).appliedSeq == 3)
            #expect(try await lift.talker.frames(where: \.isEvent).count == 1)
            _ = try await lift.talker.ask(.unsubscribe(room: upper))
            _ = try await lift.op(lift.set())
            #expect(try await lift.talker.frames(where: \.isEvent).isEmpty)
        }
    }

    @Test(
        "a heart rate without an id is never answered; one with an id always, from a connection that sent nothing else")
    func heart() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await server.database.pool.execute(
                "update users set heart_rate_audience = 'friends' where id = \(lift.athlete.userId)")
            await server.node.rooms.privacyChanged(lift.athlete.userId)
            let sensor = try await server.connect(lift.athlete)
            for frame in [#""bpm":900"#, #""bpm":"x""#, #""bpm":120,"rr":[1]"#, #""bpm":120,"rr":"x""#] {
                try await sensor.write(#"{"type":"heart","room":"\#(lift.room)",\#(frame)}"#)
            }
            #expect(try await sensor.frames { $0.refusal != nil }.isEmpty)
            guard case .ok = try await sensor.ask(.heart(room: lift.room, HeartBeat(bpm: 121, rr: [500, 490]))) else {
                Issue.record("no ok")
                return
            }
            let other = try await server.connect(try await server.user("Eve"))
            let refused = try await other.ask(.heart(room: lift.room, HeartBeat(bpm: 121)))
            #expect(refused.refusal?.code == .noSuchRoom)
        }
    }

    @Test("intervals between beats are kept with their second, at most sixteen, also over two writes")
    func intervals() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let second = Timestamp(milliseconds: 1_795_366_900_000)
            let recorder = HeartRateRecorder(pool: server.database.pool, logger: .silent)
            func add(_ bpm: Int64, _ rr: [Int64]) {
                recorder.add(HeartBeat(bpm: bpm, rr: rr), to: lift.workout, of: lift.athlete.userId, at: second)
            }
            add(120, [500])
            add(121, [490, 480])
            await recorder.flush()
            add(122, Array(repeating: 470, count: 16))
            await recorder.flush()
            recorder.add(HeartBeat(bpm: 99), to: lift.workout, of: lift.athlete.userId, at: second + .seconds(1))
            await recorder.flush()
            let kept = try await server.database.pool.query(
                "select bpm, array_to_string(rr, ' ') from workout_heart_rate where workout_id = \(lift.workout) order by at",
                as: (Int16, String?).self)
            #expect(kept.map(\.0) == [122, 99])
            #expect(
                kept.first?.1 == (["500", "490", "480"] + Array(repeating: "470", count: 13)).joined(separator: " "))
            #expect(kept.last?.1 == nil)
        }
    }

    @Test("intervals whose writing was cut off at its end are kept once")
    func intervalsOnce() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            try await lift.durable(2)
            let pool = server.database.pool
            let proxy = try PostgresFaultProxy(to: server.database.configuration)
            defer { proxy.close() }
            let ours = PostgresPool(configuration: proxy.configuration, logger: .silent)
            let recorder = HeartRateRecorder(pool: ours, logger: .silent)
            func add(_ rr: [Int64]) {
                let second = Timestamp(milliseconds: 1_795_366_900_000)
                recorder.add(HeartBeat(bpm: 120, rr: rr), to: lift.workout, of: lift.athlete.userId, at: second)
            }
            add([500, 490])
            // The write waits for the workout's row; its client is gone by the time it gets it.
            try await pool.transaction { connection in
                try connection.execute("select 1 from workouts where id = \(lift.workout) for update")
                let flush = Task { await recorder.flush() }
                let waits: SQL =
                    "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
                // Within a transaction Postgres goes on showing what it was asked for first.
                while try connection.query(waits, as: Int.self) != [1] {
                    try connection.execute("select pg_stat_clear_snapshot()")
                }
                proxy.loseClients()
                _ = flush
            }
            let kept: SQL = "select array_to_string(rr, ' ') from workout_heart_rate"
            while try await pool.query(kept, as: String.self) != ["500 490"] {}
            add([480])
            while try await pool.query(kept, as: String.self) != ["500 490 480"] {
                await recorder.flush()
                let now = try await pool.query(kept, as: String.self)
                guard ["500 490", "500 490 480"].contains(now.first) else {
                    Issue.record("\(now)")
                    break
                }
            }
            await ours.close()
        }
    }
}
