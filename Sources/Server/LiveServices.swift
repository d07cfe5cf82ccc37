import API
import Logging
import NIOCore
import Protocol
import Realtime
import ServiceLifecycle
import Store

/// The live side with its sockets, and its way through a drain.
struct LiveServices: Sendable {
    let node: LiveNode
    let sockets: SocketHost
    private let spill: Spill
    private let logger: Logger

    init(
        foundation: LiveFoundation, accounts: Accounts, settings: LiveSettings, spill: Spill
    ) {
        let node = LiveNode(
            configuration: settings.live, foundation: foundation, isEnded: accounts.isEnded,
            authenticate: accounts.authenticate)
        let live = node.live
        sockets = SocketHost(
            configuration: settings.socket, group: foundation.group, logger: foundation.logger,
            authorise: { token in await live.authorise(token) },
            makeSession: { connection, request in live.makeSession(connection, request) })
        accounts.revoked.observe { sessions in live.registry.close(sessions: Set(sessions)) }
        accounts.standings.observe { user, standing in
            if standing == .suspended { live.registry.close(user: user) }
            if standing == .active { await live.rooms.athleteShown(user) } else { await live.rooms.athleteHidden(user) }
        }
        self.node = node
        self.spill = spill
        logger = foundation.logger
    }

    /// What REST tells the live side, and asks of it.
    var hooks: LiveHooks { LiveHooks(node) }

    /// Compares clocks and offers what an earlier process spilled; before connections are taken.
    func recover(pool: PostgresPool) async throws {
        spill.prepare()
        try await node.clock.measure(pool)
        try await spill.recover(into: node.rooms, refusedTo: node.deadLetters)
    }

    /// The first step of a drain.
    func drainService(_ watchdog: DrainWatchdog) -> some Service {
        LiveDrain(node: node, sockets: sockets, spill: spill, watchdog: watchdog, logger: logger)
    }
}

/// The configurations of rooms and sockets, made from the server's.
struct LiveSettings: Sendable {
    var live: Realtime.LiveConfiguration
    var socket: SocketConfiguration

    init(_ configuration: Configuration, origins: Set<String>, memory: MemoryWatch) {
        let limits = configuration.limits
        live = Realtime.LiveConfiguration()
        live.subscriptionLimit = limits.subscriptions
        live.opsPerSecond = limits.opsPerSecond
        live.opsBurst = limits.opsBurst
        live.connectionsPerUser = limits.connectionsPerUser
        live.queueBytes = configuration.storage.queueBytes
        live.roomBytes = configuration.storage.roomBytes
        live.node = configuration.listener.nodeName
        socket = SocketConfiguration()
        socket.origins = origins
        let isShortOfMemory: @Sendable () -> Bool = { memory.isShort }
        live.isShortOfMemory = isShortOfMemory
        socket.isShortOfMemory = isShortOfMemory
        socket.isEncrypted = configuration.listener.tls != nil
        socket.messageLimitBytes = limits.frameBytes
        socket.queueLimitBytes = limits.watcherBytes
        socket.connectionsPerAddress = limits.connectionsPerAddress
        socket.silentPerAddress = limits.silentPerAddress
        let addresses = ClientAddress(trusted: configuration.listener.trustedProxies)
        socket.addresses.ofPeer = { addresses.limitKey(of: $0) }
        socket.addresses.forwarded = { addresses.limitKey(behind: $0, forwardedFor: $1) }
    }
}
