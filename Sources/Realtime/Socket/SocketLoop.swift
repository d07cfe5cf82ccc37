import NIOCore
import Protocol

/// What the connections of one event loop share: deadlines, compression states and a buffer to gather frames in.
///
/// `@unchecked Sendable`: the constants may be read anywhere; every mutable member is touched only on `eventLoop`,
/// which each method that is not called from a connection's handler checks. It crosses threads only as a reference
/// that names the loop.
package final class SocketLoop: @unchecked Sendable {
    package let eventLoop: any EventLoop
    /// The place of this loop among the host's, from 0.
    let index: Int
    let configuration: SocketConfiguration
    let metrics: SocketMetrics

    private var connections: [UInt64: SocketConnection] = [:]
    /// By slot: the socket into which a frame may be written at once, or −1 where the connection has to be asked. Kept
    /// apart from the connections, so that a fan-out reads along one array instead of visiting thousands of objects.
    private var directSockets: [CInt] = []
    private var freeSlots: [Int] = []
    private var wheel: TimerWheel<SocketConnection>
    private var ticking: RepeatedTask?
    private var deflaters: [UInt8: Deflater] = [:]
    private lazy var sharedInflater = Inflater()
    /// Frames on their way to one `send`; empty between uses.
    var gathered = ByteBuffer()

    init(eventLoop: any EventLoop, index: Int, configuration: SocketConfiguration, metrics: SocketMetrics) {
        self.eventLoop = eventLoop
        self.index = index
        self.configuration = configuration
        self.metrics = metrics
        wheel = TimerWheel(tick: configuration.tick, start: .now())
    }

    var inflater: Inflater { sharedInflater }

    func deflater(windowBits: UInt8) -> Deflater {
        eventLoop.assertInEventLoop()
        if let deflater = deflaters[windowBits] { return deflater }
        let deflater = Deflater(windowBits: windowBits)
        deflaters[windowBits] = deflater
        return deflater
    }

    func opened(_ connection: SocketConnection) {
        connections[connection.id] = connection
        if freeSlots.isEmpty {
            freeSlots.append(directSockets.count)
            directSockets.append(-1)
        }
        connection.slot = freeSlots.popLast()
        guard ticking == nil else { return }
        let tick = configuration.tick
        ticking = eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { [self] _ in advance() }
    }

    func ended(_ connection: SocketConnection) {
        wheel.cancel(connection)
        connections[connection.id] = nil
        if let slot = connection.slot {
            directSockets[slot] = -1
            freeSlots.append(slot)
            connection.slot = nil
        }
        guard connections.isEmpty else { return }
        ticking?.cancel()
        ticking = nil
    }

    func directSocket(_ slot: Int) -> CInt { directSockets[slot] }

    func setDirectSocket(_ descriptor: CInt?, of slot: Int) { directSockets[slot] = descriptor ?? -1 }

    func schedule(_ connection: SocketConnection, at deadline: NIODeadline) {
        wheel.schedule(connection, at: deadline)
    }

    /// Closes the connections of this loop, a slice of them each tick until `duration` is over.
    func closeAll(_ code: CloseCode, over duration: TimeAmount) {
        eventLoop.preconditionInEventLoop()
        let all = Array(connections.values)
        let slices = max(1, Int(duration.nanoseconds / max(1, configuration.tick.nanoseconds)))
        let size = max(1, (all.count + slices - 1) / slices)
        for (slice, first) in stride(from: 0, to: all.count, by: size).enumerated() {
            let part = all[first..<min(first + size, all.count)]
            let close: @Sendable () -> Void = { for connection in part { connection.close(code) } }
            guard slice > 0 else {
                close()
                continue
            }
            eventLoop.scheduleTask(in: configuration.tick * slice, close)
        }
    }

    private func advance() {
        let now = NIODeadline.now()
        for connection in wheel.advance(to: now) { connection.deadlinesMayBeOver(now) }
    }
}
