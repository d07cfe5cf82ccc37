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
    private var kept: OutboxReplay

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
        kept = replay
        self.file = file
    }

    /// Puts ops on disk, in order; when it returns they are queued, when it throws none of them is.
    public func append(_ ops: [QueuedOp]) throws(OutboxError) { try write(ops.map { .queued($0) }, isSynced: true) }

    /// Writes records that belong together at once; when it throws none of them is there.
    func write(_ records: [OutboxRecord], isSynced: Bool) throws(OutboxError) {
        let payloads = records.map(\.payload)
        for payload in payloads where payload.count > OutboxFraming.payloadLimit {
            throw OutboxError("the op is too large")
        }
        try file.append(payloads.flatMap(OutboxFraming.frame), isSynced: isSynced)
        for record in records { kept.take(record) }
    }

    /// Marks ops that need nothing more: durable ones, and refused ones of which the athlete has been told.
    public func settle(_ ids: [OpID]) throws(OutboxError) {
        let known = ids.filter(kept.holds)
        guard !known.isEmpty else { return }
        try write(known.map { .done($0) }, isSynced: false)
        try compactIfWorthwhile()
    }

    /// Marks an op as refused for good; it stays until it is settled.
    public func refuse(_ id: OpID, _ refusal: Refusal) throws(OutboxError) {
        guard kept.holds(id) else { return }
        try write([.refused(id, refusal)], isSynced: true)
    }

    /// Puts an op where another one is; both or neither, whatever happens. The op may be in the outbox already.
    public func replace(_ id: OpID, by queued: QueuedOp) throws(OutboxError) {
        guard kept.holds(id) else { return }
        try write([.replaced(id, by: queued)], isSynced: true)
    }

    /// Leaves done ops out of the file once they are most of it.
    private func compactIfWorthwhile() throws(OutboxError) {
        guard file.length > Outbox.compactionBytes, file.length > 2 * kept.bytes else { return }
        try file.replace(with: kept.frames)
    }
}
