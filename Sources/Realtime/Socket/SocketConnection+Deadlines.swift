import NIOCore
import Protocol

extension SocketConnection {
    /// Called when the wheel comes by; does what is due and says when to come again.
    func deadlinesMayBeOver(_ now: NIODeadline) {
        if phase == .open { closeIfOverdue(now) }
        if let endBy, endBy <= now, phase == .closing || phase == .lingering { return terminate() }
        scheduleNextLook()
    }

    func scheduleNextLook() {
        switch phase {
        case .open:
            let heartbeat = lastReceived + (isPinged ? silenceLimit : configuration.pingAfter)
            loop.schedule(self, at: min(heartbeat, deadline?.at ?? heartbeat))
        case .closing, .lingering:
            if let endBy { loop.schedule(self, at: endBy) }
        case .opening, .ended:
            return
        }
    }

    private var silenceLimit: TimeAmount { configuration.pingAfter + configuration.pongWithin }

    private func closeIfOverdue(_ now: NIODeadline) {
        if let deadline, deadline.at <= now {
            return close(deadline.code, reason: deadline.reason)
        }
        if parkedMoves(now) {
            // Whoever takes what is sent is there.
            lastReceived = now
        } else if parkedBytes > 0, parkedMoved + silenceLimit <= now {
            return closeSlow()
        }
        // Nothing is read while held or stalled, so silence is not the peer's.
        if isStalled { lastReceived = now }
        if isPinged, lastReceived + silenceLimit <= now {
            return close(.heartbeatTimeout, reason: "nothing heard")
        }
        if !isPinged, lastReceived + configuration.pingAfter <= now {
            isPinged = true
            send(.ping, as: .answer)
        }
    }

    /// Whether the peer took something of what the channel holds since the last look.
    private func parkedMoves(_ now: NIODeadline) -> Bool {
        guard parkedBytes > 0 else { return false }
        let left: Int
        do {
            left = try context?.channel.syncOptions?.getOption(.bufferedWritableBytes) ?? parkedBytes
        } catch {
            // A test's channel that does not count, or a closed one: then all of it is still there.
            left = parkedBytes
        }
        guard left != parkedLeft else { return false }
        (parkedLeft, parkedMoved) = (left, now)
        return true
    }
}
