import NIOCore
import Protocol
import Synchronization

/// One event loop's share of a room's outbox: the watchers on that loop, and one ordered queue of what is to happen to
/// them. The first thing queued asks the loop for one turn; all that has come until that turn leaves as one write a
/// watcher.
final class OutboxShard: Sendable {
    private enum Command {
        case frame(EncodedFrame, FrameKind)
        /// A frame that a later one of its key replaced before it left.
        case replaced
        case add(SocketConnection, first: [EncodedFrame])
        case remove(SocketConnection)
    }

    private struct Pending {
        var commands: [Command] = []
        var bytes = 0
        var latest: [UInt64: Int] = [:]
        var isScheduled = false
        var isOverrun = false
    }

    private struct Watcher {
        let connection: SocketConnection
        /// What a direct write needs, here and not in the connection, so that it need not be visited.
        let slot: Int
        let windowBits: UInt8?
    }

    private struct Watchers {
        var list: [Watcher] = []
        var places: [UInt64: Int] = [:]
    }

    let loop: SocketLoop
    private let pending = Mutex(Pending())
    private let watchers: NIOLoopBoundBox<Watchers>

    init(loop: SocketLoop) {
        self.loop = loop
        watchers = .makeBoxSendingValue(Watchers(), eventLoop: loop.eventLoop)
    }

    /// Queues `frame` for those who are watchers at this point of the order.
    func offer(_ frame: EncodedFrame, latestKey: UInt64?) {
        let limit = loop.configuration.outboxLimitBytes
        enqueue { pending in
            guard !pending.isOverrun else { return }
            pending.bytes += frame.sizeBytes
            guard pending.bytes <= limit else { return Self.overrun(&pending) }
            guard let latestKey else { return pending.commands.append(.frame(frame, .reliable)) }
            if let index = pending.latest.updateValue(pending.commands.count, forKey: latestKey),
                case .frame(let older, _) = pending.commands[index]
            {
                pending.bytes -= older.sizeBytes
                pending.commands[index] = .replaced
            }
            pending.commands.append(.frame(frame, .latest(key: latestKey)))
        }
    }

    func add(_ connection: SocketConnection, first: [EncodedFrame]) {
        enqueue { $0.commands.append(.add(connection, first: first)) }
    }

    func remove(_ connection: SocketConnection) {
        enqueue { $0.commands.append(.remove(connection)) }
    }

    /// The loop does not keep up: its watchers will be closed, so what waited for them is dropped. Who comes or goes
    /// stays known.
    private static func overrun(_ pending: inout Pending) {
        pending.isOverrun = true
        pending.latest = [:]
        pending.commands.removeAll { command in
            switch command {
            case .frame, .replaced: true
            case .add, .remove: false
            }
        }
    }

    private func enqueue(_ change: (inout Pending) -> Void) {
        let asks = pending.withLock { pending in
            change(&pending)
            defer { pending.isScheduled = true }
            return !pending.isScheduled
        }
        if asks { loop.eventLoop.execute { self.drain() } }
    }

    private func drain() {
        let taken = pending.withLock { pending in
            let taken = pending
            pending = Pending()
            return taken
        }
        var run: [(EncodedFrame, FrameKind)] = []
        for command in taken.commands {
            switch command {
            case .frame(let frame, let kind): run.append((frame, kind))
            case .replaced: continue
            case .add(let connection, let first):
                deliver(&run)
                insert(connection, first: first)
            case .remove(let connection):
                deliver(&run)
                take(connection)?.outboxes.removeAll { $0 === self }
            }
        }
        deliver(&run)
        if taken.isOverrun {
            for watcher in watchers.value.list { watcher.connection.doom() }
        }
    }

    /// Writes the run to every watcher. Nobody is closed and no list is changed before the last one is served.
    private func deliver(_ run: inout [(EncodedFrame, FrameKind)]) {
        guard !run.isEmpty else { return }
        let list = watchers.value.list
        defer { run.removeAll(keepingCapacity: true) }
        guard !list.isEmpty else { return }
        let frames = FrameRun(run, on: loop)
        var slow: [SocketConnection] = []
        var broken: [SocketConnection] = []
        list.withUnsafeBufferPointer { list in
            for index in list.indices {
                guard let sent = Self.write(frames, to: list[index].slot, list[index].windowBits) else { continue }
                switch list[index].connection.deliver(frames, sent: sent) {
                case .done: continue
                case .slow: slow.append(list[index].connection)
                case .broken: broken.append(list[index].connection)
                }
            }
        }
        let bytes = run.reduce(0) { $0 + $1.0.sizeBytes }
        loop.metrics.sent(frames: run.count * list.count, bytes: bytes * list.count)
        for connection in slow { connection.doom() }
        for connection in broken { connection.transportBroke() }
    }

    /// - Returns: what the connection has to know, or `nil` if the socket took everything.
    private static func write(_ run: FrameRun, to slot: Int, _ windowBits: UInt8?) -> Int? {
        let descriptor = run.loop.directSocket(slot)
        return descriptor < 0 ? 0 : run.write(to: descriptor, windowBits: windowBits)
    }

    private func insert(_ connection: SocketConnection, first: [EncodedFrame]) {
        guard connection.isOpen, let slot = connection.slot, watchers.value.places[connection.id] == nil else { return }
        for frame in first { connection.send(frame, as: .answer) }
        watchers.value.places[connection.id] = watchers.value.list.count
        watchers.value.list.append(
            Watcher(connection: connection, slot: slot, windowBits: connection.windowBits))
        connection.outboxes.append(self)
    }

    /// Takes the connection out of the list; `nil` if it was not in it.
    @discardableResult
    private func take(_ connection: SocketConnection) -> SocketConnection? {
        guard let place = watchers.value.places.removeValue(forKey: connection.id) else { return nil }
        let last = watchers.value.list.removeLast()
        if last.connection !== connection {
            watchers.value.list[place] = last
            watchers.value.places[last.connection.id] = place
        }
        return connection
    }

    /// A connection that closes leaves by itself; called on the loop.
    func dropClosed(_ connection: SocketConnection) {
        take(connection)
    }
}
