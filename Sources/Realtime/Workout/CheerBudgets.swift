import Protocol

/// How much may still be cheered in a room: by each user, on whatever connection and subscription, and by all; a value.
struct CheerBudgets: Sendable {
    private let perWatcher: Int
    private var room: TokenBucket
    /// Of those who cheered lately.
    private var watchers: [UserID: TokenBucket] = [:]

    /// - Parameters: cheers in ten seconds.
    init(perWatcher: Int, perRoom: Int) {
        self.perWatcher = perWatcher
        room = TokenBucket(perSecond: max(1, perRoom / 10), burst: perRoom)
    }

    /// - Throws: `rateLimited`.
    mutating func take(by user: UserID, at now: Timestamp) throws(Refusal) {
        // A full budget is like one that was never touched.
        if watchers.count >= 1000, watchers[user] == nil { watchers = watchers.filter { !$0.value.isFull(at: now) } }
        let untouched = TokenBucket(perSecond: max(1, perWatcher / 10), burst: perWatcher)
        if let wait = watchers[user, default: untouched].take(at: now) {
            throw Refusal(.rateLimited, "too many cheers of one watcher", retryAfterMilliseconds: wait)
        }
        if let wait = room.take(at: now) {
            throw Refusal(.rateLimited, "too many cheers in this room", retryAfterMilliseconds: wait)
        }
    }
}
