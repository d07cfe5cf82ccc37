import DequeModule

/// What waits to be written: bounded in bytes, in order; a value under the lock of `WriteBehind`.
struct WriteBehindQueue<Item: Sendable> {
    let limitBytes: Int
    private var items = Deque<(item: Item, bytes: Int)>()
    /// Bytes of everything that is not written yet, a batch under way included.
    private(set) var bytes = 0
    /// Taken by the flusher and not settled yet.
    private(set) var underWay = 0
    private(set) var isFinished = false

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    var count: Int { items.count + underWay }
    var isEmpty: Bool { items.isEmpty }

    /// Sets bytes aside for an item that is about to come.
    ///
    /// - Returns: false when the bound leaves no room; then nothing changed.
    mutating func reserve(_ size: Int) -> Bool {
        guard bytes + size <= limitBytes, !isFinished else { return false }
        bytes += size
        return true
    }

    /// Takes an item for which `reserved` bytes were set aside.
    mutating func append(_ item: Item, bytes size: Int, reserved: Int) {
        items.append((item, size))
        bytes += size - reserved
    }

    /// Takes up to `limit` items from the front; their bytes stay counted until they are settled.
    mutating func take(_ limit: Int) -> [(item: Item, bytes: Int)] {
        let batch = Array(items.prefix(limit))
        items.removeFirst(batch.count)
        underWay += batch.count
        return batch
    }

    mutating func settle(count: Int, bytes size: Int) {
        underWay -= count
        bytes -= size
    }

    /// Puts unsettled items back to the front.
    mutating func putBack(_ batch: [(item: Item, bytes: Int)]) {
        items.prepend(contentsOf: batch)
        underWay -= batch.count
    }

    /// Takes no more items.
    mutating func finish() { isFinished = true }

    /// Gives bytes back that were set aside and are not needed.
    mutating func release(_ size: Int) { bytes -= size }

    mutating func removeAll() -> [Item] {
        defer {
            items.removeAll()
            bytes = 0
        }
        return items.map(\.item)
    }
}
