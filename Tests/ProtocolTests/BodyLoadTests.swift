import Protocol
import Testing

@Suite("Body load in the fold")
struct BodyLoadTests {
    private static let pullUp = ExerciseFacts(
        id: .make(), name: "Pull-Up", primaryMuscles: ["lats"], secondaryMuscles: ["biceps"], bodyWeightShare: 0.95)

    /// A workout with one exercise and one set.
    private static func lift(
        _ values: SetValues, details: EntryDetails, exercise: ExerciseFacts? = pullUp, bodyWeightGrams: Int64? = 80_000
    ) throws -> (state: WorkoutState, events: [WorkoutEvent]) {
        var state = WorkoutState()
        var events: [WorkoutEvent] = []
        let actions: [WorkoutAction] = [
            .start(WorkoutDetails()), .addEntry(details), .logSet(.make(), entry: details.id, values),
        ]
        for (place, action) in actions.enumerated() {
            let context = RuleContext(
                epoch: 1, lastSeq: Int64(place), now: .now, exercise: exercise, bodyWeightGrams: bodyWeightGrams)
            events.append(try state.decide(WorkoutOp(id: .make(), at: .now, action: action), context))
        }
        return (state, events)
    }

    @Test("the event of an exercise carries what a repetition lifts of the body, and each set counts it")
    func counted() throws {
        let details = EntryDetails(id: .make(), exerciseId: Self.pullUp.id)
        let (state, events) = try Self.lift(SetValues(weightGrams: 10_000, reps: 5), details: details)
        #expect(try JSONReader.parse(events[1].json)["bodyLoadKg"]?.integer == 76)
        #expect(state.summary.tonnage == 430_000)
        #expect(events[2].effects.summary?.tonnage == 430_000)
        // What the weight of the body has no part in: the estimate and the records of what was on the bar.
        #expect(events[2].effects.estimatedOneRepMaxGrams == 11_667)
        var folded = WorkoutState()
        for event in events { folded.apply(try WorkoutEvent(JSONReader.parse(event.json))) }
        #expect(folded == state)
        #expect(try WorkoutState(JSONReader.parse(state.json(forWatchers: true))).stateHash == state.stateHash)
    }

    @Test("warm-ups and timed sets lift nothing of the body; a set without weight lifts only it")
    func sets() throws {
        let details = EntryDetails(id: .make(), exerciseId: Self.pullUp.id)
        func tonnage(_ values: SetValues) throws -> Int64 {
            try Self.lift(values, details: details).state.summary.tonnage
        }
        #expect(try tonnage(SetValues(reps: 8)) == 608_000)
        #expect(try tonnage(SetValues(type: .warmup, reps: 8)) == 0)
        #expect(try tonnage(SetValues(durationMilliseconds: 30_000)) == 0)
    }

    @Test("without a share, a measured body or the server's word there is none, whatever a client claims")
    func absent() throws {
        let claim = EntryDetails(id: .make(), exerciseId: Self.pullUp.id, bodyLoadGrams: 500_000)
        let unmeasured = try Self.lift(SetValues(reps: 5), details: claim, bodyWeightGrams: nil)
        #expect(unmeasured.state.entries.first?.bodyLoadGrams == nil)
        #expect(unmeasured.state.summary.tonnage == 0)
        let bench = ExerciseFacts(id: Self.pullUp.id, name: "Bench", primaryMuscles: [], secondaryMuscles: [])
        #expect(try Self.lift(SetValues(reps: 5), details: claim, exercise: bench).state.summary.tonnage == 0)
        let named = EntryDetails(id: .make(), name: "Sled", bodyLoadGrams: 500_000)
        #expect(try Self.lift(SetValues(reps: 5), details: named, exercise: nil).state.summary.tonnage == 0)
        var (state, _) = try Self.lift(SetValues(reps: 5), details: claim)
        let change = WorkoutOp(
            id: .make(), at: .now, action: .updateEntry(EntryDetails(id: claim.id, bodyLoadGrams: 900_000)))
        let event = try state.decide(change, RuleContext(epoch: 1, lastSeq: 3, now: .now))
        #expect(try JSONReader.parse(event.json)["bodyLoadKg"] == nil)
        #expect(state.summary.tonnage == 380_000)
    }

    @Test("a history from before body loads folds to the same totals and the same hash")
    func oldHistories() throws {
        let history: [(event: String, hash: String)] = [
            (
                #"""
                {"epoch":1,"seq":1,"receivedAt":1701728148895,"opId":"018c36e6-dd9f-776d-9fc2-9cf71c665b78",
                "at":1701728148855,"kind":"workout.start","name":"Früh am Morgen"}
                """#, "58e3e4b2f4a66728"
            ),
            (
                #"""
                {"epoch":1,"seq":2,"receivedAt":1701728154256,"opId":"018c36e6-f290-79f0-8c06-7535f8f435aa",
                "at":1701728154216,"kind":"exercise.add","entryId":"018c36e6-dd9f-71ae-8756-16fc0d74e9bd",
                "exerciseId":"0174876e-8000-7003-8000-000000000003","name":"Pull-Up","primaryMuscles":["lats"],
                "secondaryMuscles":["biceps"],"restSeconds":120}
                """#, "c2888b144e33cc0c"
            ),
            (
                #"""
                {"epoch":1,"seq":3,"receivedAt":1701728204694,"opId":"018c36e7-b796-78aa-b7de-46e185733c6b",
                "at":1701728204654,"kind":"set.log","setId":"018c36e6-f290-7d3f-b4d1-a22da6f7f111",
                "entryId":"018c36e6-dd9f-71ae-8756-16fc0d74e9bd",
                "set":{"type":"normal","weightKg":205.625,"reps":9}}
                """#, "020e61556199d3a4"
            ),
        ]
        var state = WorkoutState()
        for (event, hash) in history {
            state.apply(try WorkoutEvent(JSONReader.parse(Array(event.utf8))))
            #expect(state.stateHash == hash)
        }
        #expect(state.summary.tonnage == 1_850_625)
    }
}
