import Glibc
import NIOCore
import Protocol

/// All bytes of a connection take one way: straight into the socket while it takes them, else the queue. What a full
/// socket left of a frame is parked with the channel, which knows when the socket can be written again. Under TLS there
/// is no straight way: what waits is parked with the channel, as much at once as one write takes.
extension SocketConnection {
    /// What became of a run of frames.
    enum Delivery {
        case done
        /// The limits are passed; the caller closes the connection when its loop over watchers is over.
        case slow
        /// The transport is broken.
        case broken
    }

    /// Bytes gathered for one `send`.
    private static var gatherLimitBytes: Int { 64 * 1024 }

    /// Keeps the loop's table right: a socket is in it exactly while a frame for it may skip the queue.
    func showDirectSocket() {
        guard let slot else { return }
        let isDirect = phase == .open && !isDoomed && !isCorked && parkedBytes == 0 && queue.isEmpty
        loop.setDirectSocket(isDirect ? descriptor : nil, of: slot)
    }

    /// Takes what a direct write left of a run of frames; calls nobody else's code.
    /// - Parameter sent: bytes that the socket took already; −1 if it is broken.
    func deliver(_ run: FrameRun, sent: Int) -> Delivery {
        guard phase == .open, !isDoomed else { return .done }
        guard sent >= 0 else { return .broken }
        for (frame, kind) in run.frames {
            queue.append(frame.bytes(windowBits: windowBits, on: loop), as: kind)
        }
        if let rest = queue.removeSent(sent) { park(rest) }
        flush()
        return exceedsLimits() ? .slow : .done
    }

    /// Writes what waits, as far as the socket takes it.
    func flush() {
        guard !isCorked else { return }
        while parkedBytes == 0, let first = queue.first {
            guard let descriptor else {
                guard context != nil, phase != .ended else { return queue.removeAll() }
                park(takeFront(first))
                return
            }
            let (sent, size) = writeFront(first, to: descriptor)
            guard sent >= 0 else { return transportBroke() }
            let rest = queue.removeSent(sent)
            guard sent < size else { continue }
            if let rest {
                park(rest)
            } else if let next = queue.first {
                queue.removeFirst()
                park(next)
            }
            return
        }
        if parkedBytes == 0, queue.isEmpty { tellDrained() }
        if phase == .closing, parkedBytes == 0, queue.isEmpty { everythingSent() }
    }

    /// Tells those who wait for it that nothing waits, in a turn of its own: the caller may be in a loop over watchers.
    func tellDrained() {
        guard !drained.isEmpty else { return }
        let waiting = drained
        drained = []
        eventLoop.execute { for body in waiting { body() } }
    }

    /// Takes frames from the front for one write of the channel.
    private func takeFront(_ first: ByteBuffer) -> ByteBuffer {
        guard queue.count > 1 else {
            queue.removeFirst()
            return first
        }
        var run = ByteBuffer()
        queue.copyFront(into: &run, limit: Self.gatherLimitBytes)
        // Whole frames were copied, so none is left in part.
        _ = queue.removeSent(run.readableBytes)
        return run
    }

    private func writeFront(_ first: ByteBuffer, to descriptor: CInt) -> (sent: Int, size: Int) {
        guard queue.count > 1 else {
            return (first.withUnsafeReadableBytes { Self.write($0, to: descriptor) }, first.readableBytes)
        }
        loop.gathered.clear()
        queue.copyFront(into: &loop.gathered, limit: Self.gatherLimitBytes)
        let size = loop.gathered.readableBytes
        return (loop.gathered.withUnsafeReadableBytes { Self.write($0, to: descriptor) }, size)
    }

    /// Gives `bytes` to the channel, which writes them when the socket can take them.
    private func park(_ bytes: ByteBuffer) {
        guard let context else { return }
        parkedBytes = bytes.readableBytes
        (parkedLeft, parkedMoved) = (parkedBytes, .now())
        let written = eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success: self.parkedBytesLeft()
            case .failure: self.descriptor = nil
            }
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: written)
    }

    /// The channel is still inside its own flush here, so the queue goes on in a turn of its own.
    func parkedBytesLeft() {
        parkedBytes = 0
        eventLoop.assumeIsolated().execute {
            self.flush()
            self.resumeReading()
        }
    }

    /// The one place at which bytes enter the socket directly.
    /// - Returns: how many of them it took, 0 when it is full, −1 when it is broken.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) -> Int {
        while true {
            let sent = Glibc.send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
            if sent >= 0 { return sent }
            switch errno {
            case EINTR: continue
            case EAGAIN: return 0
            default: return -1
            }
        }
    }

    /// Whether more waits than may; frames that a later one makes good are given up first. What the channel holds counts
    /// for the answers as little as for the pushes: one large answer, such as a snapshot, is never too much by itself.
    func exceedsLimits() -> Bool {
        guard phase == .open, queue.bytes + parkedBytes > configuration.queueLimitBytes else { return false }
        if queue.pushedBytes + parkedBytes > configuration.queueLimitBytes { queue.dropConflatable() }
        return queue.pushedBytes > configuration.queueLimitBytes
            || queue.bytes > configuration.totalLimitBytes
    }

    /// Closes the connection as a slow watcher, in a turn of its own: the caller may be inside a room.
    func doom() {
        guard !isDoomed else { return }
        isDoomed = true
        eventLoop.assumeIsolated().execute { self.closeSlow() }
    }
}
