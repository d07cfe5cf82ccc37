import NIOCore
import NIOPosix

/// A TCP proxy that breaks the network on command: tests of client and server put it between the two.
///
/// Faults hold for each direction by itself, from the moment they are set, for open and for new connections.
package final class FaultProxy: Sendable {
    package enum Direction: Sendable, Hashable, CaseIterable { case toServer, toClient }

    package enum Fault: Sendable, Hashable {
        /// Bytes pass.
        case none
        /// Nothing passes and nothing is lost: bytes wait until the fault is lifted.
        case stall
        /// Bytes are swallowed although the connection stands (a half-open connection, a dead tunnel). When the fault
        /// is lifted, connections that lost bytes are reset: the bytes behind them would be another stream.
        case blackHole
        /// Bytes pass one at a time.
        case drip
        /// So many further bytes pass on each connection, then it is cut (both ways, with a reset).
        case cutAfter(bytes: Int)
    }

    package let port: Int
    private let group: any EventLoopGroup
    private let loop: any EventLoop
    private let listener: any Channel
    private let state: NIOLoopBound<ProxyState>

    /// Listens on a free port of 127.0.0.1 and connects each client to the given port there.
    package static func start(
        toPort serverPort: Int, group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> FaultProxy {
        let loop = group.any()
        let state = try await loop.submit { NIOLoopBound(ProxyState(), eventLoop: loop) }.get()
        let listener = try await ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { client in
                ProxyPair.connect(client, toPort: serverPort, state: state)
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return FaultProxy(group: group, loop: loop, listener: listener, state: state)
    }

    private init(
        group: any EventLoopGroup, loop: any EventLoop, listener: any Channel, state: NIOLoopBound<ProxyState>
    ) {
        self.group = group
        self.loop = loop
        self.listener = listener
        self.state = state
        port = listener.localAddress?.port ?? 0
    }

    /// Sets a direction's fault; when this returns it holds.
    package func set(_ fault: Fault, _ direction: Direction) async throws {
        try await onLoop { $0.set(fault, direction) }
    }

    /// Sets both directions' faults.
    package func set(_ fault: Fault) async throws {
        try await onLoop { state in for direction in Direction.allCases { state.set(fault, direction) } }
    }

    /// Cuts every open connection with a reset; new ones are taken.
    package func cut() async throws { try await onLoop { $0.cutAll() } }

    /// From now on new connections are reset at once (and open ones stay) until this is called with true.
    package func accept(_ accepts: Bool) async throws { try await onLoop { $0.accepts = accepts } }

    /// How many connections have been taken so far.
    package func connectionCount() async throws -> Int {
        let state = state
        return try await loop.submit { state.value.taken }.get()
    }

    /// Stops listening and cuts everything.
    package func stop() async throws {
        try await cut()
        try await listener.close()
    }

    private func onLoop(_ body: @escaping @Sendable (ProxyState) -> Void) async throws {
        let state = state
        try await loop.submit { body(state.value) }.get()
    }
}

/// The proxy's connections and faults; lives on the proxy's loop.
final class ProxyState {
    var accepts = true
    var taken = 0
    private(set) var faults: [FaultProxy.Direction: FaultProxy.Fault] = [:]
    private var pipes: [ObjectIdentifier: ProxyPipe] = [:]

    func fault(_ direction: FaultProxy.Direction) -> FaultProxy.Fault { faults[direction] ?? .none }

    func set(_ fault: FaultProxy.Fault, _ direction: FaultProxy.Direction) {
        faults[direction] = fault
        for pipe in pipes.values where pipe.direction == direction { pipe.faultChanged() }
    }

    func add(_ pipe: ProxyPipe) { pipes[ObjectIdentifier(pipe)] = pipe }
    func remove(_ pipe: ProxyPipe) { pipes[ObjectIdentifier(pipe)] = nil }
    func cutAll() { for pipe in Array(pipes.values) { pipe.cut() } }
}
