import NIOCore
import NIOPosix
import Protocol

/// Ops on disk from the moment they are made until they are durable on the server.
///
/// An op counts as queued when `append` returns: it is then in the file and synced, and survives `kill -9` and a
/// power cut. Marks that an op is done are not synced; losing one only sends the op once more, which its id makes
/// harmless. One process at a time may open a file.
public actor Outbox {
    /// What the file held when it was opened, in the order in which it was queued.
    public struct Contents: Sendable {
        public let queued: [QueuedOp]
        public let refused: [RefusedOp]
        /// Bytes that were no records although records follow them; what they held is lost.
        public let damagedBytes: Int
    }

    private static let thread = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private static let compactionBytes = 65536

    public nonisolated let contents: Contents
    private var file: OutboxFile
    private var live: [OpID: [UInt8]]
    private var order: [OpID]
    private var liveBytes: Int

    /// File calls block: they run on a thread of their own.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        Outbox.executor.executor.asUnownedSerialExecutor()
    }
    private static let executor: any EventLoop = thread.any()

    /// Opens the file, or makes it. Blocks for the time of reading it.
    public init(path: String) throws(OutboxError) {
        var file = try OutboxFile(path: path)
        let reading = OutboxFraming.read(try file.readAll())
        if file.length > reading.wholeLength { try file.truncate(to: reading.wholeLength) }
        var replay = OutboxReplay()
        var unreadable = reading.damagedBytes
        for payload in reading.payloads where !replay.take(payload) { unreadable += payload.count }
        contents = Contents(queued: replay.queued, refused: replay.refused, damagedBytes: unreadable)
        live = replay.frames
        order = replay.order
        liveBytes = live.values.reduce(0) { $0 + $1.count }
        self.file = file
    }

    /// Puts ops on disk, in order; when it returns they are queued, when it throws none of them is.
    public func append(_ ops: [QueuedOp]) throws(OutboxError) {
        let frames = ops.map { OutboxFraming.frame(OutboxRecord.queued($0).payload) }
        for frame in frames where frame.count > OutboxFraming.payloadLimit { throw OutboxError("the op is too large") }
        try file.append(Array(frames.joined()), isSynced: true)
        for (queued, frame) in zip(ops, frames) {
            if live.updateValue(frame, forKey: queued.op.id) == nil { order.append(queued.op.id) }
            liveBytes += frame.count
        }
    }

    /// Marks ops that need nothing more: durable ones, and refused ones of which the athlete has been told.
    public func settle(_ ids: [OpID]) throws(OutboxError) {
        let known = ids.filter { live[$0] != nil }
        guard !known.isEmpty else { return }
        try file.append(known.flatMap { OutboxFraming.frame(OutboxRecord.done($0).payload) }, isSynced: false)
        for id in known { liveBytes -= live.removeValue(forKey: id)?.count ?? 0 }
        try compactIfWorthwhile()
    }

    /// Marks an op as refused for good; it stays until it is settled.
    public func refuse(_ id: OpID, _ refusal: Refusal) throws(OutboxError) {
        guard let frame = live[id] else { return }
        let mark = OutboxFraming.frame(OutboxRecord.refused(id, refusal).payload)
        try file.append(mark, isSynced: true)
        live[id] = frame + mark
        liveBytes += mark.count
    }

    /// Puts an op where another one is; both or neither, whatever happens. The op may be in the outbox already.
    public func replace(_ id: OpID, by queued: QueuedOp) throws(OutboxError) {
        guard let old = live[id] else { return }
        try file.append(OutboxFraming.frame(OutboxRecord.replaced(id, by: queued).payload), isSynced: true)
        liveBytes -= old.count
        live[id] = nil
        let frame = OutboxFraming.frame(OutboxRecord.queued(queued).payload)
        liveBytes += frame.count - (live.updateValue(frame, forKey: queued.op.id)?.count ?? 0)
        order.removeAll { $0 == queued.op.id }
        if let place = order.firstIndex(of: id) { order[place] = queued.op.id }
    }

    /// Leaves done ops out of the file once they are most of it.
    private func compactIfWorthwhile() throws(OutboxError) {
        guard file.length > Outbox.compactionBytes, file.length > 2 * liveBytes else { return }
        order.removeAll { live[$0] == nil }
        try file.replace(with: order.flatMap { live[$0] ?? [] })
    }
}

/// Follows an outbox's records to what is left of them.
private struct OutboxReplay {
    private struct Entry {
        let place: Int
        let queued: QueuedOp
        var frame: [UInt8]
        var refusal: Refusal?
    }

    private var entries: [OpID: Entry] = [:]
    private var count = 0

    private var ordered: [Entry] { entries.values.sorted { $0.place < $1.place } }
    var order: [OpID] { ordered.map(\.queued.op.id) }
    var frames: [OpID: [UInt8]] { entries.mapValues(\.frame) }
    var queued: [QueuedOp] { ordered.filter { $0.refusal == nil }.map(\.queued) }
    var refused: [RefusedOp] { ordered.compactMap { entry in entry.refusal.map { RefusedOp(entry.queued, $0) } } }

    /// False when the payload is no record.
    mutating func take(_ payload: [UInt8]) -> Bool {
        // The record's CRC was right: what cannot be read was written by another version and is counted as damage.
        guard let record = try? OutboxRecord(payload) else { return false }
        switch record {
        case .queued(let queued):
            guard entries[queued.op.id] == nil else { return true }
            entries[queued.op.id] = Entry(place: count, queued: queued, frame: OutboxFraming.frame(payload))
            count += 1
        case .done(let id): entries[id] = nil
        case .refused(let id, let refusal):
            entries[id]?.refusal = refusal
            entries[id]?.frame += OutboxFraming.frame(payload)
        case .replaced(let id, let queued):
            guard let old = entries.removeValue(forKey: id) else { return true }
            let frame = OutboxFraming.frame(OutboxRecord.queued(queued).payload)
            entries[queued.op.id] = Entry(place: old.place, queued: queued, frame: frame)
        }
        return true
    }
}
