import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// An HTTP server on one address, which says where it listens and ends its open requests in bounded time.
struct Listener<Responder: HTTPResponder>: Service
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    let name: String
    /// The variable that chooses the port, for messages.
    let portVariable: String
    let address: Address
    let responder: Responder
    let server: HTTPServerBuilder
    let eventLoops: any EventLoopGroup
    /// How long open requests may take to end; asked when the shutdown reaches this listener.
    let drainTimeout: @Sendable () -> Duration
    let logger: Logger
    /// Descriptors that its connections leave to other uses.
    var descriptorReserve = Descriptors.reserve
    /// Runs before the address is bound.
    var prepare: @Sendable () async throws -> Void = {}
    /// Called once with the port that was bound.
    let onListening: @Sendable (Int) async -> Void

    struct Address: Sendable {
        let host: String
        let port: Int
    }

    /// Serves until the graceful shutdown; then takes no new connections, and ends what is open when the time is over.
    ///
    /// - Throws: `BootFault` when the address cannot be bound.
    func run() async throws {
        let application = Application(
            responder: responder,
            server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port), serverName: nil, backlog: 1024),
            onServerRunning: { channel in
                await keepReserve(of: channel)
                await onListening(channel.localAddress?.port ?? address.port)
            },
            eventLoopGroupProvider: .shared(eventLoops),
            logger: logger)
        do {
            try await prepare()
            try await withDrainLimit { try await application.run() }
        } catch let error as IOError {
            throw fault(error)
        } catch let error as SocketAddressError.UnknownHost {
            throw BootFault("\(error.host) is not known on this machine: set HOST to an address of it")
        }
    }

    private func keepReserve(of channel: any Channel) async {
        do {
            try await channel.eventLoop.submit { [logger, descriptorReserve] in
                try channel.pipeline.syncOperations.addHandler(
                    DescriptorReserve(reserve: descriptorReserve, logger: logger), position: .first)
            }.get()
        } catch {
            logger.warning("a listener that closed at once", error: error)
        }
    }

    private func withDrainLimit(_ serve: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await serve()
                } catch is CancellationError where Task.isShuttingDownGracefully {
                    logger.notice("open requests were ended", metadata: ["listener": "\(name)"])
                }
            }
            group.addTask {
                // Both throw only when this task is cancelled, which is when serving ended first.
                try? await gracefulShutdown()
                try? await Task.sleep(for: drainTimeout())
            }
            try await group.next()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    private func fault(_ error: IOError) -> any Error {
        let place = "\(address.host):\(address.port)"
        switch error.errnoCode {
        case EADDRINUSE:
            return BootFault(
                "\(place) is in use by another program: stop that one, or set \(portVariable) to a free port")
        case EACCES:
            return BootFault("\(place) may not be bound by this user: set \(portVariable) to 1024 or more")
        case EADDRNOTAVAIL:
            return BootFault("\(address.host) is no address of this machine: set HOST to one that is")
        default:
            return error
        }
    }
}
