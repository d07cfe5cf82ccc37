import NIOCore
import NIOPosix

/// One direction of one proxied connection: what `source` sends goes to `sink`, as the direction's fault allows.
final class ProxyPipe: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let direction: FaultProxy.Direction
    private let state: ProxyState
    private let sink: any Channel
    private var source: (any Channel)?
    private var held = ByteBuffer()
    private var hasEnded = false
    private var hasSwallowed = false
    private var passed = 0
    private var isDripping = false

    init(_ direction: FaultProxy.Direction, sink: any Channel, state: ProxyState) {
        self.direction = direction
        self.sink = sink
        self.state = state
    }

    func handlerAdded(context: ChannelHandlerContext) {
        source = context.channel
        state.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { state.remove(self) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if state.fault(direction) == .blackHole { hasSwallowed = true } else { held.writeBuffer(&bytes) }
        move()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        hasEnded = true
        move()
    }

    func channelInactive(context: ChannelHandlerContext) {
        hasEnded = true
        move()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { cut() }

    func faultChanged() {
        passed = 0
        guard state.fault(direction) == .blackHole else {
            // No network passes bytes on behind others that it lost.
            return hasSwallowed ? cut() : move()
        }
        if held.readableBytes > 0 { hasSwallowed = true }
        held.clear()
    }

    /// Resets both ends.
    func cut() {
        for channel in [sink, source].compactMap(\.self) {
            // SO_LINGER 0 turns the close into a reset; on a channel that is closed already there is nothing to set.
            _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            channel.close(promise: nil)
        }
        state.remove(self)
    }

    private func move() {
        switch state.fault(direction) {
        case .none: pass(held.readableBytes)
        case .stall, .blackHole: return
        case .drip: drip()
        case .cutAfter(let limit):
            pass(min(held.readableBytes, limit - passed))
            if passed >= limit { return cut() }
        }
        // A half-open connection stays open: the end is told only where bytes pass.
        if hasEnded, held.readableBytes == 0 { sink.close(mode: .output, promise: nil) }
    }

    private func pass(_ count: Int) {
        guard count > 0, let bytes = held.readSlice(length: count) else { return }
        passed += count
        sink.writeAndFlush(bytes, promise: nil)
    }

    /// One byte, then the next when that one has been written: every byte is a segment of its own.
    private func drip() {
        guard !isDripping, let byte = held.readSlice(length: 1) else { return }
        isDripping = true
        let bound = NIOLoopBound(self, eventLoop: sink.eventLoop)
        sink.writeAndFlush(byte).whenComplete { _ in
            // A write is often done at once: the next byte waits for another turn, or the stack would grow with each.
            bound.eventLoop.execute {
                bound.value.isDripping = false
                bound.value.move()
            }
        }
    }
}

/// Joins a client's connection with one to the server.
enum ProxyPair {
    static func connect(
        _ client: any Channel, toPort port: Int, state: NIOLoopBound<ProxyState>
    ) -> EventLoopFuture<Void> {
        state.value.taken += 1
        guard state.value.accepts else {
            _ = (client as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            return client.close()
        }
        return ClientBootstrap(group: client.eventLoop)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.autoRead, value: false)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: port)
            .flatMap { server in
                client.eventLoop.makeCompletedFuture {
                    try client.pipeline.syncOperations.addHandler(
                        ProxyPipe(.toServer, sink: server, state: state.value))
                    try server.pipeline.syncOperations.addHandler(
                        ProxyPipe(.toClient, sink: client, state: state.value))
                }.flatMap {
                    client.setOption(.autoRead, value: true).and(server.setOption(.autoRead, value: true)).map { _ in }
                }
            }
            .flatMapError { _ in client.close() }
    }
}
