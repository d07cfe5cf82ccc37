import Foundation
import Protocol
import TestKit
import Testing

@Suite("Numbers at their bounds")
struct BoundsTests {
    @Test("sums, differences and products end at the bounds of their type")
    func arithmetic() {
        #expect(Int64.max.clampingAdd(1) == .max && Int64.min.clampingAdd(-1) == .min && 2.clampingAdd(-3) == -1)
        #expect(Int64.min.clampingSubtract(1) == .min && Int64.max.clampingSubtract(-1) == .max)
        #expect(Int64.min.clampingMultiply(-1) == .max && Int64.max.clampingMultiply(-2) == .min)
        #expect(Int(clamping: Double.nan) == 0 && Int(clamping: Double.infinity) == .max)
        #expect(Int(clamping: -1e300) == .min && Int(clamping: 2.5) == 3 && UInt8(clamping: -4.0) == 0)
    }

    @Test("times are added and taken from each other without a trap")
    func times() {
        let (first, last) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
        #expect(last + .seconds(1) == last && first - .seconds(1) == first)
        #expect(last - first == .milliseconds(Int64.max))
        #expect(first + .seconds(Int64.max) == Timestamp(milliseconds: -1))
        #expect(Timestamp(checking: .min) == nil && Timestamp(checking: 253_402_300_800_000) == nil)
        #expect(Timestamp(rfc3339: "0001-01-01T00:00:00+00:01") == nil)
        #expect(Timestamp(rfc3339: "9999-12-31T23:59:60Z") == nil)
        for text in ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"] {
            #expect(Timestamp(rfc3339: text)?.rfc3339 == text)
        }
    }

    @Test(
        "JSON takes every number that JSON allows: exactly in 64 bits, else rounded",
        arguments: [
            ("1000.0000000000000000", "1000"), ("72.4166666666666667", "72.4166666666666667"),
            ("5000.1250000000000000", "5000.125"), ("172.41666666666666666667", "172.4166666666666667"),
            ("-9223372036854775808", "-9223372036854775808"), ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "922337203685477581e1"), ("-9223372036854775809", "-922337203685477581e1"),
            ("0.30000000000000000000000004", "0.3"), ("1e400", "1e400"), ("1e-99999999999", "1e-100000"),
            ("123456789012345678901234567890", "1234567890123456789e11"), ("0.0000000000000000000", "0"),
            ("-0.000000000000000000000000001", "-1e-27"),
        ])
    func json(text: String, written: String) throws {
        var writer = JSONWriter()
        let value = try JSONReader.parse(text)
        writer.value(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == written)
        guard case .number(let number) = value, let exact = Double(text), exact.isFinite, exact != 0 else { return }
        let read = try #require(Double("\(number.roundedDigits)e\(number.exponent)"))
        #expect(abs(read - exact) <= exact.ulp)
    }

    @Test("what has more digits than 64 bits is no whole number, and is rounded once")
    func rest() throws {
        func number(_ text: String) throws -> JSONNumber {
            guard case .number(let number) = try JSONReader.parse(text) else { return JSONNumber(digits: 0) }
            return number
        }
        let below = try number("0.49999999999999999999999999")
        #expect(below.rounded(places: 0) == 0 && below.scaled(places: 0) == nil)
        #expect(try number("2.50000000000000000000000001").rounded(places: 0) == 3)
        #expect(try number("82.500000000000000000000000").scaled(places: 3) == 82_500)
        #expect(try number("82.500000000000000000000001").scaled(places: 3) == nil)
        #expect(try number("12345678901234567890").rounded(places: 0) == nil)
        #expect(try number("9223372036854775807.5").rounded(places: 0) == .max)
    }

    @Test("every number that Postgres or a double writes is read", arguments: [UInt64(7), 8, 9])
    func doubles(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        for _ in 0..<2000 {
            let value = Double(bitPattern: UInt64.random(in: .min ... .max, using: &random))
            guard value.isFinite else { continue }
            guard case .number(let number) = try JSONReader.parse("\(value)") else {
                Issue.record("\(value)")
                return
            }
            #expect(Double("\(number.digits)e\(number.exponent)") == value)
        }
    }

    @Test("a duration in a training log that no workout lasts is refused")
    func durations() {
        let long = Array(repeating: "999999d", count: 100).joined(separator: " ")
        let log = """
            Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE
            2025-09-15 07:48:00,Push,\(long),Bench Press,1,82.5,5,0,0,,,

            """
        let read = try? TrainingLog(reading: Array(log.utf8))  // nil would fail the next line
        #expect(read?.faults.map(\.code) == [.invalidValue])
    }
}
