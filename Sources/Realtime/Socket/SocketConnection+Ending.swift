import Logging
import NIOCore
import Protocol

/// The end of a connection: close frames both ways, the write side shut, the peer's end awaited (closing a socket
/// with unread bytes would reset it and could take our close frame with it), then the socket closed.
extension SocketConnection {
    /// Starts the connection behind the upgrade's answer.
    /// - Parameter answerWritten: completes when the answer has left the channel; frames wait for it.
    func begin(_ request: UpgradeRequest, answerWritten: EventLoopFuture<Void>) {
        guard phase == .opening, let context else { return }
        phase = .open
        lastReceived = .now()
        takeSocket(of: context)
        loop.opened(self)
        parkedBytes = 1
        answerWritten.assumeIsolated().whenComplete { result in
            switch result {
            // The answer may have left already, with the HTTP handlers still in the pipeline: a frame written through it
            // now would meet them, so frames wait for the next turn.
            case .success: self.eventLoop.assumeIsolated().execute { self.parkedBytesLeft() }
            case .failure: self.descriptor = nil
            }
        }
        scheduleNextLook()
        session = host.makeSession(self, request)
    }

    private func takeSocket(of context: ChannelHandlerContext) {
        do {
            if let bytes = configuration.sendBufferBytes {
                try context.channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: .init(bytes))
            }
            try context.channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1)
        } catch {
            // Not a TCP socket (a Unix one, or a test's channel); it works without these options.
            host.logger.debug("socket options not set", metadata: ["socket.error": "\(error)"])
        }
        guard !configuration.isEncrypted else { return }
        do {
            descriptor = try context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                of: NIOBSDSocket.Handle.self
            ) { $0 }
        } catch {
            // The socket is closed already; the channel says so next.
            descriptor = nil
        }
    }

    /// Queues the close frame and tells the session.
    func begin(closing frame: EncodedFrame, _ closure: SocketClosure) {
        guard phase == .open else { return }
        phase = .closing
        tellSession(closure)
        queue.append(frame.plain, as: .answer)
        endBy = .now() + configuration.closeGrace
        scheduleNextLook()
        flush()
        // The peer's close frame has to be seen.
        if wantsRead {
            wantsRead = false
            context?.read()
        }
    }

    /// Gives up what waits and closes; called from the top of a turn only.
    func closeSlow() {
        guard phase == .open else { return }
        queue.removeAll()
        loop.metrics.slowWatcher()
        makeWay()
        close(.slowWatcher, reason: "reads too slowly")
    }

    /// Lets the kernel take what the channel holds, which has to be finished since frames cannot be cut, and a close frame
    /// behind it, for the peer to read when it reads again.
    private func makeWay() {
        guard parkedBytes > 0, let options = context?.channel.syncOptions else { return }
        do {
            // The kernel counts its own overhead, and wakes the channel when there is room.
            let bytes = try options.getOption(.socketOption(.so_sndbuf)) + 2 * parkedBytes + 4096
            try options.setOption(.socketOption(.so_sndbuf), value: bytes)
        } catch {
            // The socket is closed already, or none: nobody is left to read a close frame.
            host.logger.debug("no room for a close frame", metadata: ["socket.error": "\(error)"])
        }
    }

    func failed(_ fault: FrameFault) {
        peerClosed = true
        begin(
            closing: .close(fault.code.rawValue, reason: fault.reason),
            SocketClosure(origin: .server, code: fault.code.rawValue))
    }

    func peerCloses(_ code: UInt16?) {
        peerClosed = true
        input = ByteBuffer()
        begin(
            closing: code.map { .close($0, reason: "") } ?? .emptyClose,
            SocketClosure(origin: .peer, code: code ?? 1005))
    }

    /// The peer ended its side without a close frame.
    func inputIsOver() {
        peerClosed = true
        begin(
            closing: .close(CloseCode.normal.rawValue, reason: ""), SocketClosure(origin: .network, code: 1006))
        flush()
    }

    /// The close frame and all before it have left.
    func everythingSent() {
        guard phase == .closing, peerClosed else { return }
        guard !inputEnded else { return terminate() }
        phase = .lingering
        input = ByteBuffer()
        context?.close(mode: .output, promise: nil)
        context?.read()
    }

    /// Ends the transport now.
    func terminate() {
        descriptor = nil
        guard phase != .ended else { return }
        context?.close(promise: nil)
    }

    /// A direct write failed; the channel is closed in a turn of its own: the caller may be in a loop over watchers.
    func transportBroke() {
        descriptor = nil
        queue.removeAll()
        eventLoop.assumeIsolated().execute { self.terminate() }
    }

    /// The transport is gone, whoever ended it.
    func transportEnded() {
        descriptor = nil
        guard phase != .ended else { return }
        let wasOpening = phase == .opening
        if phase == .open { tellSession(SocketClosure(origin: .network, code: 1006)) }
        phase = .ended
        queue.removeAll()
        input = ByteBuffer()
        host.leavePlace()
        if !wasOpening { loop.ended(self) }
    }

    /// Leaves all outboxes and tells the session, in a turn of its own: the caller may be the session or its room.
    private func tellSession(_ closure: SocketClosure) {
        for outbox in outboxes { outbox.dropClosed(self) }
        outboxes = []
        loop.metrics.closed(closure.code)
        tellDrained()
        guard let session else { return }
        self.session = nil
        let told = NIOLoopBound(session, eventLoop: eventLoop)
        eventLoop.execute { told.value.closed(closure) }
    }
}

extension SocketConnection {
    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // REST handlers that an earlier request of this connection left behind shut their write side when they end.
        guard mode != .output else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        descriptor = nil
        context.close(mode: .all, promise: promise)
    }
}
