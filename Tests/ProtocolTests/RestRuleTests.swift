import Protocol
import Testing

/// A rest belongs to the athlete, not to a device: what comes late from another one leaves it alone.
struct RestRuleTests {
    private var state = WorkoutState()
    private var seq: Int64 = 0
    private var pauseChangedAt: Timestamp?
    private let entry = EntryID.make()
    private static let start = Timestamp(milliseconds: 1_700_000_000_000)

    init() throws {
        _ = try take(.start(WorkoutDetails()), at: 0)
        _ = try take(.addEntry(EntryDetails(id: entry, name: "Sled")), at: 1)
    }

    /// Decides an op of `at` seconds after the start that comes at `now`.
    private mutating func take(_ action: WorkoutAction, at: Int64, now: Int64? = nil) throws -> WorkoutEvent {
        var context = RuleContext(epoch: 1, lastSeq: seq, now: Self.start + .seconds(now ?? at))
        context.pauseChangedAt = pauseChangedAt
        let op = WorkoutOp(id: .make(), at: Self.start + .seconds(at), action: action)
        let event = try state.decide(op, context)
        if [.pause, .resume].contains(action) { pauseChangedAt = event.at }
        seq = event.seq
        return event
    }

    private var set: WorkoutAction { .logSet(.make(), entry: entry, SetValues(weightGrams: 1000, reps: 5)) }

    @Test("a rest runs from its op's time and starts no clock when it is over already")
    mutating func runsFromItsOp() throws {
        let running = try take(.startRest(milliseconds: 90_000), at: 60, now: 100)
        #expect(running.effects.restEndsAt == Self.start + .seconds(150))
        #expect(state.rest?.isRunning == true)
        let over = try take(.startRest(milliseconds: 30_000), at: 110, now: 200)
        #expect(over.effects.restEndsAt == nil && state.rest?.isRunning == false)
        #expect(state.restingMilliseconds == 50_000)
    }

    @Test(
        "an op older than the running rest neither ends nor replaces it",
        arguments: [WorkoutAction.Kind.setLog, .restStart, .restSkip, .workoutPause])
    mutating func lateOps(kind: WorkoutAction.Kind) throws {
        _ = try take(.startRest(milliseconds: 120_000), at: 100)
        let rest = try #require(state.rest)
        let action: WorkoutAction =
            switch kind {
            case .setLog: set
            case .restStart: .startRest(milliseconds: 300_000)
            case .restSkip: .skipRest
            default: .pause
            }
        let event = try take(action, at: 99, now: 110)
        #expect(state.rest == rest && state.restingMilliseconds == 0)
        #expect(event.effects.restEndsAt == nil)
        #expect(event.effects.isSuperseded == (kind == .restStart || kind == .restSkip))
        #expect(state.entries[0].sets.count == (kind == .setLog ? 1 : 0))
    }

    @Test("a set of the rest's own time or later ends it")
    mutating func laterOps() throws {
        _ = try take(.startRest(milliseconds: 120_000), at: 100)
        _ = try take(set, at: 130)
        #expect(state.rest == nil && state.restingMilliseconds == 30_000)
    }

    @Test("a pause or resumption that another device has overtaken is refused, whenever it comes")
    mutating func overtakenPauses() throws {
        _ = try take(.pause, at: 100)
        let before = state
        #expect(refusal(of: .resume, at: 90, now: 110) == .invalidState)
        #expect(refusal(of: .pause, at: 95, now: 120) == .invalidState)
        #expect(state == before)
        _ = try take(.resume, at: 130)
        #expect(refusal(of: .pause, at: 125, now: 140) == .invalidState)
        #expect(state.status == .active && state.pausedMilliseconds == 30_000)
        _ = try take(.pause, at: 150)
        #expect(state.status == .paused)
    }

    private func refusal(of action: WorkoutAction, at: Int64, now: Int64) -> Refusal.Code? {
        var copy = self
        do { _ = try copy.take(action, at: at, now: now) } catch { return (error as? Refusal)?.code }
        return nil
    }

    @Test("a workout that is over has no rest, whenever it was finished")
    mutating func completion() throws {
        _ = try take(.startRest(milliseconds: 120_000), at: 100)
        _ = try take(.complete(rpeTenths: nil), at: 90, now: 110)
        #expect(state.rest == nil && state.restingMilliseconds == 0 && state.status == .completed)
    }
}
