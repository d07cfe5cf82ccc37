import Protocol
import Testing

struct EventLimitTests {
    /// A running workout and the op behind so many events.
    private func decide(_ action: WorkoutAction, behind events: Int64) throws {
        var state = WorkoutState()
        func context(_ seq: Int64) -> RuleContext { RuleContext(epoch: 1, lastSeq: seq, now: .now) }
        _ = try state.decide(WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails())), context(0))
        _ = try state.decide(WorkoutOp(id: .make(), at: .now, action: action), context(events))
    }

    @Test(
        "every kind of op counts towards a workout's events",
        arguments: [
            .update(WorkoutDetails(name: "Again")), .pause, .skipRest, .note(entry: nil, text: "x", isShared: false),
            .addEntry(EntryDetails(id: .make(), name: "Plank")),
        ] as [WorkoutAction])
    func full(_ action: WorkoutAction) throws {
        try decide(action, behind: WorkoutState.eventLimit - 1)
        let refusal = #expect(throws: Refusal.self) { try decide(action, behind: WorkoutState.eventLimit) }
        #expect(refusal?.code == .limitReached)
    }

    @Test(
        "a full workout can still be ended",
        arguments: [.complete(rpeTenths: 80), .abandon, .delete] as [WorkoutAction])
    func ends(_ action: WorkoutAction) throws {
        try decide(action, behind: WorkoutState.eventLimit)
    }
}
