import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Mails of milestones")
struct MilestoneMailTests {
    /// An athlete on the way from 90 kg to 80 kg who wants mails of it.
    private struct Way: Sendable {
        let server: RESTServer
        let athlete: TestUser
        let goal: GoalID

        init(_ server: RESTServer, wantsMail: Bool = true, isVerified: Bool = true) async throws {
            self.server = server
            athlete = try await server.user("ada", isVerified: isVerified)
            try await Self.weigh(90, athlete)
            let body = #"{"kind": "body", "title": "Ließ <b>los</b>", "target": 80, "metric": "weightKg"}"#
            goal = try await athlete.client.send("POST", "/v1/goals", text: body).decoded(as: Goal.self).id
            if wantsMail { try await prefer(#"{"notifications": {"goalMilestone": {"email": true}}}"#) }
        }

        func prefer(_ text: String) async throws {
            #expect(try await athlete.client.send("PUT", "/v1/users/preferences", text: text).status == 200)
        }

        static func weigh(_ kilograms: Double, _ athlete: TestUser) async throws {
            let body = #"{"weightKg": \#(kilograms)}"#
            #expect(try await athlete.client.send("POST", "/v1/progress/body", text: body).status == 201)
        }

        /// Measures and settles, as the sweep does.
        func weigh(_ kilograms: Double) async throws {
            server.clock.advance(by: .seconds(1))
            try await Self.weigh(kilograms, athlete)
            try await settle()
        }

        func settle() async throws {
            try await Goals(pool: server.pool, now: { server.clock.now }).settle(athlete.id)
        }

        /// Mails about milestones so far.
        func letters() async throws -> [String] {
            // Long lines are broken where the mail's reader joins them again.
            try await server.mails.map { $0.replacing("=\r\n", with: "") }
                .filter { $0.contains("of the way") || $0.contains("reached your goal") }
        }

        /// Quiet from an hour ago until an hour from now, by the athlete's clock in UTC.
        func quiet() async throws {
            let minute = Int(server.clock.now.milliseconds / 60_000)
            let from = try #require(LocalTime(minutes: (minute - 60) % 1440))
            let to = try #require(LocalTime(minutes: (minute + 60) % 1440))
            try await prefer(#"{"quietHours": {"from": "\#(from)", "to": "\#(to)"}}"#)
        }
    }

    @Test("who wants mail gets exactly one a milestone, in two forms, with a link that PUBLIC_URL begins")
    func mailed() async throws {
        try await RESTServer.run(adjust: { $0.publicURL = "https://fitai.example" }) { server in
            let way = try await Way(server)
            try await way.weigh(85)
            #expect(try await way.letters().count == 2)
            try await way.settle()
            try await way.weigh(85.5)
            #expect(try await way.letters().count == 2)
            try await way.weigh(79)
            let letters = try await way.letters()
            #expect(letters.count == 4)
            let ids = letters.compactMap { $0.firstMatch(of: /Message-ID: <[^>]+>/)?.output }
            #expect(Set(ids).count == 4)
            let last = try #require(letters.last { $0.contains("reached your goal") })
            #expect(last.contains("To: <ada@example.com>"))
            #expect(last.contains("Content-Type: text/plain") && last.contains("Content-Type: text/html"))
            #expect(last.contains("https://fitai.example/"))
            // A title is text in both forms, whatever it holds.
            #expect(last.contains("<b>los</b>") && last.contains("&lt;b&gt;los&lt;/b&gt;"))
        }
    }

    @Test("settling at the same time sends one mail a milestone")
    func concurrently() async throws {
        try await RESTServer.run { server in
            let way = try await Way(server)
            try await Way.weigh(80, way.athlete)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 { group.addTask { try await way.settle() } }
                try await group.waitForAll()
            }
            #expect(try await way.letters().count == 4)
        }
    }

    @Test("who did not ask for it, or whose address nobody has verified, gets no mail", arguments: [true, false])
    func unwanted(isVerified: Bool) async throws {
        try await RESTServer.run { server in
            let way = try await Way(server, wantsMail: !isVerified, isVerified: isVerified)
            try await way.weigh(80)
            #expect(try await way.letters().isEmpty)
            #expect(try await server.pool.first("select count(*) from jobs", as: Int.self) == 0)
            #expect(try await server.pool.first("select count(*) from goal_milestones", as: Int.self) == 4)
        }
    }

    @Test("in quiet hours a mail waits for their end, however often it is looked at, and then comes once")
    func quiet() async throws {
        try await RESTServer.run { server in
            let way = try await Way(server)
            try await way.quiet()
            try await way.weigh(87)
            #expect(try await way.letters().isEmpty)
            for _ in 0..<3 {
                server.clock.advance(by: .seconds(19 * 60))
                #expect(try await way.letters().isEmpty)
            }
            server.clock.advance(by: .seconds(4 * 60))
            #expect(try await way.letters().count == 1)
            server.clock.advance(by: .seconds(86_400))
            #expect(try await way.letters().count == 1)
            #expect(try await server.pool.first("select count(*) from dead_jobs", as: Int.self) == 0)
        }
    }

    @Test("a mail that waits is not sent when it is not wanted any more or its goal is gone", arguments: [true, false])
    func withdrawn(isGoalDeleted: Bool) async throws {
        try await RESTServer.run { server in
            let way = try await Way(server)
            try await way.quiet()
            try await way.weigh(80)
            #expect(try await way.letters().isEmpty)
            if isGoalDeleted {
                #expect(try await way.athlete.client.delete("/v1/goals/\(way.goal)").status == 204)
            } else {
                try await way.prefer(#"{"notifications": {"goalMilestone": {"email": false}}}"#)
            }
            server.clock.advance(by: .seconds(2 * 3600))
            #expect(try await way.letters().isEmpty)
            #expect(try await server.pool.first("select count(*) from jobs", as: Int.self) == 0)
        }
    }

    @Test(
        "quiet hours end at their local time, also over midnight and where the clocks change",
        arguments: [
            // Berlin: an hour ahead of UTC in winter, two in summer, from 2026-03-29 01:00 to 2026-10-25 01:00 UTC.
            ("22:00", "07:00", "2026-01-10T20:59:59Z", nil),
            ("22:00", "07:00", "2026-01-10T21:00:00Z", "2026-01-11T06:00:00Z"),
            ("22:00", "07:00", "2026-01-11T05:59:59Z", "2026-01-11T06:00:00Z"),
            ("22:00", "07:00", "2026-01-11T06:00:00Z", nil),
            ("22:00", "07:00", "2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"),
            ("22:00", "07:00", "2026-10-24T21:00:00Z", "2026-10-25T06:00:00Z"),
            ("12:00", "13:30", "2026-07-01T10:00:00Z", "2026-07-01T11:30:00Z"),
            ("12:00", "13:30", "2026-07-01T11:30:00Z", nil), ("12:00", "13:30", "2026-07-01T09:59:00Z", nil),
            ("00:00", "23:59", "2026-06-30T22:00:00Z", "2026-07-01T21:59:00Z"),
            // 02:30 is left out: an hour later on the clock. Then it comes twice: the first ends the quiet.
            ("23:00", "02:30", "2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z"),
            ("23:00", "02:30", "2026-10-25T00:15:00Z", "2026-10-25T00:30:00Z"),
            ("23:00", "02:30", "2026-10-25T01:15:00Z", nil),
        ])
    func ends(from: String, to: String, at: String, end: String?) throws {
        let quiet = QuietHours(from: try #require(LocalTime(from)), to: try #require(LocalTime(to)))
        let time = try #require(Timestamp(rfc3339: at))
        let zone = try #require(TimeZone(identifier: "Europe/Berlin"))
        #expect(quiet.end(at: time, in: zone) == end.flatMap { Timestamp(rfc3339: $0) })
    }
}
