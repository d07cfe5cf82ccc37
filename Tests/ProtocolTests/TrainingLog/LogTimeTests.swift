import Protocol
import Testing

@Suite("Dates of training logs")
struct LogTimeTests {
    @Test(
        "dates are read in every style and language",
        arguments: [
            ("2025-09-15 07:48:05", "2025-09-15T07:48:05"),
            ("2025-09-15T07:48:05", "2025-09-15T07:48:05"),
            ("2025年9月15日 07:48", "2025-09-15T07:48:00"),
            ("2025年9月15日 下午5:59", "2025-09-15T17:59:00"),
            ("15.09.2025, 07:48", "2025-09-15T07:48:00"),
            ("15 Sep 2025, 07:48", "2025-09-15T07:48:00"),
            ("15. Sept. 2025, 07:48", "2025-09-15T07:48:00"),
            ("Jul 6, 2024, 5:59 PM", "2024-07-06T17:59:00"),
            ("Jul 6, 2024, 12:05\u{202F}AM", "2024-07-06T00:05:00"),
            ("6 jul 2024, 5:59 p. m.", "2024-07-06T17:59:00"),
            ("6 de jul. de 2024, 17:59", "2024-07-06T17:59:00"),
            ("12 Mai 2024, 10:00", "2024-05-12T10:00:00"),
            ("12 Abr 2024, 10:00", "2024-04-12T10:00:00"),
            ("12 Okt 2024, 10:00", "2024-10-12T10:00:00"),
            ("12 août 2024, 10:00", "2024-08-12T10:00:00"),
            ("12 juin 2024, 10:00", "2024-06-12T10:00:00"),
            ("12 juil. 2024, 10:00", "2024-07-12T10:00:00"),
            ("12 mrt 2024, 10:00", "2024-03-12T10:00:00"),
            ("12 marrask. 2024, 10:00", "2024-11-12T10:00:00"),
            ("12 июл. 2024, 10:00", "2024-07-12T10:00:00"),
            ("29 Feb 2024", "2024-02-29T00:00:00"),
        ])
    func styles(text: String, expected: String) {
        #expect(LocalDateTime(log: text)?.description == expected)
    }

    @Test(
        "what has two readings or none is refused",
        arguments: [
            "", "yesterday", "6/7/2024, 10:00", "2025-02-29 10:00", "2025-13-01 10:00", "12 Foo 2024, 10:00",
            "12 Mai 2024, 25:00", "Jul 6, 2024, 13:59 PM", "2025-09-15 07", "99999999999999999999-01-01 10:00:00",
        ])
    func refused(text: String) {
        #expect(LocalDateTime(log: text) == nil)
    }

    @Test("a local time becomes a moment by its offset from UTC")
    func moment() throws {
        let local = try #require(LocalDateTime(year: 2025, month: 9, day: 15, hour: 7, minute: 48))
        #expect(local.timestamp(minutesEastOfUTC: 120).rfc3339 == "2025-09-15T05:48:00.000Z")
        #expect(local.advanced(bySeconds: 86_400) > local)
    }
}
