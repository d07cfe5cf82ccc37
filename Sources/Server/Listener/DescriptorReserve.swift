import Logging
import NIOCore

/// Stands first in a listening socket: accepts nothing while hardly any descriptors are left, and goes on when there are
/// some again. Who comes meanwhile waits in the kernel's queue.
final class DescriptorReserve: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(50)

    /// From this number on descriptors are not for connections.
    private let ceiling: Int
    private let logger: Logger
    private var waits = false
    private var saidAt: NIODeadline?

    /// - Parameter reserve: descriptors that are left for other uses, at most half of all.
    init(limit: Int = Descriptors.limit, reserve: Int = Descriptors.reserve, logger: Logger) {
        ceiling = limit - min(reserve, limit / 2)
        self.logger = logger
    }

    func read(context: ChannelHandlerContext) {
        guard !waits else { return }
        guard isScarce else { return context.read() }
        waits = true
        say()
        lookAgain(context)
    }

    private var isScarce: Bool { Descriptors.lowestFree().map { $0 >= ceiling } ?? true }

    private func lookAgain(_ context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            guard context.channel.isActive else { return }
            guard !self.isScarce else { return self.lookAgain(context) }
            self.waits = false
            context.read()
        }
    }

    private func say() {
        guard saidAt.map({ $0 + .minutes(1) <= .now() }) ?? true else { return }
        saidAt = .now()
        logger.warning(
            "no connections are accepted for now: too many files are open; raise nofile",
            metadata: ["nofile.ceiling": "\(ceiling)"])
    }
}

@available(*, unavailable)
extension DescriptorReserve: Sendable {}
