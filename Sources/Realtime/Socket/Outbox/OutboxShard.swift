import NIOCore
import Protocol
import Synchronization

/// One event loop's share of a room's outbox: the watchers on that loop, and one ordered queue of what is to happen to
/// them. The first thing queued asks the loop for one turn; all that has come until that turn leaves as one write a
/// watcher.
final class OutboxShard: Sendable {
    private enum Command {
        case frame(EncodedFrame, FrameKind, RoomOutbox.Audience)
        /// A frame that a later one of its key replaced before it left.
        case replaced
        case answer(EncodedFrame, SocketConnection)
        case add(SocketConnection, first: [EncodedFrame], follows: Bool)
        case follow(SocketConnection, first: [EncodedFrame])
        case unfollow(SocketConnection)
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
        var follows: Bool
    }

    private struct Watchers {
        var list: [Watcher] = []
        var places: [UInt64: Int] = [:]
        /// How many of them follow.
        var followers = 0
    }

    /// Frames that leave together.
    private struct Run {
        var frames: [(EncodedFrame, FrameKind)] = []
        var audience = RoomOutbox.Audience.everyone
    }

    let loop: SocketLoop
    private let pending = Mutex(Pending())
    private let watchers: NIOLoopBoundBox<Watchers>

    init(loop: SocketLoop) {
        self.loop = loop
        watchers = .makeBoxSendingValue(Watchers(), eventLoop: loop.eventLoop)
    }

    /// Queues `frame` for those who are watchers at this point of the order.
    func offer(_ frame: EncodedFrame, to audience: RoomOutbox.Audience, latestKey: UInt64?) {
        let limit = loop.configuration.outboxLimitBytes
        enqueue { pending in
            guard Self.hasSpace(for: frame, &pending, limit) else { return }
            guard let latestKey else { return pending.commands.append(.frame(frame, .reliable, audience)) }
            if let index = pending.latest.updateValue(pending.commands.count, forKey: latestKey),
                case .frame(let older, _, _) = pending.commands[index]
            {
                pending.bytes -= older.sizeBytes
                pending.commands[index] = .replaced
            }
            pending.commands.append(.frame(frame, .latest(key: latestKey), audience))
        }
    }

    /// Queues an answer for one connection.
    func answer(_ frame: EncodedFrame, to connection: SocketConnection) {
        let limit = loop.configuration.outboxLimitBytes
        enqueue { pending in
            guard Self.hasSpace(for: frame, &pending, limit) else { return }
            pending.commands.append(.answer(frame, connection))
        }
    }

    func add(_ connection: SocketConnection, first: [EncodedFrame], follows: Bool) {
        enqueue { $0.commands.append(.add(connection, first: first, follows: follows)) }
    }

    func follow(_ connection: SocketConnection, first: [EncodedFrame]) {
        enqueue { $0.commands.append(.follow(connection, first: first)) }
    }

    func unfollow(_ connection: SocketConnection) {
        enqueue { $0.commands.append(.unfollow(connection)) }
    }

    func remove(_ connection: SocketConnection) {
        enqueue { $0.commands.append(.remove(connection)) }
    }

    private static func hasSpace(for frame: EncodedFrame, _ pending: inout Pending, _ limit: Int) -> Bool {
        guard !pending.isOverrun else { return false }
        pending.bytes += frame.sizeBytes
        if pending.bytes > limit { overrun(&pending) }
        return !pending.isOverrun
    }

    /// The loop does not keep up: its watchers will be closed, so what waited for them is dropped. Who comes or goes
    /// stays known.
    private static func overrun(_ pending: inout Pending) {
        pending.isOverrun = true
        pending.latest = [:]
        pending.commands.removeAll { command in
            switch command {
            case .frame, .replaced, .answer: true
            case .add, .follow, .unfollow, .remove: false
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
        var run = Run()
        for command in taken.commands { carryOut(command, &run) }
        deliver(&run)
        if taken.isOverrun {
            for watcher in watchers.value.list { watcher.connection.doom() }
        }
    }

    private func carryOut(_ command: Command, _ run: inout Run) {
        switch command {
        case .frame(let frame, let kind, let audience): gather(frame, kind, for: audience, into: &run)
        case .replaced: break
        case .answer(let frame, let connection): answer(frame, to: connection, behind: &run)
        case .add(let connection, let first, let follows):
            deliver(&run)
            insert(connection, first: first, follows: follows)
        case .follow(let connection, let first):
            deliver(&run)
            for frame in first { connection.send(frame, as: .answer) }
            follow(connection, true)
        case .unfollow(let connection):
            deliver(&run)
            follow(connection, false)
        case .remove(let connection):
            deliver(&run)
            take(connection)?.outboxes.removeAll { $0 === self }
        }
    }

    /// Adds a frame to the run; those of another audience leave before it.
    private func gather(
        _ frame: EncodedFrame, _ kind: FrameKind, for audience: RoomOutbox.Audience, into run: inout Run
    ) {
        let (count, followers) = (watchers.value.list.count, watchers.value.followers)
        if audience == .followers, followers == 0 { return }
        let audience = followers == count ? .everyone : audience
        if audience != run.audience { deliver(&run) }
        run.audience = audience
        run.frames.append((frame, kind))
    }

    /// An answer leaves with what else is for its connection where that is the only one.
    private func answer(_ frame: EncodedFrame, to connection: SocketConnection, behind run: inout Run) {
        let list = watchers.value.list
        if list.count == 1, list[0].connection === connection {
            return gather(frame, .answer, for: .everyone, into: &run)
        }
        deliver(&run)
        connection.send(frame, as: .answer)
    }

    /// Writes the run to every watcher it is for. Nobody is closed and no list is changed before the last one is served.
    private func deliver(_ run: inout Run) {
        guard !run.frames.isEmpty else { return }
        defer { run.frames.removeAll(keepingCapacity: true) }
        let list =
            run.audience == .everyone ? watchers.value.list : watchers.value.list.filter { $0.follows }
        guard !list.isEmpty else { return }
        let frames = FrameRun(run.frames, on: loop)
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
        let bytes = run.frames.reduce(0) { $0 + $1.0.sizeBytes }
        loop.metrics.sent(frames: run.frames.count * list.count, bytes: bytes * list.count)
        for connection in slow { connection.doom() }
        for connection in broken { connection.transportBroke() }
    }

    /// - Returns: what the connection has to know, or `nil` if the socket took everything.
    private static func write(_ run: FrameRun, to slot: Int, _ windowBits: UInt8?) -> Int? {
        let descriptor = run.loop.directSocket(slot)
        return descriptor < 0 ? 0 : run.write(to: descriptor, windowBits: windowBits)
    }

    private func insert(_ connection: SocketConnection, first: [EncodedFrame], follows: Bool) {
        guard connection.isOpen, let slot = connection.slot, watchers.value.places[connection.id] == nil else { return }
        for frame in first { connection.send(frame, as: .answer) }
        watchers.value.places[connection.id] = watchers.value.list.count
        watchers.value.list.append(
            Watcher(connection: connection, slot: slot, windowBits: connection.windowBits, follows: follows))
        if follows { watchers.value.followers += 1 }
        connection.outboxes.append(self)
    }

    private func follow(_ connection: SocketConnection, _ follows: Bool) {
        guard let place = watchers.value.places[connection.id], watchers.value.list[place].follows != follows
        else { return }
        watchers.value.list[place].follows = follows
        watchers.value.followers += follows ? 1 : -1
    }

    /// Takes the connection out of the list; `nil` if it was not in it.
    @discardableResult
    private func take(_ connection: SocketConnection) -> SocketConnection? {
        guard let place = watchers.value.places.removeValue(forKey: connection.id) else { return nil }
        if watchers.value.list[place].follows { watchers.value.followers -= 1 }
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
