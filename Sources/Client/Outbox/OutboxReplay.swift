import Protocol

/// Follows an outbox's records to what is left of them.
struct OutboxReplay {
    private struct Entry {
        var place: Int
        let queued: QueuedOp
        let frame: [UInt8]
        var refusal: Refusal?
        /// The frame of the refusal; empty without one.
        var mark: [UInt8] = []

        var bytes: Int { frame.count + mark.count }
    }

    private var entries: [OpID: Entry] = [:]
    private var places = 0
    /// What the frames of all that is left hold.
    private(set) var bytes = 0

    private var ordered: [Entry] { entries.values.sorted { $0.place < $1.place } }
    var queued: [QueuedOp] { ordered.filter { $0.refusal == nil }.map(\.queued) }
    var refused: [RefusedOp] { ordered.compactMap { entry in entry.refusal.map { RefusedOp(entry.queued, $0) } } }
    /// A file with nothing but what is left.
    var frames: [UInt8] { ordered.flatMap { $0.frame + $0.mark } }

    func holds(_ id: OpID) -> Bool { entries[id] != nil }

    /// Returns false when the payload cannot be read as a record.
    mutating func take(_ payload: [UInt8]) -> Bool {
        // The record's CRC was right: what cannot be read was written by another version and is counted as damage.
        guard let record = try? OutboxRecord(payload) else { return false }
        take(record)
        return true
    }

    mutating func take(_ record: OutboxRecord) {
        switch record {
        case .queued(let queued): if !holds(queued.op.id) { append(queued) }
        case .done(let id): remove(id)
        case .refused(let id, let refusal): refuse(id, refusal)
        case .replaced(let id, let queued):
            guard let old = remove(id) else { return }
            append(queued, at: old.place)
        case .corrected(let ids, let queued, let following):
            for id in ids { remove(id) }
            append(queued)
            // Those that are done already stay away.
            for id in following { if let entry = remove(id) { append(entry.queued) } }
        }
    }

    private mutating func append(_ queued: QueuedOp, at place: Int? = nil) {
        remove(queued.op.id)
        let frame = OutboxFraming.frame(OutboxRecord.queued(queued).payload)
        entries[queued.op.id] = Entry(place: place ?? places, queued: queued, frame: frame)
        if place == nil { places += 1 }
        bytes += frame.count
    }

    @discardableResult
    private mutating func remove(_ id: OpID) -> Entry? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        bytes -= entry.bytes
        return entry
    }

    private mutating func refuse(_ id: OpID, _ refusal: Refusal) {
        guard var entry = entries[id] else { return }
        bytes -= entry.bytes
        entry.refusal = refusal
        entry.mark = OutboxFraming.frame(OutboxRecord.refused(id, refusal).payload)
        bytes += entry.bytes
        entries[id] = entry
    }
}
