import DequeModule

/// What waits to be written: bounded in bytes, in order; a value under the lock of `WriteBehind`.
///
/// An item stays in its place until it is settled, so that a batch that comes back has kept its order.
struct WriteBehindQueue<Item: Sendable> {
    struct Entry {
        let item: Item
        let bytes: Int
        /// When it was appended.
        let since: ContinuousClock.Instant
    }

    let limitBytes: Int
    private var entries = Deque<Entry>()
    /// Bytes of everything that is not written yet, a batch under way included.
    private(set) var bytes = 0
    /// How many at the front the flusher has in its hands.
    private(set) var underWay = 0
    private(set) var isFinished = false

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Items that are not settled.
    var count: Int { entries.count }

    /// Whether there is nothing for the flusher to take.
    var isIdle: Bool { entries.count == underWay }

    /// When the oldest item that is not settled was appended.
    var oldest: ContinuousClock.Instant? { entries.first?.since }

    /// All items that are not settled, in order.
    var items: [Item] { entries.map(\.item) }

    /// Sets bytes aside for an item that is about to come.
    ///
    /// - Returns: false when the bound leaves no room; then nothing changed.
    mutating func reserve(_ size: Int) -> Bool {
        guard bytes + size <= limitBytes, !isFinished else { return false }
        bytes += size
        return true
    }

    /// Takes an item for which `reserved` bytes were set aside.
    mutating func append(_ item: Item, bytes size: Int, reserved: Int, at time: ContinuousClock.Instant) {
        entries.append(Entry(item: item, bytes: size, since: time))
        bytes += size - reserved
    }

    /// Hands out up to `limit` items from the front; they stay here until they are settled or given back.
    mutating func take(_ limit: Int) -> [Entry] {
        let batch = Array(entries.prefix(limit))
        underWay = batch.count
        return batch
    }

    /// The first items of those handed out are dealt with.
    mutating func settle(_ count: Int) {
        bytes -= entries.prefix(count).reduce(0) { $0 + $1.bytes }
        entries.removeFirst(count)
        underWay -= count
    }

    /// What was handed out and is not settled waits again.
    mutating func giveBack() { underWay = 0 }

    /// Takes no more items.
    mutating func finish() { isFinished = true }

    /// Gives bytes back that were set aside and are not needed.
    mutating func release(_ size: Int) { bytes -= size }
}
