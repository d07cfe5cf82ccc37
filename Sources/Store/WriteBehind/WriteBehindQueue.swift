import DequeModule

/// What waits to be written: bounded in bytes, in order; a value under the lock of `WriteBehind`.
///
/// Each item belongs to a history. One that was stopped is not written on: its items are set aside, with their bytes, until
/// others take their place.
struct WriteBehindQueue<Item: Sendable, History: Hashable & Sendable> {
    typealias Entry = (item: Item, history: History, bytes: Int)

    let limitBytes: Int
    private var items = Deque<Entry>()
    /// Items of stopped histories, in order.
    private var aside: [Entry] = []
    private var stopped: Set<History> = []
    /// Histories whose items are no longer wanted, while some of them may be under way.
    private var dropped: Set<History> = []
    /// Bytes of everything that is not written yet, a batch under way included.
    private(set) var bytes = 0
    /// Taken by the flusher and not settled yet.
    private(set) var underWay = 0
    private(set) var isFinished = false

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    var count: Int { items.count + aside.count + underWay }
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
    mutating func append(_ item: Item, of history: History, bytes size: Int, reserved: Int) {
        items.append((item, history, size))
        bytes += size - reserved
    }

    /// Takes up to `limit` items from the front; their bytes stay counted until they are settled.
    mutating func take(_ limit: Int) -> [Entry] {
        dropped = []
        let batch = Array(items.prefix(limit))
        items.removeFirst(batch.count)
        underWay += batch.count
        return batch
    }

    /// What of a batch under way is still to be written: the items of stopped histories are set aside, and those that
    /// nobody wants any more are settled.
    mutating func sift(_ batch: [Entry]) -> [Entry] {
        guard !stopped.isEmpty || !dropped.isEmpty else { return batch }
        let unwanted = batch.filter { dropped.contains($0.history) }
        settle(unwanted)
        setAside(batch.filter { stopped.contains($0.history) })
        return batch.filter { !dropped.contains($0.history) && !stopped.contains($0.history) }
    }

    mutating func settle(_ batch: [Entry]) {
        underWay -= batch.count
        bytes -= batch.reduce(0) { $0 + $1.bytes }
    }

    /// Writes no more of a history; `batch` are those of its items that are under way.
    ///
    /// - Returns: false when nobody wants the history any more, so that there is nothing to stop.
    mutating func stop(_ history: History, _ batch: [Entry]) -> Bool {
        guard !dropped.contains(history) else {
            settle(batch)
            return false
        }
        stopped.insert(history)
        setAside(batch)
        return true
    }

    private mutating func setAside(_ batch: [Entry]) {
        underWay -= batch.count
        aside += batch
    }

    /// Forgets the items of a history, since others have taken their place.
    mutating func drop(_ history: History) {
        stopped.remove(history)
        dropped.insert(history)
        let gone = items.filter { $0.history == history } + aside.filter { $0.history == history }
        bytes -= gone.reduce(0) { $0 + $1.bytes }
        items.removeAll { $0.history == history }
        aside.removeAll { $0.history == history }
    }

    /// Puts unsettled items back to the front.
    mutating func putBack(_ batch: [Entry]) {
        items.prepend(contentsOf: batch)
        underWay -= batch.count
    }

    /// Takes no more items.
    mutating func finish() { isFinished = true }

    /// Gives bytes back that were set aside and are not needed.
    mutating func release(_ size: Int) { bytes -= size }

    /// Everything that is not written, each history's items in order.
    mutating func removeAll() -> [Item] {
        defer {
            items.removeAll()
            aside.removeAll()
            bytes = 0
        }
        return (aside + items).map(\.item)
    }
}
