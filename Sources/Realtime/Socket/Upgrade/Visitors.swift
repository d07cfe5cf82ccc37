import NIOCore
import Synchronization

/// Whose connection or request it is, for the bounds an address has.
package struct ClientAddresses: Sendable {
    /// What a connection counts by; `nil` for a proxy's, which stands for many.
    package var ofPeer: @Sendable (_ peer: String) -> String?
    /// What counts behind a proxy; `nil` where that cannot be known.
    package var forwarded: @Sendable (_ peer: String, _ forwardedFor: String) -> String?

    /// Every peer counts for itself.
    package init() {
        ofPeer = { $0 }
        forwarded = { _, _ in nil }
    }
}

/// Who is connected, by address: bounds how many connections one address may have, and how many of them that have not said
/// anything whole yet.
final class Visitors: Sendable {
    private struct Visitor {
        var connections = 0
        var silent: [UInt64: any Channel] = [:]
    }

    private let connectionLimit: Int?
    private let silentLimit: Int?
    private let byAddress = Mutex<[String: Visitor]>([:])
    private let lastID = Atomic<UInt64>(0)

    /// - Parameters: bounds for each address; `nil` for none.
    init(connectionLimit: Int?, silentLimit: Int?) {
        self.connectionLimit = connectionLimit
        self.silentLimit = silentLimit
    }

    /// Counts a connection, or a request of one, from now to its end.
    ///
    /// A silent one too many closes the address's oldest, so that whoever speaks at once is served also while others of
    /// the same address say nothing.
    /// - Parameter channel: what to close; `nil` for one that is not silent.
    /// - Returns: `nil` when the address has as many as it may.
    func arrive(from address: String, silent channel: (any Channel)?) -> Visit? {
        let id = lastID.add(1, ordering: .relaxed).newValue
        let (isTaken, displaced) = byAddress.withLock { all -> (Bool, (any Channel)?) in
            var visitor = all[address] ?? Visitor()
            if let connectionLimit, visitor.connections >= connectionLimit { return (false, nil) }
            visitor.connections += 1
            var displaced: (any Channel)?
            if let channel, let silentLimit {
                if visitor.silent.count >= silentLimit, let oldest = visitor.silent.keys.min() {
                    displaced = visitor.silent.removeValue(forKey: oldest)
                }
                visitor.silent[id] = channel
            }
            all[address] = visitor
            return (true, displaced)
        }
        displaced?.close(promise: nil)
        return isTaken ? Visit(id: id, address: address, visitors: self) : nil
    }

    fileprivate func spoke(_ visit: Visit) {
        guard silentLimit != nil else { return }
        byAddress.withLock { _ = $0[visit.address]?.silent.removeValue(forKey: visit.id) }
    }

    fileprivate func end(_ visit: Visit) {
        byAddress.withLock { all in
            guard var visitor = all[visit.address] else { return }
            visitor.silent[visit.id] = nil
            visitor.connections -= 1
            all[visit.address] = visitor.connections > 0 ? visitor : nil
        }
    }
}

/// One connection, or request of one, that is counted for an address.
struct Visit: Sendable {
    fileprivate let id: UInt64
    fileprivate let address: String
    fileprivate let visitors: Visitors

    /// The first whole request has come, or hello was accepted.
    func spoke() { visitors.spoke(self) }

    /// Called once.
    func end() { visitors.end(self) }
}
