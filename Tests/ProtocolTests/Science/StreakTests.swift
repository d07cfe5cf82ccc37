import Protocol
import Testing

@Suite("Streaks")
struct StreakTests {
    private func dates(_ texts: String...) -> [CalendarDate] { texts.compactMap { CalendarDate($0) } }
    private func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

    @Test("weeks begin on the day that the user chose")
    func weekStarts() throws {
        let sunday = try date("2026-11-22")
        #expect(WeekStart.monday.week(of: sunday).description == "2026-11-16")
        #expect(WeekStart.sunday.week(of: sunday).description == "2026-11-22")
        #expect(WeekStart.saturday.week(of: sunday).description == "2026-11-21")
        for start in WeekStart.allCases {
            for days in -800..<800 {
                let week = start.week(of: CalendarDate(daysSinceEpoch: days))
                #expect((0..<7).contains(days - week.daysSinceEpoch))
                #expect(start.week(of: week) == week)
            }
        }
    }

    @Test("days in a row count, also over a clock change and a new year; a day not yet over breaks nothing")
    func days() throws {
        let run = dates("2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30", "2026-03-29")
        #expect(Streak.days(run, today: try date("2026-03-30")).current == 4)
        #expect(Streak.days(run, today: try date("2026-03-31")).current == 4)
        let broken = Streak.days(run, today: try date("2026-04-01"))
        #expect(broken.current == 0)
        #expect(broken.longest == 4)
        #expect(Streak.days(dates("2025-12-31", "2026-01-01"), today: try date("2026-01-01")).current == 2)
        #expect(Streak.days([], today: try date("2026-01-01")).longest == 0)
    }

    @Test("weeks count by the week's start and by how many days each needs")
    func weeks() throws {
        // Sunday and Monday: two weeks from Monday, one from Sunday.
        let pair = dates("2026-11-15", "2026-11-16")
        let today = try date("2026-11-20")
        #expect(Streak.weeks(pair, today: today, start: .monday).current == 2)
        #expect(Streak.weeks(pair, today: today, start: .sunday).current == 1)
        #expect(Streak.weeks(pair, today: today, start: .sunday, daysNeeded: 2).current == 1)
        #expect(Streak.weeks(pair, today: today, start: .monday, daysNeeded: 2).longest == 0)
        let later = try date("2026-11-30")
        #expect(Streak.weeks(pair, today: later, start: .monday).current == 0)
        #expect(Streak.weeks(pair, today: later, start: .monday).longest == 2)
        #expect(
            Streak.weeks(dates("1969-12-30", "1970-01-06"), today: try date("1970-01-06"), start: .monday).current == 2)
    }
}
