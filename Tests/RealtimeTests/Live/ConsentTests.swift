import Protocol
import Store
import TestKit
import Testing

@testable import API
@testable import Realtime

/// Who may watch, as it changes while they do. What must happen within a second is awaited; that it comes at all without a
/// further request is what these tests show, and the time it took is told by the suite's own duration.
struct ConsentTests {
    @Test("a friend follows; a stranger, and a room that is not there, are refused alike")
    func whoMayWatch() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let (ben, eve) = (try await server.user("Ben"), try await server.user("Eve"))
            try await server.befriend(lift.athlete, ben)
            #expect(try await server.connect(ben).subscribe(lift.workout).subscribed?.seq == 2)
            let stranger = try await server.connect(eve)
            let refused = try await stranger.subscribe(lift.workout).refusal
            #expect(refused?.code == .noSuchRoom)
            #expect(try await stranger.subscribe(.make()).refusal == refused)
        }
    }

    @Test(
        "a block ends a friend's stream at once",
        arguments: ["block", "unfriend", "private", "narrowed", "removed", "closed", "replaced", "deleted"])
    func ends(_ how: String) async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let ben = try await server.user("Ben")
            try await server.befriend(lift.athlete, ben)
            let watcher = try await server.connect(ben)
            _ = try await watcher.subscribe(lift.workout)
            try await revoke(how, lift, ben, server)
            _ = try await watcher.next { $0.isEnded }
            try await lift.op(how == "deleted" ? .pause : lift.set())
            #expect(try await watcher.frames { $0.isEvent }.filter { $0.event?.seq ?? 0 > 3 }.isEmpty)
            let again = try await watcher.subscribe(lift.workout).refusal
            #expect(again?.code == .noSuchRoom)
        }
    }

    private func revoke(_ how: String, _ lift: Lift, _ ben: Member, _ server: LiveTestServer) async throws {
        let pool = server.database.pool
        let (athlete, rooms) = (lift.athlete.userId, server.node.rooms)
        switch how {
        case "block":
            try await pool.execute(
                "insert into blocks (blocker, blocked, blocked_at) values (\(athlete), \(ben.userId), now())")
            await rooms.relationChanged(athlete, ben.userId)
        case "unfriend":
            try await pool.execute("delete from friendships")
            await rooms.relationChanged(athlete, ben.userId)
        case "private":
            try await pool.execute("update users set live_audience = 'private' where id = \(athlete)")
            await rooms.privacyChanged(athlete)
        case "narrowed": try await lift.op(.update(WorkoutDetails(visibility: .private)))
        case "removed": _ = try await lift.talker.ask(.moderate(room: lift.room, .remove(ben.userId)))
        case "closed": _ = try await lift.talker.ask(.moderate(room: lift.room, .close))
        case "replaced":
            try await pool.execute("update workouts set is_closed = true")
            await rooms.athleteReplaced(athlete)
        default: try await lift.op(.delete)
        }
    }

    @Test("a note's text reaches watchers only when it is shared, live, on resume and in the snapshot")
    func notes() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let ben = try await server.user("Ben")
            try await server.befriend(lift.athlete, ben)
            let watcher = try await server.connect(ben)
            let start = try await watcher.subscribe(lift.workout).subscribed
            try await lift.op(.note(entry: nil, text: "my back hurts", isShared: false))
            try await lift.op(.note(entry: lift.entry, text: "new record soon", isShared: true))
            #expect(
                try await watcher.next { $0.event?.seq == 3 }.event?.action
                    == .note(entry: nil, text: nil, isShared: false))
            let shared = WorkoutAction.note(entry: lift.entry, text: "new record soon", isShared: true)
            #expect(try await watcher.next { $0.event?.seq == 4 }.event?.action == shared)

            let since = Position(epoch: start?.epoch ?? 0, seq: 2)
            guard
                case .events(let events)? = try await watcher.subscribe(lift.workout, since: since).subscribed?.content
            else {
                Issue.record("expected events")
                return
            }
            #expect(events.count == 2 && !String(decoding: events[0].json, as: UTF8.self).contains("back"))
            guard case .snapshot(let snapshot)? = try await watcher.subscribe(lift.workout).subscribed?.content else {
                Issue.record("expected a snapshot")
                return
            }
            let state = try snapshot.decoded()
            #expect(state.note?.text == nil && state.note?.isShared == false)
            #expect(state.entries[0].note?.text == "new record soon")
            #expect(snapshot.stateHash == state.stateHash)
        }
    }

    @Test("the athlete sees who watches; watchers see a count and their own friends")
    func presence() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let (ben, cy, dee) = (
                try await server.user("Ben"), try await server.user("Cy"), try await server.user("Dee")
            )
            for friend in [ben, cy, dee] { try await server.befriend(lift.athlete, friend) }
            try await server.befriend(ben, cy)
            _ = try await lift.talker.subscribe(lift.workout)
            let watcher = try await server.connect(ben)
            _ = try await watcher.subscribe(lift.workout)
            _ = try await lift.talker.next { $0.presence?.joined == [ben] }
            _ = try await server.connect(cy).subscribe(lift.workout)
            let members = try await server.connect(dee).subscribe(lift.workout).subscribed?.members
            #expect(members?.watching == 3 && members?.joined.isEmpty == true)
            _ = try await watcher.next { $0.presence?.joined == [cy] }
            #expect(try await watcher.frames { $0.presence?.joined.contains(dee) ?? false }.isEmpty)
        }
    }

    @Test("a cheer names its sender to the athlete and the sender's friends only; a muted one reaches nobody")
    func cheers() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let (ben, dee) = (try await server.user("Ben"), try await server.user("Dee"))
            for friend in [ben, dee] { try await server.befriend(lift.athlete, friend) }
            _ = try await lift.talker.subscribe(lift.workout)
            let (cheerer, other) = (try await server.connect(ben), try await server.connect(dee))
            for talker in [cheerer, other] { _ = try await talker.subscribe(lift.workout) }
            _ = try await cheerer.ask(.cheer(room: lift.room, .fire))
            let isCheer: @Sendable (ServerFrame) -> Bool = { if case .cheer = $0 { true } else { false } }
            guard case .cheer(_, .fire, let toAthlete) = try await lift.talker.next(where: isCheer) else { return }
            guard case .cheer(_, .fire, let toOther) = try await other.next(where: isCheer) else { return }
            #expect(toAthlete == ben && toOther == nil)
            _ = try await lift.talker.ask(.moderate(room: lift.room, .mute(ben.userId)))
            _ = try await cheerer.ask(.cheer(room: lift.room, .clap))
            #expect(try await lift.talker.frames(where: isCheer).isEmpty)
        }
    }

    @Test("heart rate needs its own consent, and goes to whom that names")
    func heartRate() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server, visibility: .public)
            let (ben, eve) = (try await server.user("Ben"), try await server.user("Eve"))
            try await server.befriend(lift.athlete, ben)
            let (friend, stranger) = (try await server.connect(ben), try await server.connect(eve))
            let athlete = lift.athlete.userId
            try await server.database.pool.execute("update users set live_audience = 'public' where id = \(athlete)")
            await server.node.rooms.privacyChanged(athlete)
            for talker in [friend, stranger] { _ = try await talker.subscribe(lift.workout) }
            let refused = try await lift.talker.ask(.heart(room: lift.room, HeartBeat(bpm: 120)))
            #expect(refused.refusal?.code == .heartRateOff)
            try await server.database.pool.execute(
                "update users set heart_rate_audience = 'friends' where id = \(athlete)")
            await server.node.rooms.privacyChanged(athlete)
            _ = try await lift.talker.ask(.heart(room: lift.room, HeartBeat(bpm: 121)))
            let isHeart: @Sendable (ServerFrame) -> Bool = { if case .heart = $0 { true } else { false } }
            guard case .heart(_, 121, _) = try await friend.next(where: isHeart) else { return }
            #expect(try await stranger.frames(where: isHeart).isEmpty)
            await server.node.flushHeartRates()
            let kept = try await server.database.pool.query(
                "select bpm from workout_heart_rate where workout_id = \(lift.workout)", as: (Int16).self)
            #expect(kept == [121])
        }
    }

    @Test("nothing of a heart rate is stored behind a deletion, an erasure, or consent that was taken back")
    func heartRateBehindTheEnd() async throws {
        for end in ["deletion", "erasure", "consent"] {
            try await LiveTestServer.run { server in
                let (pool, rooms) = (server.database.pool, server.node.rooms)
                let lift = try await Lift.begin(on: server)
                let athlete = lift.athlete.userId
                try await pool.execute("update users set heart_rate_audience = 'friends' where id = \(athlete)")
                await rooms.privacyChanged(athlete)
                #expect(try await lift.talker.ask(.heart(room: lift.room, HeartBeat(bpm: 121))).refusal == nil)
                // Ops that are not stored yet would make an erased workout anew.
                try await lift.durable(2)
                switch end {
                case "deletion":
                    try await rooms.submit(
                        WorkoutOp(id: .make(), at: .now, action: .delete), to: lift.workout, by: athlete)
                case "erasure": try await WorkoutHistory(pool: pool).erase(athlete)
                default:
                    try await pool.execute("update users set heart_rate_audience = 'nobody' where id = \(athlete)")
                    await rooms.privacyChanged(athlete)
                }
                let before = try await pool.query("select bpm from workout_heart_rate", as: Int16.self)
                await server.node.flushHeartRates()
                let after = try await pool.query("select bpm from workout_heart_rate", as: Int16.self)
                // What the recorder stored by itself before the consent went is the athlete's.
                #expect(after == before && (end == "consent" || after.isEmpty), "\(end)")
            }
        }
    }

    @Test("a cheer's budget is the user's own: subscribing again, or on another connection, does not fill it up")
    func cheerBudget() async throws {
        var configuration = LiveConfiguration()
        configuration.cheersPerWatcher = 3
        let clock = TestClock()
        try await LiveTestServer.run(configuration, clock: ServerClock(wall: { clock.now })) { server in
            let lift = try await Lift.begin(on: server)
            let ben = try await server.user("Ben")
            try await server.befriend(lift.athlete, ben)
            var refusals: [Refusal.Code?] = []
            for _ in 0..<2 {
                let talker = try await server.connect(ben)
                for _ in 0..<2 {
                    _ = try await talker.subscribe(lift.workout)
                    refusals.append(try await talker.ask(.cheer(room: lift.room, .fire)).refusal?.code)
                }
            }
            #expect(refusals == [nil, nil, nil, .rateLimited])
        }
    }

    @Test("who was muted stays so when the room was unloaded, and after a restart")
    func mutedForGood() async throws {
        var configuration = LiveConfiguration()
        configuration.unloadAfter = .zero
        let fixed = configuration
        try await TestPostgres.withDatabase { database in
            let (lift, ben) = try await LiveTestServer.run(fixed, on: database) { server in
                let lift = try await Lift.begin(on: server)
                let (ben, cy) = (try await server.user("Ben"), try await server.user("Cy"))
                try await server.befriend(lift.athlete, ben)
                for user in [ben, cy] {
                    let mute = ClientFrame.Body.moderate(room: lift.room, .mute(user.userId))
                    #expect(try await lift.talker.ask(mute).refusal == nil)
                }
                #expect(try await lift.talker.ask(.moderate(room: lift.room, .unmute(cy.userId))).refusal == nil)
                try await lift.durable(2)
                try await lift.talker.socket.close()
                try await server.unload(lift.workout)
                let room = try await server.node.rooms.room(lift.workout)
                #expect(await room.mutedWatchers == [ben.userId])
                return (lift, ben)
            }
            try await LiveTestServer.run(fixed, on: database) { server in
                let (athlete, watcher) = (try await server.connect(lift.athlete), try await server.connect(ben))
                for talker in [athlete, watcher] { _ = try await talker.subscribe(lift.workout) }
                #expect(try await watcher.ask(.cheer(room: lift.room, .clap)).refusal == nil)
                #expect(try await athlete.frames { $0.cheer != nil }.isEmpty)
            }
        }
    }

    @Test("a watcher who was removed is told nothing more that names the workout")
    func removedFromPresence() async throws {
        try await LiveTestServer.run { server in
            let ben = try await server.user("Ben")
            let lift = try await Lift.begin(on: server)
            try await server.befriend(lift.athlete, ben)
            let talker = try await server.connect(ben)
            #expect(try await talker.next { $0.friend != nil }.friend?.live == lift.workout)
            _ = try await lift.talker.ask(.moderate(room: lift.room, .remove(ben.userId)))
            #expect(try await talker.next { $0.friend != nil }.friend?.live == nil)
            try await lift.op(.pause)
            try await lift.op(.resume)
            #expect(try await talker.frames { $0.friend?.live != nil }.isEmpty)
            #expect(try await server.connect(ben).frames { $0.friend?.live != nil }.isEmpty)
        }
    }

    @Test("a watcher sees a record live, and not what it beat")
    func previousBest() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server, visibility: .private)
            try await lift.op(lift.set(100))
            try await lift.durable(3)
            let (next, entry) = (WorkoutID.make(), EntryID.make())
            let ben = try await server.user("Ben")
            try await server.befriend(lift.athlete, ben)
            let ops: [WorkoutAction] = [
                .start(WorkoutDetails()), .addEntry(EntryDetails(id: entry, exerciseId: LiveTestServer.bench.id)),
                .logSet(.make(), entry: entry, SetValues(weightGrams: 110_000, reps: 5)),
            ]
            let watcher = try await server.connect(ben)
            for (number, action) in ops.enumerated() {
                _ = try await lift.talker.op(next, WorkoutOp(id: .make(), at: .now, action: action))
                guard number == 0 else { continue }
                for talker in [lift.talker, watcher] { _ = try await talker.subscribe(next) }
            }
            let own = try await lift.talker.next { $0.event?.seq == 3 }.event?.effects.records
            let watched = try await watcher.next { $0.event?.seq == 3 }.event?.effects.records
            #expect(own?.first?.previousGrams == 100_000)
            #expect(watched?.count == own?.count && watched?.first?.grams == 110_000)
            #expect(watched?.allSatisfy { $0.previousGrams == nil } == true)
        }
    }
}
