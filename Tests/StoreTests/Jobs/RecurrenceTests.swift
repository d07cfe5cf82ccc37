import Protocol
import TestKit
import Testing

@testable import Store

@Suite("Schedules")
struct RecurrenceTests {
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(rfc3339: text)) }

    @Test(
        "a local time keeps its place on the clock when the clocks change",
        arguments: [
            // Berlin goes to summer time on 2026-03-29 at 02:00, back on 2026-10-25 at 03:00.
            ("2026-03-28T08:00:00Z", "2026-03-29T06:00:00Z", 8, 0, "Europe/Berlin"),
            ("2026-03-29T06:00:00Z", "2026-03-30T06:00:00Z", 8, 0, "Europe/Berlin"),
            ("2026-10-24T06:00:00Z", "2026-10-25T07:00:00Z", 8, 0, "Europe/Berlin"),
            // 02:30 is left out: it comes an hour later on the clock.
            ("2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z", 2, 30, "Europe/Berlin"),
            ("2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z", 2, 30, "Europe/Berlin"),
            // 02:30 comes twice: only the first counts.
            ("2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", 2, 30, "Europe/Berlin"),
            ("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z", 2, 30, "Europe/Berlin"),
            // Lord Howe moves by half an hour; Kiritimati is 14 hours ahead; Samoa left 2011-12-30 out.
            ("2026-10-03T00:00:00Z", "2026-10-03T15:45:00Z", 2, 15, "Australia/Lord_Howe"),
            ("2026-01-01T00:00:00Z", "2026-01-01T10:00:00Z", 0, 0, "Pacific/Kiritimati"),
            ("2011-12-30T05:00:00Z", "2011-12-30T22:00:00Z", 12, 0, "Pacific/Apia"),
            // Santiago's clocks go forward at midnight.
            ("2026-09-05T12:00:00Z", "2026-09-06T04:00:00Z", 0, 0, "America/Santiago"),
        ])
    func daily(after: String, next: String, hour: Int, minute: Int, zone: String) throws {
        let recurrence = Recurrence.daily(hour: hour, minute: minute)
        #expect(try recurrence.next(after: time(after), timeZone: zone).rfc3339 == time(next).rfc3339)
    }

    @Test("days of the week are local ones, and a month that is too short has its last day")
    func days() throws {
        let weekly = Recurrence(.weekly([1, 4]), hour: 1, minute: 0)
        // Sunday evening in UTC is Monday in Tokyo.
        #expect(
            try weekly.next(after: time("2026-11-22T12:00:00Z"), timeZone: "Asia/Tokyo")
                == time("2026-11-22T16:00:00Z"))
        #expect(
            try weekly.next(after: time("2026-11-22T16:00:00Z"), timeZone: "Asia/Tokyo")
                == time("2026-11-25T16:00:00Z"))
        let monthly = Recurrence(.monthly(day: 31), hour: 0, minute: 0)
        #expect(try monthly.next(after: time("2027-02-01T00:00:00Z"), timeZone: "UTC") == time("2027-02-28T00:00:00Z"))
        #expect(try monthly.next(after: time("2027-02-28T00:00:00Z"), timeZone: "UTC") == time("2027-03-31T00:00:00Z"))
    }

    @Test("every day of a century in many zones has exactly one moment, in order")
    func property() throws {
        for zone in ["Europe/Dublin", "America/St_Johns", "Africa/Casablanca", "Antarctica/Troll", "Asia/Tehran"] {
            let recurrence = Recurrence.daily(hour: 2, minute: 10)
            var moment = try time("2000-01-01T00:00:00Z")
            for _ in 0..<3000 {
                let next = try recurrence.next(after: moment, timeZone: zone)
                let hours = (next - moment).wholeMilliseconds / 3_600_000
                #expect(next > moment && hours <= 26)
                moment = next
            }
        }
    }

    @Test("a schedule makes one job a time, one for many that were missed, and goes on until it is ended")
    func schedules() async throws {
        try await JobBench.run { bench in
            let done = Journal<Int>()
            let workers = bench.workers { $0.add(Lift.self) { lift, _ in done.note(lift.weight) } }
            try await bench.pool.transaction { connection in
                try bench.jobs.schedule(
                    Lift(weight: 1), key: "ada", .daily(hour: 0, minute: 0), timeZone: "UTC", on: connection)
                try bench.jobs.schedule(
                    Lift(weight: 7), key: "ada", .daily(hour: 0, minute: 0), timeZone: "Asia/Tokyo", on: connection)
            }
            try await workers.runDue()
            #expect(done.entries.isEmpty)
            bench.clock.advance(by: .seconds(86_400))
            try await workers.runDue()
            try await workers.runDue()
            #expect(done.entries == [7])
            bench.clock.advance(by: .seconds(10 * 86_400))
            try await workers.runDue()
            #expect(done.entries == [7, 7])
            #expect(try await bench.pool.transaction { try bench.jobs.unschedule(Lift.self, key: "ada", on: $0) })
            bench.clock.advance(by: .seconds(86_400))
            try await workers.runDue()
            #expect(done.entries == [7, 7])
        }
    }

    @Test("a time zone that does not exist is refused")
    func unknownZone() async throws {
        try await JobBench.run { (bench: JobBench) async throws -> Void in
            await #expect(throws: UnknownTimeZone(name: "Mars/Olympus")) {
                try await bench.pool.transaction { connection in
                    try bench.jobs.schedule(
                        Lift(weight: 1), key: "a", .daily(hour: 0, minute: 0), timeZone: "Mars/Olympus", on: connection)
                }
            }
        }
    }
}
