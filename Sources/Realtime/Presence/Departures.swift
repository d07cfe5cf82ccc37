import DequeModule
import NIOCore
import Protocol

/// Who left and may come back within the grace, counted from the last departure; a value, its time is given.
struct Departures: Sendable {
    /// The grace is the same for all, so who left first is due first.
    private var order = Deque<(user: UserID, due: NIODeadline)>()
    /// Until when each may come back; nobody who has.
    private var dues: [UserID: NIODeadline] = [:]

    /// When the next look is worth it; nil while nobody is on the way.
    var next: NIODeadline? { order.first?.due }

    mutating func left(_ user: UserID, until due: NIODeadline) {
        order.append((user, due))
        dues[user] = due
    }

    /// Somebody is back, and was not away.
    mutating func cameBack(_ user: UserID) { dues[user] = nil }

    /// Takes out those whose grace is over.
    mutating func gone(at now: NIODeadline) -> [UserID] {
        var gone: [UserID] = []
        while let first = order.first, first.due <= now {
            order.removeFirst()
            // Who came back since then, or left anew, is due later or never.
            guard dues[first.user] == first.due else { continue }
            dues[first.user] = nil
            gone.append(first.user)
        }
        return gone
    }
}
