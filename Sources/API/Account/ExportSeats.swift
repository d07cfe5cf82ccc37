import Synchronization

/// Bounds how many exports are gathered at once while somebody waits for them.
final class ExportSeats: Sendable {
    private let free: Mutex<Int>

    init(count: Int) { free = Mutex(count) }

    /// Whether there was a seat; who got it has to leave it.
    func take() -> Bool {
        free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
    }

    func leave() { free.withLock { $0 += 1 } }
}
