import Protocol
import Store
import TestKit
import Testing

@testable import API
@testable import Realtime

/// Every role against everything that tells of a workout: subscriptions, histories, REST views and friends' presence; with its
/// room in memory, without it, and after a restart.
struct PrivacyTests {
    enum Moment: CaseIterable, Sendable { case inMemory, unloaded, restarted }

    @Test("every role learns what it may and nothing else", arguments: Moment.allCases)
    func roles(_ moment: Moment) async throws {
        var configuration = LiveConfiguration()
        configuration.ringEvents = 2
        configuration.unloadAfter = .zero
        configuration.presenceGrace = .zero
        let fixed = configuration
        try await TestPostgres.withDatabase { database in
            let story = try await LiveTestServer.run(fixed, on: database) { server in
                let story = try await PrivacyStory.make(on: server)
                if moment != .restarted { try await check(story, moment, server) }
                return story
            }
            guard moment == .restarted else { return }
            try await LiveTestServer.run(fixed, on: database) { try await check(story, moment, $0) }
        }
    }

    @Test("an account that is hidden is out of sight at once, whatever storage does with its heart rates")
    func hiddenAtOnce() async throws {
        try await LiveTestServer.run { server in
            let lift = try await Lift.begin(on: server)
            let ben = try await server.user("Ben")
            try await server.befriend(lift.athlete, ben)
            let friend = try await server.connect(ben)
            _ = try await friend.subscribe(lift.workout)
            let (athlete, rooms) = (lift.athlete.userId, server.node.rooms)
            try await server.database.pool.execute(
                "update users set heart_rate_audience = 'friends' where id = \(athlete)")
            await rooms.privacyChanged(athlete)
            try await lift.durable(2)
            #expect(try await lift.talker.ask(.heart(room: lift.room, HeartBeat(bpm: 120))).refusal == nil)
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await server.database.whileHolding("select from workouts for update") {
                    group.addTask { await server.node.flushHeartRates() }
                    let waiting: SQL = """
                        select exists (select from pg_stat_activity
                            where datname = current_database() and wait_event_type = 'Lock')
                        """
                    try await eventually { try await server.database.pool.first(waiting, as: Bool.self) ?? false }
                    group.addTask { await rooms.athleteHidden(athlete) }
                    _ = try await friend.next { $0.isEnded }
                    try await eventually { server.node.presences.status(of: athlete, for: ben.userId) == .hidden }
                }
                try await group.waitForAll()
            }
        }
    }

    private func check(_ story: PrivacyStory, _ moment: Moment, _ server: LiveTestServer) async throws {
        let rooms = server.node.rooms
        await rooms.announceOpenWorkouts()
        let idle = try await server.connect(story.athlete)
        var watchers: [PrivacyWatcher] = []
        for role in PrivacyStory.Role.allCases {
            let talker = try await server.connect(story.person(role))
            watchers.append(PrivacyWatcher(role: role, talker: talker))
        }
        for visibility in [nil, Audience.friends, .private] {
            if let visibility {
                let op = WorkoutOp(
                    id: .make(), at: .now, action: .update(WorkoutDetails(visibility: visibility)))
                try await rooms.submit(op, to: story.workout, by: story.athlete.userId)
            }
            for preference in Audience.allCases {
                if moment == .inMemory {
                    _ = try await rooms.room(story.workout)
                } else {
                    try await server.unload(story.workout)
                }
                try await server.database.pool.execute(
                    """
                    update users set live_audience = \(preference), workouts_audience = 'private'
                    where id = \(story.athlete.userId)
                    """)
                await rooms.privacyChanged(story.athlete.userId)
                let choice = PrivacyChoice(preference: preference, visibility: visibility)
                for index in watchers.indices {
                    try await watchers[index].check(choice, story, server)
                }
            }
        }
        #expect(try await idle.ask(.time(t0: 1)).answeredId != nil)
    }
}

extension LiveTestServer {
    /// Waits until the workout's room is not in memory any more; nobody may follow it.
    func unload(_ workout: WorkoutID) async throws {
        try await eventually {
            await node.rooms.sweep()
            return await !node.rooms.isInMemory(workout)
        }
    }
}

/// What an athlete chose.
struct PrivacyChoice: Sendable, CustomStringConvertible {
    let preference: Audience
    let visibility: Audience?

    var description: String { "live = \(preference), visibility = \(visibility.map(\.rawValue) ?? "none")" }
    var audience: Audience { min(preference, visibility ?? .public) }

    func allows(_ role: PrivacyStory.Role) -> Bool {
        switch role {
        case .friend: audience != .private
        case .stranger: audience == .public
        case .removed, .blocked: false
        }
    }

    func presence(_ role: PrivacyStory.Role, _ workout: WorkoutID) -> FriendStatus {
        guard role == .friend || role == .removed, preference != .private else { return .hidden }
        return FriendStatus(isOnline: true, live: role == .friend && audience != .private ? workout : nil)
    }
}

/// A running workout with a past: a record over a private best, notes that were shared and are no more, one that is.
struct PrivacyStory: Sendable {
    /// `removed` is a friend too.
    enum Role: CaseIterable, Sendable { case friend, stranger, removed, blocked }

    static let hidden = ["taken back", "never shared", "of the removed entry", "previousKg"]
    static let shown = "keep the elbows in"

    let athlete: Member
    let people: [Role: Member]
    let workout: WorkoutID

    static func make(on server: LiveTestServer) async throws -> PrivacyStory {
        let athlete = try await server.user("Ada")
        let pool = server.database.pool
        var people: [Role: Member] = [:]
        for role in Role.allCases { people[role] = try await server.user("\(role)") }
        let story = PrivacyStory(athlete: athlete, people: people, workout: .make())
        for role in [Role.friend, .removed] { try await server.befriend(athlete, story.person(role)) }
        let blocked = story.person(.blocked).userId
        try await pool.execute(
            "insert into blocks (blocker, blocked, blocked_at) values (\(athlete.userId), \(blocked), now())")
        try await story.lift(100, visibility: .private, in: .make(), on: server, notes: false)
        try await story.lift(110, visibility: nil, in: story.workout, on: server, notes: true)
        let removed = story.person(.removed).userId
        try await pool.execute(
            "insert into workout_removed_watchers (workout_id, user_id) values (\(story.workout), \(removed))")
        // The room learns of the removal when it opens again.
        try await server.unload(story.workout)
        return story
    }

    func person(_ role: Role) -> Member { people[role, default: athlete] }

    private func lift(
        _ kilograms: Int64, visibility: Audience?, in workout: WorkoutID, on server: LiveTestServer, notes: Bool
    ) async throws {
        let (entry, removed) = (EntryID.make(), EntryID.make())
        var actions: [WorkoutAction] = [
            .start(WorkoutDetails(visibility: visibility)),
            .addEntry(EntryDetails(id: entry, exerciseId: LiveTestServer.bench.id)),
            .logSet(.make(), entry: entry, SetValues(weightGrams: kilograms * 1000, reps: 5)),
        ]
        if notes {
            actions += [
                .note(entry: nil, text: "taken back", isShared: true),
                .note(entry: entry, text: "never shared", isShared: false),
                .addEntry(EntryDetails(id: removed, exerciseId: LiveTestServer.squat.id)),
                .note(entry: removed, text: "of the removed entry", isShared: true),
                .removeEntry(removed),
                .note(entry: nil, text: "taken back", isShared: false),
                .note(entry: entry, text: Self.shown, isShared: true),
            ]
        } else {
            actions.append(.complete(rpeTenths: nil))
        }
        for action in actions {
            let op = WorkoutOp(id: .make(), at: .now, action: action)
            try await server.node.rooms.submit(op, to: workout, by: athlete.userId)
        }
    }
}

/// Somebody who looks at the workout from one connection.
struct PrivacyWatcher {
    let role: PrivacyStory.Role
    let talker: LiveTalker
    /// What the socket said last of the athlete.
    var heard = FriendStatus.hidden

    mutating func check(_ choice: PrivacyChoice, _ story: PrivacyStory, _ server: LiveTestServer) async throws {
        let what = "\(role), \(choice)"
        let viewer = (story.person(role)).userId
        let status = choice.presence(role, story.workout)
        // An event loop may read a request before it does what another thread gave it: two requests are behind that.
        for _ in 0..<2 {
            for frame in try await talker.frames(where: { $0.friend?.user.userId == story.athlete.userId }) {
                heard = frame.friend.map { FriendStatus(isOnline: $0.isOnline, live: $0.live) } ?? heard
            }
        }
        #expect(heard == status, "socket: \(what)")
        if role == .friend || role == .removed {
            #expect(server.node.presences.status(of: story.athlete.userId, for: viewer) == status, "REST: \(what)")
        }

        let mayWatch = choice.allows(role)
        try await checkView(mayWatch, viewer, story, server, what)
        try await checkSubscriptions(mayWatch, story, what)
    }

    private func checkView(
        _ mayWatch: Bool, _ viewer: UserID, _ story: PrivacyStory, _ server: LiveTestServer, _ what: String
    ) async throws {
        do throws(Refusal) {
            let view = try await server.node.rooms.view(story.workout, for: viewer)
            #expect(mayWatch, "view: \(what)")
            let records = view.records(for: viewer)
            #expect(!records.isEmpty && records.allSatisfy { $0.previousGrams == nil }, "records: \(what)")
            let tag = EntityTag(view, for: viewer)
            #expect(tag != EntityTag(view, for: story.athlete.userId), "tag: \(what)")
            let shown = Workout(view, for: viewer)
            #expect(shown.notes == nil && shown.exercises.map(\.note) == [PrivacyStory.shown], "notes: \(what)")
        } catch {
            #expect(!mayWatch && error.code == .noSuchRoom, "view: \(what), \(error)")
        }
    }

    private func checkSubscriptions(_ mayWatch: Bool, _ story: PrivacyStory, _ what: String) async throws {
        let room = RoomName.workout(story.workout).text
        for since in [nil, Position(epoch: 1, seq: 1)] {
            let answer = try await talker.subscribe(story.workout, since: since, wantsEvents: since != nil)
            guard mayWatch else {
                #expect(answer.refusal?.code == .noSuchRoom, "subscribe: \(what)")
                continue
            }
            var told = answer.json
            for page in try await talker.frames(where: { if case .page = $0 { true } else { false } }) {
                told += page.json
            }
            let text = String(decoding: told, as: UTF8.self)
            #expect(text.contains(PrivacyStory.shown), "shared note: \(what)")
            for secret in PrivacyStory.hidden { #expect(!text.contains(secret), "\(secret): \(what)") }
            _ = try await talker.ask(.unsubscribe(room: room))
        }
    }
}
