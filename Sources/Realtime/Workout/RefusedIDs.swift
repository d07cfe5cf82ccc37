import DequeModule
import Protocol

/// What permanently refused ops would have made: ops that build on it are refused for good instead of waiting for it.
///
/// Holds at most `limit` ids. Beyond that the oldest is forgotten, and what builds on it is `unknownTarget` again.
struct RefusedIDs: Sendable {
    static let limit = 1024

    private var isWorkout = false
    /// When each id was remembered, so that one that was lifted and came again is not forgotten too early.
    private var tickets: [UUIDv7: Int] = [:]
    private var order = Deque<(id: UUIDv7, ticket: Int)>()
    private var lastTicket = 0

    /// About what they occupy in memory.
    var bytes: Int { 48 * (tickets.count + order.count) }

    var all: OpTargets { OpTargets(isWorkout: isWorkout, ids: Set(tickets.keys)) }

    mutating func remember(_ made: OpTargets) {
        isWorkout = isWorkout || made.isWorkout
        for id in made.ids where tickets[id] == nil {
            lastTicket += 1
            tickets[id] = lastTicket
            order.append((id, lastTicket))
        }
        while tickets.count > Self.limit || order.count > 2 * Self.limit, let first = order.popFirst() {
            if tickets[first.id] == first.ticket { tickets[first.id] = nil }
        }
    }

    /// Forgets what has been made after all.
    mutating func lift(_ made: OpTargets) {
        if made.isWorkout { isWorkout = false }
        for id in made.ids { tickets[id] = nil }
    }

    /// Whether an action builds on something that was refused.
    func block(_ action: WorkoutAction) -> Bool {
        guard isWorkout || !tickets.isEmpty else { return false }
        let refused = Set(action.targets.filter { tickets[$0] != nil })
        return OpTargets(isWorkout: isWorkout, ids: refused).contains(targetOf: action)
    }
}
