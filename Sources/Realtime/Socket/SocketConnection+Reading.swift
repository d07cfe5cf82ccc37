import NIOCore
import Protocol

extension SocketConnection: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        transportEnded()
        self.context = nil
    }

    package func channelInactive(context: ChannelHandlerContext) {
        transportEnded()
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The transport broke; its reason says no more than the closure does.
        descriptor = nil
        terminate()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase == .open || phase == .closing else { return }
        var bytes = unwrapInboundIn(data)
        lastReceived = .now()
        isPinged = false
        if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
        process()
        // Only a peer that has ended its side is read while held; then the kernel gives everything at once.
        if input.readableBytes > configuration.totalLimitBytes + 2 * configuration.messageLimitBytes {
            close(.overloaded, reason: "too much sent ahead")
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        if asksForReads { read(context: context) }
    }

    package func read(context: ChannelHandlerContext) {
        if isStalled { wantsRead = true } else { context.read() }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent:
            close(.draining)
        case ChannelEvent.inputClosed:
            inputEnded = true
            if phase == .lingering { terminate() } else { process() }
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Asks for the read that was kept back while the upgrade was decided on.
    func readOn() {
        if let context { read(context: context) }
    }

    /// Whether the session, or a peer that does not read its answers, keeps further messages out.
    var isStalled: Bool {
        guard phase == .open || phase == .opening else { return false }
        return isHeld || isDoomed || queue.bytes + parkedBytes > configuration.totalLimitBytes / 2
    }

    func resumeReading() {
        guard !isProcessing, !isStalled else { return }
        process()
        if wantsRead, !isStalled {
            wantsRead = false
            context?.read()
        }
    }

    /// Decodes and delivers what has come until it is used up or the connection stalls. Answers that a session gives
    /// to the messages of one read leave together.
    func process() {
        guard !isProcessing else { return }
        isProcessing = true
        var needsBytes = false
        while !needsBytes, !isStalled, phase == .open || phase == .closing {
            isCorked = true
            needsBytes = deliverMessages()
            isCorked = false
            flush()
        }
        isProcessing = false
        keepRemainder()
        if inputEnded, !isStalled { inputIsOver() }
    }

    /// - Returns: whether it stopped for want of bytes.
    private func deliverMessages() -> Bool {
        do throws(FrameFault) {
            while !isStalled {
                guard phase == .open || phase == .closing else { return true }
                guard let event = try decoder.next(&input, inflater: loop.inflater) else { return true }
                handle(event)
            }
            return false
        } catch {
            input = ByteBuffer()
            failed(error)
            return true
        }
    }

    private func handle(_ event: FrameDecoder.Event) {
        switch event {
        case .close(let code):
            peerCloses(code)
        case _ where phase != .open:
            return
        case .text(let message):
            loop.metrics.received()
            session?.received(message)
        case .binary(let message):
            guard configuration.takesBinary else { return close(.unsupportedData, reason: "text only") }
            loop.metrics.received()
            session?.receivedBinary(message)
        case .ping(let payload):
            send(.pong(payload), as: .answer)
        case .pong:
            return
        }
    }

    /// Keeps of a read buffer only what is still needed, so that an idle connection holds no memory of the reader.
    private func keepRemainder() {
        let rest = input.readableBytes
        guard rest > 0, phase == .open || phase == .closing else {
            input = ByteBuffer()
            return
        }
        guard input.storageCapacity > 2 * rest else { return }
        var kept = ByteBuffer()
        kept.reserveCapacity(rest)
        kept.writeImmutableBuffer(input)
        input = kept
    }
}
