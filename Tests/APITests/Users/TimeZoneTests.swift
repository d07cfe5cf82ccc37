import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Time zones")
struct TimeZoneTests {
    @Test("a zone that Foundation knows and Postgres doesn't is refused, wherever a profile takes one")
    func refused() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            #expect(TimeZone(identifier: "US/Pacific-New") != nil)
            let answer = try await ada.client.send(
                "PUT", "/v1/users/profile", text: #"{"timeZone": "US/Pacific-New"}"#)
            #expect(answer.status == 422)
            #expect(answer.faults == ["/timeZone notAllowed"])
            for zone in ["Europe/Berlin", "America/Argentina/Buenos_Aires", "UTC"] {
                let taken = try await ada.client.send(
                    "PUT", "/v1/users/profile", text: #"{"timeZone": "\#(zone)"}"#)
                #expect(taken.status == 200, "\(zone)")
            }
        }
    }

    @Test("every zone that is accepted serves volume, dashboard, goals and export")
    func everyAccepted() async throws {
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let zones = TimeZones(pool: server.pool, now: { server.clock.now })
            var accepted: [String] = []
            for zone in TimeZone.knownTimeZoneIdentifiers {
                if try await zones.knows(zone) { accepted.append(zone) }
            }
            #expect(accepted.count > 300)
            let local = try await server.pool.query(
                "select count(now() at time zone z) from unnest(\(accepted)) as z", as: Int.self)
            #expect(local == [accepted.count])
            _ = try await ada.client.send(
                "PUT", "/v1/users/profile", text: #"{"timeZone": "\#(accepted.randomElement() ?? "UTC")"}"#)
            for path in ["progress/volume", "progress/analytics", "goals", "workouts/export?format=hevy"] {
                #expect(try await ada.client.get("/v1/\(path)").status == 200, "\(path)")
            }
        }
    }

    @Test("stored zones that one of the two doesn't know become ones with the same clock")
    func healed() async throws {
        try await TestPostgres.withDatabase { database in
            let stored = ["US/Pacific-New", "Mars/Olympus", "Asia/Tokyo", "UTC"]
            try await database.pool.execute(
                """
                insert into users (id, username, email, display_name, created_at, time_zone)
                select gen_random_uuid(), 'user_' || n, n || '@example.org', 'U', now(), zone
                from unnest(\(stored)) with ordinality as z (zone, n)
                """)
            let zones = TimeZones(pool: database.pool, now: { .now })
            #expect(try await zones.heal() == 2)
            #expect(try await zones.heal() == 0)
            let now = try await database.pool.query("select time_zone from users order by username", as: String.self)
            #expect(now.dropFirst() == ["UTC", "Asia/Tokyo", "UTC"])
            let healed = try #require(now.first.flatMap { TimeZone(identifier: $0) })
            let pacific = try #require(TimeZone(identifier: "America/Los_Angeles"))
            for month in 0..<12 {
                let date = Date(timeIntervalSince1970: 1_763_805_600 + Double(month) * 30 * 86_400)
                #expect(healed.secondsFromGMT(for: date) == pacific.secondsFromGMT(for: date))
            }
            let local = try await database.pool.query(
                "select count(now() at time zone time_zone) from users", as: Int.self)
            #expect(local == [4])
        }
    }
}
