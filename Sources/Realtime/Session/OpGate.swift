import Protocol
import Synchronization

/// An op as its frame came.
struct OpArrival: Sendable {
    let request: Int64
    /// Nil where the frame could not be read that far.
    let opId: OpID?
    /// Nil for an op that is refused.
    let op: WorkoutOp?
    /// What the op would make.
    let made: OpTargets
    /// Set for an op that is refused whatever its room says: over the connection's limit, or unreadable.
    let refusal: Refusal?
    /// About what it occupies while it waits.
    let bytes: Int

    /// What an arrival occupies beside its op.
    private static let ownBytes = 256

    /// - Parameter bytes: of the op's frame.
    init(request: Int64, _ op: WorkoutOp, bytes: Int, refusal: Refusal? = nil) {
        self.request = request
        opId = op.id
        self.op = refusal == nil ? op : nil
        made = OpTargets(madeBy: op.action)
        self.refusal = refusal
        self.bytes = Self.ownBytes + (refusal == nil ? bytes : 0)
    }

    init(request: Int64, _ op: UnreadableOp, _ refusal: Refusal) {
        self.request = request
        opId = op.id
        self.op = nil
        made = op.made
        self.refusal = refusal
        bytes = Self.ownBytes
    }

    /// Whether the op makes its workout.
    var makesWorkout: Bool { op != nil && made.isWorkout }
}

/// The one gate between a connection and a workout: every op of the two passes it exactly once, in the order in which the
/// frames came, whoever refuses it.
///
/// After a temporary refusal it is shut for all but the op that was refused. Ops pass in their room's turns, or on the
/// connection's loop while there is no room, never in both at a time; until then they wait in the room's line.
final class OpGate: Sendable {
    private struct State {
        /// The op that must come next.
        var awaited: OpID?
        /// What was refused without a room to remember it.
        var refused = RefusedIDs()
    }

    let workout: WorkoutID
    /// The room's name, as the connection knows it.
    let name: String
    private let state = Mutex(State())

    init(workout: WorkoutID, name: String) {
        self.workout = workout
        self.name = name
    }

    /// About what the ids that were refused without a room occupy.
    var refusedBytes: Int { state.withLock { $0.refused.bytes } }

    /// Hands over what was refused before there was a room.
    func takeRefused() -> OpTargets {
        state.withLock { state in
            defer { state.refused = RefusedIDs() }
            return state.refused.all
        }
    }

    /// Whether the op would be refused without a look at its room.
    func isShut(for arrival: OpArrival) -> Bool {
        if arrival.refusal != nil { return true }
        let awaited = state.withLock { $0.awaited }
        return awaited != nil && awaited != arrival.opId
    }

    /// Lets an op pass to where it is decided.
    ///
    /// - Parameter isKnown: it was applied already: its repeat changes nothing, so it is answered also while the gate is shut,
    ///   and leaves it as it is.
    func pass(
        _ arrival: OpArrival, isKnown: Bool = false, _ decide: () throws(Refusal) -> OpAnswer
    ) throws(Refusal) -> OpAnswer {
        if let awaited = state.withLock({ $0.awaited }), awaited != arrival.opId {
            guard isKnown else { throw Refusal(.outOfOrder, "op \(awaited) was refused and must come first") }
            return try decide()
        }
        do throws(Refusal) {
            let answer = try decide()
            state.withLock { $0.awaited = nil }
            return answer
        } catch {
            state.withLock { $0.awaited = error.code.isTemporary ? arrival.opId : nil }
            throw error
        }
    }

    /// Decides an op that has no room, since the room could not be had.
    func refuse(_ arrival: OpArrival, since cause: Refusal) -> Refusal {
        do throws(Refusal) {
            _ = try pass(arrival) { () throws(Refusal) in throw withoutRoom(arrival, cause) }
        } catch {
            return error
        }
        preconditionFailure("an op was applied without a room")
    }

    private func withoutRoom(_ arrival: OpArrival, _ cause: Refusal) -> Refusal {
        let refusal = arrival.refusal ?? meaning(of: cause, for: arrival)
        if !refusal.code.isTemporary { state.withLock { $0.refused.remember(arrival.made) } }
        return refusal
    }

    private func meaning(of cause: Refusal, for arrival: OpArrival) -> Refusal {
        guard cause.code == .noSuchRoom, let action = arrival.op?.action else { return cause }
        // Whoever makes a workout waits for nobody's log: the id belongs to somebody else and always will.
        if arrival.makesWorkout { return Refusal(.idTaken, "the workout's id is taken") }
        if state.withLock({ $0.refused.block(action) }) { return .dependsOnRefused }
        return Refusal(.unknownTarget, "the workout is not known")
    }
}

extension Refusal {
    static let dependsOnRefused = Refusal(.dependsOnRefused, "what the op builds on was refused")
}
