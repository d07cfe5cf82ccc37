import Logging
import NIOCore
import Protocol
import Synchronization

/// All sockets of a process: their configuration, who may come in, what speaks on them, and one `SocketLoop` an
/// event loop.
package final class SocketHost: Sendable {
    /// Decides on the bearer token of an upgrade; called before the connection becomes a socket.
    package typealias Authorise = @Sendable (_ token: String) async -> UpgradeVerdict
    /// Makes the session of a new connection; runs on the connection's event loop.
    package typealias MakeSession = @Sendable (SocketConnection, UpgradeRequest) -> any SocketSession

    package let configuration: SocketConfiguration
    let authorise: Authorise
    let makeSession: MakeSession
    let logger: Logger
    let metrics = SocketMetrics()
    let visitors: Visitors
    private let loops: [ObjectIdentifier: SocketLoop]
    private let open = Atomic<Int>(0)
    private let lastID = Atomic<UInt64>(0)
    private let draining = Atomic<Bool>(false)
    /// Those who wait for the last connection of a drain.
    private let emptied = Mutex<[CheckedContinuation<Void, Never>]>([])

    /// - Parameter group: the event loops of the server; connections of other loops are refused.
    package init(
        configuration: SocketConfiguration, group: any EventLoopGroup, logger: Logger,
        authorise: @escaping Authorise, makeSession: @escaping MakeSession
    ) {
        self.configuration = configuration
        visitors = Visitors(
            connectionLimit: configuration.connectionsPerAddress, silentLimit: configuration.silentPerAddress)
        self.logger = logger
        self.authorise = authorise
        self.makeSession = makeSession
        var loops: [ObjectIdentifier: SocketLoop] = [:]
        for (index, eventLoop) in group.makeIterator().enumerated() {
            loops[ObjectIdentifier(eventLoop)] = SocketLoop(
                eventLoop: eventLoop, index: index, configuration: configuration, metrics: metrics)
        }
        self.loops = loops
    }

    /// Open sockets of all loops.
    package var connectionCount: Int { open.load(ordering: .sequentiallyConsistent) }

    /// Whether upgrades are refused.
    var isDraining: Bool { draining.load(ordering: .sequentiallyConsistent) }

    /// Refuses further upgrades, closes all sockets, and returns when the last one is gone, which takes at most
    /// `duration` and the grace of a close.
    /// - Parameter duration: the closes are spread over it, so that clients do not all come to the next node at once.
    package func drain(over duration: Duration = .zero, code: CloseCode = .draining) async {
        draining.store(true, ordering: .sequentiallyConsistent)
        for loop in loops.values {
            loop.eventLoop.execute { loop.closeAll(code, over: TimeAmount(duration)) }
        }
        await withCheckedContinuation { continuation in
            emptied.withLock { $0.append(continuation) }
            resumeIfEmpty()
        }
    }

    private func resumeIfEmpty() {
        guard isDraining, connectionCount == 0 else { return }
        let waiting = emptied.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func loop(of eventLoop: any EventLoop) -> SocketLoop? {
        loops[ObjectIdentifier(eventLoop)]
    }

    func nextConnectionID() -> UInt64 {
        lastID.add(1, ordering: .relaxed).newValue
    }

    /// Takes a place among the open connections; `false` if there is none.
    func takePlace() -> Bool {
        let count = open.add(1, ordering: .sequentiallyConsistent).newValue
        guard count <= configuration.connectionLimit, !isDraining, !configuration.isShortOfMemory() else {
            open.subtract(1, ordering: .sequentiallyConsistent)
            resumeIfEmpty()
            return false
        }
        metrics.open(count)
        return true
    }

    func leavePlace() {
        metrics.open(open.subtract(1, ordering: .sequentiallyConsistent).newValue)
        resumeIfEmpty()
    }
}
