import Foundation
import Protocol
import Testing

/// Every fold is held to what this one makes: `spec/fold-vectors.json` is written here and read by the tests of the pages and
/// by a client in Python that was written after `spec/asyncapi.yaml` alone.
struct FoldFixtureTests {
    static let file = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "spec/fold-vectors.json")

    @Test("the vectors are what the fold makes today")
    func fixturesAreCurrent() throws {
        let made = FoldFixtures.json()
        if ProcessInfo.processInfo.environment["FITAI_WRITE_FIXTURES"] == "1" {
            try Data(made).write(to: Self.file)
        }
        let stored = Array(try Data(contentsOf: Self.file))
        #expect(stored == made, "write them again with FITAI_WRITE_FIXTURES=1 swift test --filter FoldFixtureTests")
        #expect(made.count <= 300 * 1024)
    }

    @Test("the vectors hold every kind of event")
    func everyKindOccurs() {
        var kinds: Set<WorkoutAction.Kind> = []
        var superseded = 0
        for seed in FoldFixtures.seeds {
            for step in FoldSequence(seed: seed).steps {
                kinds.insert(step.event.action.kind)
                superseded += step.event.effects.isSuperseded ? 1 : 0
            }
        }
        #expect(kinds == Set(WorkoutAction.Kind.allCases))
        #expect(superseded > 0)
    }

    @Test("a state read back from its snapshot has the same hash and goes on alike")
    func snapshotsAreFaithful() throws {
        for seed in FoldFixtures.seeds {
            var copy = WorkoutState()
            for step in FoldSequence(seed: seed).steps {
                copy = try WorkoutState(JSONReader.parse(copy.json(forWatchers: false)))
                copy.apply(step.event)
                #expect(copy.stateHash == step.hash, "seed \(seed), seq \(step.event.seq)")
                #expect(copy.summary == step.event.effects.summary, "seed \(seed), seq \(step.event.seq)")
            }
        }
    }
}

/// Sequences as the other folds read them: every event with the hash after it, and the last state in full.
enum FoldFixtures {
    static let seeds: ClosedRange<UInt64> = 1...28

    static func json() -> [UInt8] {
        var writer = JSONWriter(capacity: 300 * 1024)
        writer.object { writer in
            writer.name("sequences")
            writer.array(seeds) { writer, seed in
                let sequence = FoldSequence(seed: seed)
                writer.object { writer in
                    writer.member("seed", seed)
                    writer.name("steps")
                    writer.array(sequence.steps) { writer, step in
                        writer.object { writer in
                            writer.name("event")
                            writer.raw(step.event.json)
                            writer.member("stateHash", step.hash)
                        }
                    }
                    writer.name("state")
                    writer.raw(sequence.state.json(forWatchers: false))
                    writer.name("watchersState")
                    writer.raw(sequence.state.json(forWatchers: true))
                }
            }
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
