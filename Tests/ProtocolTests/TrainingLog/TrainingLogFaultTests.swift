import Protocol
import Testing

@Suite("Faults in training logs")
struct TrainingLogFaultTests {
    private static let header =
        "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE\n"
    private static let good = "2021-02-10 16:46:13,Push,1h,Squat,1,75.0,8,0,0,,,\n"

    @Test("notes of many lines, doubled quotes, delimiters and CRLF are read")
    func quoting() throws {
        let log = try TrainingLog(
            (Self.header
                + "2021-02-10 16:46:13,\"Push, hard\",1h,Squat,1,75.0,8,0,0,\"one\ntwo \"\"deep\"\", 3\",all,\n"
                + "2021-02-10 16:46:13,\"Push, hard\",1h,Squat,2,75.0,8,0,0,,,\n")
                .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n"))
        #expect(log.faults.isEmpty)
        #expect(log.workouts.first?.name == "Push, hard")
        #expect(log.workouts.first?.note == "all")
        #expect(log.workouts.first?.exercises.first?.note == "one\r\ntwo \"deep\", 3")
        #expect(log.sets.map(\.line) == [2, 4])
    }

    @Test("a quote that stands free inside a quoted note is kept")
    func freeQuote() throws {
        let log = try TrainingLog(
            Self.header + "2021-02-10 16:46:13,Push,1h,Squat,1,75.0,8,0,0,\"said \"go\" twice\",,\n")
        #expect(log.workouts.first?.exercises.first?.note == "said \"go\" twice")
    }

    @Test("rows that cannot be read are named by line and column, and the others are read")
    func rows() throws {
        let log = try TrainingLog(
            Self.header + Self.good
                + "2021-02-10 16:46:13,Push,1h,Squat,2,heavy,8,0,0,,,\n"
                + "2021-02-10 16:46:13,Push,1h,Squat,3,75.0,8,0\n"
                + "2021-02-30 16:46:13,Push,1h,Squat,4,75.0,8,0,0,,,\n"
                + "2021-02-10 16:46:13,Push,1h,,5,75.0,8,0,0,,,\n"
                + "2021-02-10 16:46:13,Push,1h,Squat,last,75.0,8,0,0,,,\n"
                + "2021-02-10 16:46:13,Push,1h,Squat,7,75.0,8,0,0,,,\n")
        #expect(log.sets.map(\.line) == [2, 8])
        #expect(log.faults.map(\.line) == [3, 4, 5, 6, 7])
        #expect(log.faults.map(\.code) == [.invalidValue, .columnCount, .invalidValue, .missingValue, .invalidValue])
        #expect(log.faults.map(\.column) == [6, nil, 1, 4, 5])
    }

    @Test("a quote without an end costs its own line, not the rest of the file")
    func unended() throws {
        let log = try TrainingLog(
            Self.header + "2021-02-10 16:46:13,Push,1h,Squat,1,75.0,8,0,0,\"open,,\n" + Self.good + Self.good)
        #expect(log.faults.map(\.code) == [.unendedRow])
        #expect(log.faults.first?.line == 2)
        #expect(log.sets.count == 1)
        #expect(log.repeatedRows == 1)
    }

    @Test("a row longer than the limit is a fault")
    func long() throws {
        let long = String(repeating: "x", count: 5000)
        let log = try TrainingLog(
            Self.header + "2021-02-10 16:46:13,Push,1h,Squat,1,75.0,8,0,0,\(long),,\n" + Self.good,
            limits: .init(rowBytes: 1000))
        #expect(log.faults.first?.code == .unendedRow)
        #expect(log.sets.map(\.line) == [3])
    }

    @Test(
        "other files are refused",
        arguments: [
            "", "\n\n", "a,b,c\n1,2,3\n", "{\"workouts\": []}", "Date,Workout Name\n2021-02-10,Push\n",
            String(repeating: "\"", count: 200_000),
        ])
    func others(text: String) throws {
        #expect(throws: TrainingLog.Fault.self) { _ = try TrainingLog(text) }
    }

    @Test("a file of another encoding is refused")
    func encoding() throws {
        let wide = Self.header.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        let fault = #expect(throws: TrainingLog.Fault.self) { _ = try TrainingLog(reading: [0xFF, 0xFE] + wide) }
        #expect(fault?.code == .notText)
    }

    @Test("reading ends when there are more faults than the limit")
    func manyFaults() throws {
        let fault = #expect(throws: TrainingLog.Fault.self) {
            _ = try TrainingLog(
                Self.header + String(repeating: "nonsense\n", count: 20), limits: .init(faults: 10))
        }
        #expect(fault?.code == .tooManyFaults)
        #expect(fault?.line == 12)
    }

    @Test("reading ends when faults have cost far more looks than the file has bytes, and bears some in a large file")
    func costlyFaults() throws {
        let unended = String(repeating: "\"a\n", count: 21_700)
        let fault = #expect(throws: TrainingLog.Fault.self) {
            _ = try TrainingLog(Self.header + unended, limits: .init(faults: 2000))
        }
        #expect(fault?.code == .tooManyFaults)
        // 4 MiB are 64 faults of 64 KiB.
        #expect((60...70).contains(fault?.line ?? 0))
        let log = try TrainingLog(
            Self.header + String(repeating: "\"a\n" + String(repeating: " \n", count: 40_000), count: 40))
        #expect(log.faults.count == 40)
    }

    @Test("as many workouts as the limit are read; with one more the reading ends, also when it is the last")
    func manyWorkouts() throws {
        func log(_ count: Int) -> String {
            Self.header + (1...count).map { "2021-02-1\($0) 16:46:13,Push,1h,Squat,1,75.0,8,0,0,,,\n" }.joined()
        }
        #expect(try TrainingLog(log(3), limits: .init(workouts: 3)).workouts.count == 3)
        for count in [4, 5] {
            let fault = #expect(throws: TrainingLog.Fault.self) {
                _ = try TrainingLog(log(count), limits: .init(workouts: 3))
            }
            #expect(fault?.code == .tooManyWorkouts)
        }
    }

    @Test("rows of a workout beyond the limit are faults of their own lines; the next workout is read")
    func manyRows() throws {
        func row(_ set: Int, _ day: Int = 10) -> String {
            "2021-02-\(day) 16:46:13,Push,1h,Squat,\(set),75.0,8,0,0,,,\n"
        }
        let log = try TrainingLog(
            Self.header + (1...5).map { row($0) }.joined() + row(1, 11), limits: .init(workoutRows: 3))
        #expect(log.workouts.map(\.setCount) == [3, 1])
        #expect(log.faults.map(\.line) == [5, 6])
        #expect(log.faults.map(\.code) == [.workoutTooLong, .workoutTooLong])
    }

    @Test("damaged copies of real files never crash the reader")
    func damaged() throws {
        var generator = SplitMix(state: 20_261_122)
        let original = Array(try LogFixture.bytes("hevy_kg_emoji").prefix(20_000))
        for _ in 0..<60 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert([34, 44, 10, 13, 59][place % 5], at: place)
                }
            }
            // The outcome may be a fault or a log; what matters is that there is one.
            _ = Result { try TrainingLog(reading: bytes) }
        }
    }

    @Test("pieces of any size give what the whole gives")
    func pieces() throws {
        let bytes = Array(try LogFixture.bytes("strong_without_notes"))
        let whole = try TrainingLog(reading: bytes)
        for size in [1, 7, 4096] {
            var reader = TrainingLogReader()
            var workouts: [TrainingLog.Workout] = []
            var place = 0
            while place < bytes.count {
                let end = min(bytes.count, place + size)
                workouts += try reader.read(bytes[place..<end])
                place = end
            }
            workouts += try reader.finish()
            #expect(workouts == whole.workouts)
        }
    }
}

private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
