import Protocol
import TestKit
import Testing

@Suite("Marks behind the notes of training logs")
struct SetMarksTests {
    @Test("a person can read them")
    func text() {
        var marks = SetMarks()
        #expect(marks.note(behind: "slow") == "slow")
        marks.type = .amrap
        marks.side = .left
        marks.rir = 2
        #expect(marks.note(behind: "slow") == "slow [set: amrap, left, 2 RIR]")
        #expect(marks.note(behind: "") == "[set: amrap, left, 2 RIR]")
    }

    @Test(
        "a note that only looks alike is a note",
        arguments: ["[set: both]", "[set: left", "set: left]", "[set: 11 RIR]", "[set: superset 0]", "[left]", "", "]"])
    func others(text: String) {
        let (note, marks) = SetMarks.split(text)
        #expect(note == text && marks == nil)
        #expect(SetMarks().note(behind: text) == text)
    }

    @Test("what is written is read back as it was, whatever the note")
    func roundTrip() {
        let seed = UInt64.random(in: 1...1_000_000)
        var random = SplitMix64(state: seed)
        let parts = ["slow", " ", "[set:]", "[set: left]", "[", "]", ",", "2 RIR", "\n", "[set: again, RPE]"]
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...4, using: &random)).map { _ in parts.randomElement(using: &random) ?? ""
            }
            .joined()
            var marks = SetMarks()
            marks.type = random.chance(in: 2) ? SetType.allCases.randomElement(using: &random) : nil
            marks.side = random.chance(in: 2) ? Side.allCases.randomElement(using: &random) : nil
            marks.rir = random.chance(in: 2) ? Int64.random(in: 0...10, using: &random) : nil
            marks.hasRPE = marks.rir != nil && random.chance(in: 2)
            marks.superset = random.chance(in: 2) ? Int.random(in: 1...100, using: &random) : nil
            marks.isAgain = random.chance(in: 2)
            let (note, read) = SetMarks.split(marks.note(behind: text))
            #expect(note == text, "seed \(seed)")
            #expect(read ?? SetMarks() == marks, "seed \(seed), \(text)")
        }
    }
}
