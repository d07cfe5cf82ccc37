import Protocol
import Synchronization

/// What the rooms of a node occupy together, by their own reckoning.
final class RoomMemory: Sendable {
    let limitBytes: Int
    private let used = Atomic<Int>(0)
    private let shares = Mutex(Shares())
    private let full = Mutex<Set<UserID>>([])

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    var bytes: Int { used.load(ordering: .relaxed) }
    var isFull: Bool { bytes >= limitBytes }

    func change(by bytes: Int) { used.add(bytes, ordering: .relaxed) }

    /// An account's share; it goes some time after nothing counts into it any more.
    func share(of user: UserID) -> RoomShare {
        shares.withLock { shares in
            if let share = shares.byUser[user] { return share }
            let share = RoomShare(of: user, in: self)
            shares.add(share)
            return share
        }
    }

    fileprivate func becameFull(_ user: UserID) { full.withLock { _ = $0.insert(user) } }

    /// The accounts whose shares have become full since this was asked last.
    func takeFull() -> Set<UserID> {
        full.withLock { full in
            defer { full = [] }
            return full
        }
    }
}

private struct Shares {
    var byUser: [UserID: RoomShare] = [:]
    /// With so many those that nobody holds go.
    private var most = 1024

    mutating func add(_ share: RoomShare) {
        if byUser.count >= most {
            for user in Array(byUser.keys) where isKnownUniquelyReferenced(&byUser[user]) { byUser[user] = nil }
            most = max(1024, 2 * byUser.count)
        }
        byUser[share.user] = share
    }
}

/// What one account has rooms in memory for: as their athlete, or as the one who had them opened.
///
/// Counted into the memory of all rooms as well.
final class RoomShare: Sendable {
    let user: UserID
    let memory: RoomMemory
    private let used = Atomic<Int>(0)
    /// Until then its rooms are not looked through for space again.
    private let noSpaceUntil = Mutex<ContinuousClock.Instant?>(nil)

    fileprivate init(of user: UserID, in memory: RoomMemory) {
        self.user = user
        self.memory = memory
    }

    var bytes: Int { used.load(ordering: .relaxed) }

    /// A quarter of the bound: nobody needs as much, and it takes several accounts together to keep others' rooms out.
    var limitBytes: Int { memory.limitBytes / 4 }

    /// Whether no further rooms are opened for the account.
    var isFull: Bool { bytes >= limitBytes }

    /// Whether open rooms take no more ops of the account either: they go on after the share is full, and grow.
    var isOverdrawn: Bool { bytes >= 2 * limitBytes }

    func change(by bytes: Int) {
        memory.change(by: bytes)
        let (before, now) = used.add(bytes, ordering: .relaxed)
        if before < limitBytes, now >= limitBytes { memory.becameFull(user) }
    }

    /// Has it looked through for space in the next round as well, while it is full.
    func tellIfFull() { if isFull { memory.becameFull(user) } }

    /// Whether looking for space may find some: not within a second of a look that found none.
    var mayHaveSpace: Bool { noSpaceUntil.withLock { $0.map { .now >= $0 } ?? true } }

    /// Space was looked for.
    func looked() { noSpaceUntil.withLock { $0 = isFull ? .now + .seconds(1) : nil } }
}

extension Refusal {
    /// The account's share of the memory is full.
    static let shareFull = Refusal(
        .busy, "you have as many workouts open as you may at a time", retryAfterMilliseconds: 1000)
}

/// What a history that is being read occupies, until its room counts it; given back when nobody holds it any more.
final class ReadingMemory: Sendable {
    private let memory: RoomMemory
    private let counted = Atomic<Int>(0)

    init(_ memory: RoomMemory) { self.memory = memory }

    deinit { count(0) }

    /// Counts so many bytes in place of what was counted before.
    func count(_ bytes: Int) { memory.change(by: bytes - counted.exchange(bytes, ordering: .relaxed)) }
}
