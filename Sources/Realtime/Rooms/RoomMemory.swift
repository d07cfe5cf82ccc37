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
