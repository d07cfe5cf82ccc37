import Protocol
import TestKit
import Testing

@testable import Realtime

@Suite("Fuzz of the files of kept ops", .serialized)
struct SpillDecoderFuzzTests {
    @Test("a file gives whole ops and says where it is damaged, whatever became of it")
    func files() async throws {
        let frames = (0..<3).map { place in
            SpillFrames.frame(
                Spill.SpilledOp(
                    workout: .make(), athlete: .make(),
                    op: WorkoutOp(id: .make(), at: .now, action: place == 1 ? .startRest(milliseconds: 90_000) : .pause)
                ))
        }
        let earlier = frames.flatMap { $0.dropFirst(4) }
        let unreadable = SpillFrames.frame(payload: Array(#"{"workoutId":7,"op":{"kind":"set.lift"}}"#.utf8))
        let samples = [
            frames.flatMap { $0 }, earlier, frames[0] + unreadable + frames[1] + [UInt8](repeating: 0, count: 40),
        ]
        try await DecoderFuzz("kept ops", samples: samples, mostBytes: 1200).run { input, _ in
            let reading = SpillFrames.read(input)
            #expect(reading.contents.count <= 4 * samples.count)
            var end = 0
            for damage in reading.damaged {
                #expect(damage.lowerBound >= end && !damage.isEmpty && damage.upperBound <= input.count)
                end = damage.upperBound
            }
            for case .op(let spilled) in reading.contents {
                #expect(SpillFrames.read(SpillFrames.frame(spilled)).contents == [.op(spilled)])
            }
        }
    }

    /// A right checksum reaches what reads the op.
    @Test("whatever a whole frame holds is an op, or kept as it is")
    func payloads() async throws {
        let set = SetValues(weightGrams: 122_500, reps: 5)
        let actions: [WorkoutAction] = [
            .pause, .start(WorkoutDetails(name: "Legs")), .logSet(.make(), entry: .make(), set),
        ]
        let payloads = actions.map { action in
            let op = WorkoutOp(id: .make(), at: .now, action: action)
            return Array(SpillFrames.frame(Spill.SpilledOp(workout: .make(), athlete: .make(), op: op)).dropFirst(12))
        }
        try await DecoderFuzz("payloads of kept ops", samples: payloads, mostBytes: 500).run { input, _ in
            guard !input.isEmpty else { return }
            let contents = SpillFrames.read(SpillFrames.frame(payload: input)).contents
            #expect(contents.count == 1)
            if case .unreadable(let payload, _, _, _)? = contents.first { #expect(payload == input) }
        }
    }
}
