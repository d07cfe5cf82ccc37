import Protocol
import Realtime
import Store
import TestKit
import Testing

@testable import API

@Suite("Notices of milestones")
struct MilestoneNoticeTests {
    /// An athlete with a body goal from 90 kg to 80 kg, and what settles it.
    private struct Way: Sendable {
        let server: LiveTestServer
        let athlete: Member
        let goals: Goals
        let goal = GoalID.make()

        init(_ server: LiveTestServer) async throws {
            self.server = server
            athlete = try await server.user("Ada")
            goals = Goals(pool: server.database.pool, now: { .now }, live: LiveHooks(server.node))
            try await server.database.pool.execute(
                """
                insert into goals (id, user_id, kind, title, metric, starts_on, start_value, target, created_at)
                values (\(goal), \(athlete.userId), 'body', 'Lighter', 'weightKg', current_date - 1, 90, 80, now())
                """)
        }

        /// Measures and settles, as a request or the sweep does.
        func weigh(_ kilograms: Double) async throws {
            try await server.measure(athlete, kilograms: kilograms)
            try await server.database.pool.transaction { [athlete] connection in
                try connection.noteTrainingChange(of: [athlete.userId])
            }
            try await goals.settle(athlete.userId)
        }
    }

    private struct NoNotice: Error {}

    private func notice(_ talker: LiveTalker) async throws -> (id: NoticeID, milestone: GoalMilestoneNotice) {
        let frame = try await talker.next { if case .notice = $0 { true } else { false } }
        guard case .notice(let notice) = frame else { throw NoNotice() }
        switch notice.content {
        case .goalMilestone(let milestone): return (notice.id, milestone)
        }
    }

    private func notices(_ talker: LiveTalker, _ count: Int) async throws -> [Int64] {
        var told: [Int64] = []
        for _ in 0..<count { told.append(try await notice(talker).milestone.percent) }
        return told
    }

    private func isSilent(_ talker: LiveTalker) async throws -> Bool {
        try await talker.frames { if case .notice = $0 { true } else { false } }.isEmpty
    }

    @Test("every open connection of the athlete hears of each milestone once, and nobody else's does")
    func pushed() async throws {
        try await LiveTestServer.run { server in
            let way = try await Way(server)
            let (phone, tablet) = (try await server.connect(way.athlete), try await server.connect(way.athlete))
            let stranger = try await server.connect(try await server.user("Bob"))
            try await way.weigh(85)
            for talker in [phone, tablet] {
                let (first, second) = (try await notice(talker).milestone, try await notice(talker).milestone)
                #expect([first.percent, second.percent] == [25, 50])
                #expect(first.goalId == way.goal && first.title == "Lighter")
            }
            try await way.goals.settle(way.athlete.userId)
            try await way.weigh(85.5)
            try await way.weigh(82)
            #expect(try await notices(phone, 1) == [75])
            #expect(try await isSilent(phone))
            #expect(try await isSilent(stranger))
        }
    }

    @Test("who was away hears of it at each hello, in order, until it was seen")
    func away() async throws {
        try await LiveTestServer.run { server in
            let way = try await Way(server)
            try await way.weigh(80)
            let first = try await server.connect(way.athlete)
            #expect(try await notices(first, 4) == [25, 50, 75, 100])
            let second = try await server.connect(way.athlete)
            var ids: [NoticeID] = []
            for _ in 0..<4 { ids.append(try await notice(second).id) }
            #expect(Set(ids).count == 4)
            guard case .ok = try await second.ask(.seen(Array(ids.prefix(3)))) else {
                Issue.record("not marked")
                return
            }
            guard case .ok = try await second.ask(.seen(Array(ids.prefix(3)))) else {
                Issue.record("a repeat is harmless")
                return
            }
            let third = try await server.connect(way.athlete)
            #expect(try await notices(third, 1) == [100])
            _ = try await third.ask(.seen([ids[3]]))
            let rows = try await server.database.pool.first(
                "select count(*) from goal_milestones where seen_at is null", as: Int.self)
            #expect(rows == 0)
        }
    }

    @Test("what was recorded but not sent, as by a crash in between, comes with the next hello and only once")
    func crash() async throws {
        try await LiveTestServer.run { server in
            let way = try await Way(server)
            let silent = Goals(pool: server.database.pool, now: { .now })
            try await server.measure(way.athlete, kilograms: 87)
            try await server.database.pool.transaction { connection in
                try connection.noteTrainingChange(of: [way.athlete.userId])
            }
            try await silent.settle(way.athlete.userId)
            let talker = try await server.connect(way.athlete)
            #expect(try await notices(talker, 1) == [25])
            // The same notice told again, by whatever repeats, does not reach a connection twice.
            let again = try await MilestoneNotices(pool: server.database.pool)
                .unseen(by: way.athlete.userId, limit: 10)
            #expect(again.count == 1)
            server.node.live.registry.tell(again, to: way.athlete.userId)
            #expect(try await isSilent(talker))
        }
    }

    @Test("who does not want to hear of milestones in the app does not, and the goal has them all the same")
    func muted() async throws {
        try await LiveTestServer.run { server in
            let way = try await Way(server)
            try await server.database.pool.execute("update users set notifications_muted = '{goalMilestone}'")
            let talker = try await server.connect(way.athlete)
            try await way.weigh(85)
            #expect(try await isSilent(talker))
            let rows = try await server.database.pool.first("select count(*) from goal_milestones", as: Int.self)
            #expect(rows == 2)
            #expect(
                try await MilestoneNotices(pool: server.database.pool).unseen(by: way.athlete.userId, limit: 9) == [])
            try await server.database.pool.execute("update users set notifications_muted = '{}'")
            #expect(try await notices(try await server.connect(way.athlete), 2) == [25, 50])
        }
    }

    @Test("settling at the same time records and tells each milestone once")
    func concurrently() async throws {
        try await LiveTestServer.run { server in
            let way = try await Way(server)
            let talker = try await server.connect(way.athlete)
            try await server.measure(way.athlete, kilograms: 80)
            try await server.database.pool.transaction { connection in
                try connection.noteTrainingChange(of: [way.athlete.userId])
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await way.goals.settle(way.athlete.userId) } }
                try await group.waitForAll()
            }
            #expect(try await notices(talker, 4).sorted() == [25, 50, 75, 100])
            #expect(try await isSilent(talker))
        }
    }

    @Test("another's notices are not marked, and lists out of bounds are refused")
    func refusals() async throws {
        try await LiveTestServer.run { server in
            let way = try await Way(server)
            try await way.weigh(87)
            let own = try await notice(try await server.connect(way.athlete)).id
            let stranger = try await server.connect(try await server.user("Bob"))
            _ = try await stranger.ask(.seen([own]))
            #expect(try await notice(try await server.connect(way.athlete)).id == own)
            #expect(try await stranger.ask(.seen([])).refusal?.code == .invalid)
            let many = (0...100).map { _ in NoticeID.make() }
            #expect(try await stranger.ask(.seen(many)).refusal?.code == .invalid)
            try await stranger.write(#"{"type":"seen","id":90,"noticeIds":["x"]}"#)
            #expect(try await stranger.answer(to: 90).refusal?.code == .badRequest)
        }
    }
}
