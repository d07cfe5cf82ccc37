import Protocol
import Testing

@Suite("Every op keeps within bounds, whatever its kind")
struct OpBoundTests {
    private static let now = Timestamp(milliseconds: 1_795_366_800_000)

    private func context(_ seq: Int64) -> RuleContext { RuleContext(epoch: 1, lastSeq: seq, now: Self.now) }

    /// A running workout with one exercise.
    private func begun() throws -> (WorkoutState, EntryID) {
        var state = WorkoutState()
        let entry = EntryID.make()
        _ = try state.decide(op(.start(WorkoutDetails(name: "Monday"))), context(0))
        _ = try state.decide(op(.addEntry(EntryDetails(id: entry, name: "Bench"))), context(1))
        return (state, entry)
    }

    private func op(_ action: WorkoutAction, at: Timestamp = now) -> WorkoutOp {
        WorkoutOp(id: .make(at: Self.now), at: at, action: action)
    }

    private func refusal(of action: WorkoutAction, in state: WorkoutState) -> Refusal.Code? {
        var changed = state
        do throws(Refusal) {
            _ = try changed.decide(op(action), context(2))
            return nil
        } catch {
            #expect(changed == state)
            return error.code
        }
    }

    @Test("a name loses what can't be seen in it and is taken; of nothing else it is refused")
    func shownNames() throws {
        var (state, entry) = try begun()
        let event = try state.decide(op(.update(WorkoutDetails(name: "Le\u{202E}gs \u{1F3CB}"))), context(2))
        #expect(event.action == .update(WorkoutDetails(name: "Legs \u{1F3CB}")) && !event.effects.isClamped)
        #expect(state.name == "Legs \u{1F3CB}")
        #expect(refusal(of: .start(WorkoutDetails(name: "\u{200B}")), in: WorkoutState()) == .invalid)
        #expect(refusal(of: .updateEntry(EntryDetails(id: entry, name: "\u{202E}")), in: state) == .invalid)
    }

    @Test("when a workout ended is read where it can be changed, and elsewhere no more than any other unknown member")
    func endedAt() throws {
        for kind in ["workout.start", "workout.plan"] {
            for value in ["\"soon\"", "1", "946684800000"] {
                let json = try JSONReader.parse(Array(#"{"kind":"\#(kind)","name":"Legs","endedAt":\#(value)}"#.utf8))
                let action = try WorkoutAction(json)
                #expect(refusal(of: action, in: WorkoutState()) == nil)
            }
        }
        let update = try JSONReader.parse(Array(#"{"kind":"workout.update","endedAt":"soon"}"#.utf8))
        #expect(throws: Refusal.self) { try WorkoutAction(update) }
    }

    @Test("names and muscles are bounded in every op that can carry them")
    func names() throws {
        let (state, entry) = try begun()
        let long = String(repeating: "x", count: 101)
        let many = Array(repeating: "chest", count: 33)
        let heavy = [String(repeating: "m", count: 65)]
        for name in [long, "", "a\u{0}b"] {
            #expect(refusal(of: .update(WorkoutDetails(name: name)), in: state) == .invalid)
            #expect(refusal(of: .updateEntry(EntryDetails(id: entry, name: name)), in: state) == .invalid)
            #expect(refusal(of: .addEntry(EntryDetails(id: .make(), name: name)), in: state) == .invalid)
        }
        for muscles in [many, heavy, [""], ["a\nb"]] {
            for (first, second) in [(muscles, []), ([], muscles)] {
                let added = EntryDetails(id: .make(), name: "Row", primaryMuscles: first, secondaryMuscles: second)
                #expect(refusal(of: .addEntry(added), in: state) == .invalid)
                let changed = EntryDetails(id: entry, primaryMuscles: first, secondaryMuscles: second)
                #expect(refusal(of: .updateEntry(changed), in: state) == .invalid)
            }
        }
        let ids = (0..<101).map { _ in EntryID.make() }
        #expect(refusal(of: .reorderEntries(ids), in: state) == .invalid)
    }

    @Test("what an update of an exercise does not change is in no event")
    func updateIsStripped() throws {
        var (state, entry) = try begun()
        let details = EntryDetails(
            id: entry, exerciseId: .make(), name: "Other", primaryMuscles: ["chest"], supersetGroup: 2, bodyLoadGrams: 5
        )
        let event = try state.decide(op(.updateEntry(details)), context(2))
        #expect(event.action == .updateEntry(EntryDetails(id: entry, supersetGroup: 2)))
    }

    @Test("an event above 8 KiB is refused for good before anything changes, and the largest allowed ones are below")
    func eventSize() throws {
        var (state, entry) = try begun()
        let wide = String(repeating: "💪", count: 2000)
        let refused = refusal(of: .note(entry: entry, text: wide, isShared: true), in: state)
        #expect(refused == .invalid && refused?.isTemporary == false)
        let quoted = String(repeating: "\"", count: 2000)
        let note = try state.decide(op(.note(entry: entry, text: quoted, isShared: true)), context(2))
        #expect(note.json.count <= WorkoutEvent.limitBytes)
        let muscles = (0..<32).map { "\($0) " + String(repeating: "m", count: 61) }
        let exercise = ExerciseFacts(
            id: .make(), name: String(repeating: "é", count: 100), primaryMuscles: muscles,
            secondaryMuscles: muscles.map { $0 + "2" })
        var rules = context(3)
        rules.exercise = exercise
        rules.baseline.bests[exercise.id] = .init(weightGrams: 1, estimatedOneRepMaxGrams: 1)
        let added = EntryDetails(id: .make(), exerciseId: exercise.id)
        #expect(try state.decide(op(.addEntry(added)), rules).json.count <= WorkoutEvent.limitBytes)
        rules.lastSeq = 4
        let values = SetValues(
            weightGrams: 123_456, reps: 7, rpeTenths: 85, durationMilliseconds: 86_399_999,
            distanceMillimeters: 999_999_999)
        let logged = try state.decide(op(.logSet(.make(), entry: added.id, values)), rules)
        #expect(logged.effects.records.count == 2 && logged.json.count <= WorkoutEvent.limitBytes)
    }

    @Test("a time that the clock of the device puts into the future is set to the server's and flagged")
    func clampedTimes() throws {
        let ahead = Self.now + .milliseconds(200)
        var state = WorkoutState()
        let details = WorkoutDetails(name: "Monday", startedAt: ahead)
        let started = try state.decide(op(.start(details)), context(0))
        #expect(started.effects.isClamped && state.startedAt == Self.now)
        #expect(started.action == .start(WorkoutDetails(name: "Monday", startedAt: Self.now)))
        _ = try state.decide(op(.complete(rpeTenths: nil)), context(1))
        let ended = try state.decide(op(.update(WorkoutDetails(endedAt: ahead))), context(2))
        #expect(ended.effects.isClamped && state.endedAt == Self.now)
        let past = try state.decide(
            op(.update(WorkoutDetails(startedAt: Self.now - .seconds(60)))), context(3))
        #expect(!past.effects.isClamped && state.startedAt == Self.now - .seconds(60))
    }
}
