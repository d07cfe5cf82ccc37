import Foundation
import Protocol
import TestKit
import Testing

@Suite("The fuzz of decoders", .serialized)
struct DecoderFuzzTests {
    @Test("a decoder that takes the processor for too long over an input, or keeps too much, fails its run")
    func bounds() async throws {
        func fault(_ inputs: Int, _ decode: ([UInt8]) -> Void) async throws -> DecoderFuzz.Fault? {
            do {
                try await DecoderFuzz("a bad decoder", texts: ["a"]).run(inputs) { input, _ in decode(input) }
                return nil
            } catch let fault as DecoderFuzz.Fault {
                return fault
            }
        }
        let slow = try await fault(3) { _ in
            let clock = ThreadClock.current
            let end = clock.milliseconds + DecoderFuzz.mostMilliseconds + 2
            while clock.milliseconds < end {}
        }
        guard case .slow(_, let milliseconds, _) = slow else {
            Issue.record("a slow decoder passes")
            return
        }
        #expect(milliseconds > DecoderFuzz.mostMilliseconds)
        var kept: [[UInt8]] = []
        let mebibytes = DecoderFuzz.mostGrowthKiB / 1024 + 16
        let growth = try await fault(mebibytes) { _ in kept.append([UInt8](repeating: 1, count: 1 << 20)) }
        guard case .grown(_, let kibibytes) = growth else {
            Issue.record("a decoder that keeps everything passes")
            return
        }
        #expect(kibibytes > DecoderFuzz.mostGrowthKiB && kept.count == mebibytes)
        #expect(try await fault(100) { _ in } == nil)
    }
}

/// What the shared code reads from outside ends no process, whatever it is.
@Suite("Fuzz of the decoders of values and logs", .serialized)
struct ValueDecoderFuzzTests {
    @Test("JSON: what is read is written and read again as the same; numbers scale and round without a trap")
    func json() async throws {
        let texts = [
            #"{"id":7,"type":"op","room":"workout:0","at":1763805600000,"weightKg":122.5,"list":[1,-2.5e-3,{}]}"#,
            #"["caf\u00e9","\ud83c\udfcb",true,false,null,0.1,1e18,-9223372036854775808]"#,
            #"{"a":{"b":{"c":[[[[1000.0000000000000000]]]]}}}"#, "72.4166666666666666666667", "\"\"",
        ]
        try await DecoderFuzz("JSON", texts: texts).run { input, _ in
            guard let value = try? JSONReader.parse(input) else { return }  // most inputs are no JSON
            visit(value)
            var writer = JSONWriter()
            writer.value(value)
            let again = try JSONReader.parse(writer.bytes)
            var second = JSONWriter()
            second.value(again)
            #expect(second.bytes == writer.bytes, "\(String(decoding: input, as: UTF8.self))")
        }
    }

    private func visit(_ value: JSONValue) {
        switch value {
        case .number(let number):
            for places in [-3, 0, 1, 3, 18] { _ = (number.scaled(places: places), number.rounded(places: places)) }
        case .array(let values): values.forEach(visit)
        default: break
        }
    }

    @Test("times, dates and ids: what is read is written as it is read")
    func times() async throws {
        let texts = [
            "2026-11-22T17:06:04.123Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:60.999999999-23:59",
            "2024-02-29 12:00:00z", "019abcde-f012-7345-8678-9abcdef01234", "2026-11-22", "23:59", "2000-02-30",
        ]
        try await DecoderFuzz("times and ids", texts: texts, mostBytes: 60).run { input, _ in
            let text = String(decoding: input, as: UTF8.self)
            if let time = Timestamp(rfc3339: text) {
                #expect(Timestamp.calendar.contains(time), "\(text)")
                #expect(Timestamp(rfc3339: time.rfc3339) == time, "\(text)")
            }
            if let id = UUIDv7(text) { #expect(UUIDv7(id.description) == id, "\(text)") }
            if let date = CalendarDate(text) {
                #expect(CalendarDate(daysSinceEpoch: date.daysSinceEpoch) == date, "\(text)")
            }
            _ = (LocalTime(text), text.cut(to: 5))
        }
    }

    @Test("training logs: every file is read to its end or refused, and its numbers fit the workout's")
    func trainingLogs() async throws {
        let hevy = [
            "title", "start_time", "end_time", "description", "exercise_title", "superset_id", "exercise_notes",
            "set_index", "set_type", "weight_kg", "reps", "distance_km", "duration_seconds", "rpe",
        ].map { "\"\($0)\"" }.joined(separator: ",")
        let texts = [
            #"""
            Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE
            2025-09-15 07:48:00,"Push ""A""",1h 99999d,Bench Press,1,82.5,5,0,0,"slow [set: left, 2 RIR]",good,8.5

            """#,
            #"""
            \#(hevy)
            "Legs","15 Sep 2025, 07:48","15 Sep 2025, 08:50","","Squat",1,"",0,"normal",122.5,5,,,9

            """#,
        ]
        try await DecoderFuzz("training logs", texts: texts, mostBytes: 700).run { input, _ in
            guard let log = try? TrainingLog(reading: input) else { return }  // most inputs are no log
            for workout in log.workouts {
                _ = (workout.start.timestamp(minutesEastOfUTC: 840), workout.start.description)
                for set in workout.exercises.flatMap(\.sets) {
                    let values = SetValues(set, weightUnit: .lb, distanceUnit: .mi)
                    _ = values.faults
                }
            }
        }
    }

    @Test("frames of clients and servers: every text is a frame or refused")
    func frames() async throws {
        let (room, id) = ("workout:019abcde-f012-7345-8678-9abcdef01234", "019abcde-f012-7345-8678-9abcdef01235")
        let set = #"{"type":"normal","weightKg":122.5,"reps":5,"rpe":8.5,"rir":2}"#
        let texts = [
            #"{"id":1,"type":"hello","token":"a.b.c","client":{"name":"web","version":"1"},"protocol":1}"#,
            #"{"id":2,"type":"time","t0":1763805600000}"#,
            #"{"id":3,"type":"subscribe","room":"\#(room)","since":{"epoch":1,"seq":9}}"#,
            #"{"id":4,"type":"op","room":"\#(room)","opId":"\#(id)","kind":"set.log","at":1763805600000,"#
                + #""entryId":"\#(id)","setId":"\#(id)","set":\#(set)}"#,
            #"{"id":5,"type":"heart","room":"\#(room)","bpm":120,"at":1763805600000,"rr":[500,510]}"#,
            #"{"type":"time","id":2,"t0":1,"t1":1763805600000,"t2":1763805600001}"#,
            #"{"type":"ok","id":4,"epoch":1,"seq":7,"durable":true}"#, #"{"type":"goodbye","retryAfterMs":1000}"#,
            #"{"type":"error","id":4,"code":"rateLimited","message":"wait","retryAfterMs":1000}"#,
            #"{"type":"presence","room":"r","watching":3,"joined":[],"left":[]}"#,
            #"{"type":"durable","room":"r","epoch":1,"seq":7}"#,
        ]
        try await DecoderFuzz("frames", texts: texts).run { input, _ in
            // What is no frame is refused with a reason; there is nothing to be done with it here.
            _ = try? ClientFrame(input)
            guard let frame = try? ServerFrame(input) else { return }  // as above
            if case .goodbye(let wait) = frame { #expect((0...86_400_000).contains(wait)) }
        }
    }
}

@Suite("Fuzz of workouts that a server sends", .serialized)
struct WorkoutDecoderFuzzTests {
    @Test("snapshots and events with any numbers fold to a state with a hash")
    func workouts() async throws {
        let (entry, set) = ("019abcde-f012-7345-8678-9abcdef01236", "019abcde-f012-7345-8678-9abcdef01237")
        let event =
            #"{"type":"event","room":"r","epoch":1,"seq":3,"opId":"019abcde-f012-7345-8678-9abcdef01235","#
            + #""at":1763805600000,"receivedAt":1763805600001,"kind":"#
        let values = #"{"type":"normal","weightKg":122.5,"reps":5}"#
        let texts = [
            event + #""set.log","entryId":"\#(entry)","setId":"\#(set)","set":\#(values)}"#,
            event + #""rest.start","seconds":90}"#, event + #""workout.pause"}"#,
            event + #""workout.complete","rpe":8}"#,
            event + #""exercise.add","entryId":"\#(entry)","name":"Squat","restSeconds":90,"supersetGroup":1}"#,
        ]
        var begun = WorkoutState()
        for text in [texts[4], texts[0]] {
            guard case .event(_, let known) = try ServerFrame(Array(text.utf8)) else { continue }
            begun.apply(try known.decoded())
        }
        #expect(begun.summary.workingSets == 1)
        try await DecoderFuzz("workouts", texts: texts, mostBytes: 400).run { input, random in
            // What is no event is refused; there is nothing to be done with it here.
            guard case .event(_, let encoded)? = try? ServerFrame(input), let event = try? encoded.decoded()
            else { return }
            var state = begun
            for _ in 0..<2 { state.apply(event) }
            _ = (state.summary, state.hardSets, state.stateHash)
        }
    }
}
