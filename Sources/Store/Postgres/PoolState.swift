import DequeModule

/// What the pool knows of its connections; a value, changed under the pool's lock.
struct PoolState {
    /// What one who waits is given.
    enum Grant {
        case connection(PostgresConnection)
        /// The right to open one more connection.
        case slot
        case refused(StoreError)
    }

    /// What one who asks has to do.
    enum Demand {
        case granted(Grant)
        case wait
    }

    struct Waiter {
        let id: UInt64
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Grant, Never>
    }

    let maxConnections: Int
    let maxWaiters: Int
    private(set) var idle: [PostgresConnection] = []
    /// Idle, lent, and being opened.
    private(set) var total = 0
    private(set) var waiters: Deque<Waiter> = []
    private(set) var isClosed = false
    /// Connections in somebody's hands, being opened included.
    private var lent: [UInt64: PostgresConnection] = [:]
    private(set) var isAbandoned = false
    private var whenEmpty: [CheckedContinuation<Void, Never>] = []
    private var lastLease: UInt64 = 0
    /// When the next look at expired waiters is due.
    private var sweepAt: ContinuousClock.Instant?

    init(maxConnections: Int, maxWaiters: Int) {
        self.maxConnections = maxConnections
        self.maxWaiters = maxWaiters
    }

    mutating func nextLease() -> UInt64 {
        lastLease += 1
        return lastLease
    }

    /// The last used connection comes first: its caches are warm and the others may stay idle.
    mutating func demand() -> Demand {
        if isClosed || isAbandoned { return .granted(.refused(.unavailable("the pool is closed"))) }
        if waiters.isEmpty {
            if let connection = idle.popLast() { return .granted(.connection(connection)) }
            if total < maxConnections {
                total += 1
                return .granted(.slot)
            }
        }
        guard waiters.count < maxWaiters else {
            return .granted(.refused(.unavailable("too many wait for a connection")))
        }
        return .wait
    }

    /// Notes who has a connection. Answers whether the pool was abandoned: then it has to come to an end at once.
    mutating func lend(_ connection: PostgresConnection, lease: UInt64) -> Bool {
        lent[lease] = connection
        return isAbandoned
    }

    mutating func end(lease: UInt64) { lent[lease] = nil }

    /// Refuses everybody from now on. Answers who waits in line, and what is lent.
    mutating func abandon() -> (waiters: [CheckedContinuation<Grant, Never>], lent: [PostgresConnection]) {
        isAbandoned = true
        defer { waiters = [] }
        return (waiters.map(\.continuation), Array(lent.values))
    }

    /// Puts a waiter in line. Answers when to sweep, if no earlier sweep is due.
    mutating func enqueue(_ waiter: Waiter) -> ContinuousClock.Instant? {
        waiters.append(waiter)
        if let sweepAt, sweepAt <= waiter.deadline { return nil }
        sweepAt = waiter.deadline
        return waiter.deadline
    }

    /// Takes a waiter out of line; nil when it was served already.
    mutating func remove(_ id: UInt64) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
        return waiters.remove(at: index)
    }

    /// Takes out of line those whose time is up. Answers when to sweep next.
    mutating func expire(at now: ContinuousClock.Instant) -> (expired: [Waiter], next: ContinuousClock.Instant?) {
        let expired = Array(waiters.lazy.filter { $0.deadline <= now })
        if !expired.isEmpty { waiters.removeAll { $0.deadline <= now } }
        sweepAt = waiters.lazy.map(\.deadline).min()
        return (expired, sweepAt)
    }

    /// Takes a connection back. Answers who gets it now, if anybody; `.refused` means: close it.
    mutating func giveBack(_ connection: PostgresConnection) -> (waiter: Waiter?, mustClose: Bool) {
        if isClosed {
            return (nil, true)
        }
        if let waiter = waiters.popFirst() { return (waiter, false) }
        idle.append(connection)
        return (nil, false)
    }

    /// A connection is gone, or was not opened. Answers who may open one in its place.
    mutating func giveUpSlot() -> (waiter: Waiter?, empty: [CheckedContinuation<Void, Never>]) {
        if let waiter = waiters.popFirst() { return (waiter, []) }
        total -= 1
        guard isClosed, total == 0 else { return (nil, []) }
        defer { whenEmpty = [] }
        return (nil, whenEmpty)
    }

    mutating func close() -> (idle: [PostgresConnection], waiters: [CheckedContinuation<Grant, Never>]) {
        isClosed = true
        defer {
            idle = []
            waiters = []
        }
        total -= idle.count
        return (idle, waiters.map(\.continuation))
    }

    /// True when nothing is open any more; else `continuation` is kept until then.
    mutating func notifyWhenEmpty(_ continuation: CheckedContinuation<Void, Never>) -> Bool {
        guard total > 0 else { return true }
        whenEmpty.append(continuation)
        return false
    }
}
