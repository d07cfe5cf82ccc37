import Synchronization

/// What the rooms of a node occupy together, by their own reckoning.
final class RoomMemory: Sendable {
    let limitBytes: Int
    private let used = Atomic<Int>(0)

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    var bytes: Int { used.load(ordering: .relaxed) }
    var isFull: Bool { bytes >= limitBytes }

    func change(by bytes: Int) { used.add(bytes, ordering: .relaxed) }
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
