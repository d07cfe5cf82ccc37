import DequeModule

/// What waits to be written: bounded in bytes, in order; a value under the lock of `WriteBehind`.
///
/// Each item belongs to a history. One that was stopped is not written on: its items are set aside, with their bytes, until
/// others take their place. An item stays here until it is settled, so that what comes back has kept its order.
struct WriteBehindQueue<Item: Sendable, History: Hashable & Sendable> {
    struct Entry {
        let item: Item
        let history: History
        let bytes: Int
        /// When it was appended.
        let since: ContinuousClock.Instant
        fileprivate let number: Int
    }

    let limitBytes: Int
    private var waiting = Deque<Entry>()
    /// In the flusher's hands.
    private var taken: [Entry] = []
    /// Of stopped histories; all of them older than what else there is of theirs.
    private var aside: [Entry] = []
    private var stopped: Set<History> = []
    /// Histories whose items are no longer wanted, while some of them may be in the flusher's hands.
    private var dropped: Set<History> = []
    private var lastNumber = 0
    /// Bytes of everything that is not settled.
    private(set) var bytes = 0
    private(set) var isFinished = false

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Items that are not settled.
    var count: Int { waiting.count + taken.count + aside.count }

    /// Whether there is nothing for the flusher to take.
    var isIdle: Bool { waiting.isEmpty }

    /// When the oldest item that is not settled was appended.
    var oldest: ContinuousClock.Instant? {
        (aside.map(\.since) + [taken.first?.since, waiting.first?.since].compactMap(\.self)).min()
    }

    /// All items that are not settled; each history's in order.
    var items: [Item] { (aside + taken + waiting).map(\.item) }

    /// Sets bytes aside for an item that is about to come.
    ///
    /// - Returns: false when the bound leaves no room; then nothing changed.
    mutating func reserve(_ size: Int) -> Bool {
        guard bytes + size <= limitBytes, !isFinished else { return false }
        bytes += size
        return true
    }

    /// Takes an item for which `reserved` bytes were set aside.
    mutating func append(
        _ item: Item, of history: History, bytes size: Int, reserved: Int, at time: ContinuousClock.Instant
    ) {
        lastNumber += 1
        waiting.append(Entry(item: item, history: history, bytes: size, since: time, number: lastNumber))
        bytes += size - reserved
    }

    /// Hands out up to `limit` items from the front.
    mutating func take(_ limit: Int) -> [Entry] {
        dropped = []
        taken = Array(waiting.prefix(limit))
        waiting.removeFirst(taken.count)
        return taken
    }

    /// What of a part that was handed out is still to be written: the items of stopped histories are set aside, and those
    /// that nobody wants any more are settled.
    mutating func sift(_ part: [Entry]) -> [Entry] {
        guard !stopped.isEmpty || !dropped.isEmpty else { return part }
        settle(part.filter { dropped.contains($0.history) })
        setAside(part.filter { stopped.contains($0.history) })
        return part.filter { !dropped.contains($0.history) && !stopped.contains($0.history) }
    }

    mutating func settle(_ part: [Entry]) {
        remove(part)
        bytes -= part.reduce(0) { $0 + $1.bytes }
    }

    private mutating func remove(_ part: [Entry]) {
        guard !part.isEmpty else { return }
        let numbers = Set(part.map(\.number))
        taken.removeAll { numbers.contains($0.number) }
    }

    /// Writes no more of a history; `part` are those of its items that could not be.
    ///
    /// - Returns: false when nobody wants the history any more, so that there is nothing to stop.
    mutating func stop(_ history: History, _ part: [Entry]) -> Bool {
        guard !dropped.contains(history) else {
            settle(part)
            return false
        }
        stopped.insert(history)
        setAside(part)
        return true
    }

    private mutating func setAside(_ part: [Entry]) {
        remove(part)
        aside += part
    }

    /// Forgets the items of a history, since others have taken their place.
    mutating func drop(_ history: History) {
        stopped.remove(history)
        dropped.insert(history)
        bytes -= (Array(waiting) + aside).reduce(0) { $1.history == history ? $0 + $1.bytes : $0 }
        waiting.removeAll { $0.history == history }
        aside.removeAll { $0.history == history }
    }

    /// What was handed out and is not settled waits again.
    mutating func giveBack() {
        waiting.prepend(contentsOf: taken)
        taken = []
    }

    /// Takes no more items.
    mutating func finish() { isFinished = true }

    /// Gives bytes back that were set aside and are not needed.
    mutating func release(_ size: Int) { bytes -= size }
}
