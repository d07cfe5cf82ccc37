import DequeModule
import NIOCore

/// What a frame is to the queue in which it may have to wait.
package enum FrameKind: Sendable {
    /// A push that must not be missed; counts against the queue limit.
    case reliable
    /// A push of which only the latest of its key matters; while it waits a later one replaces it.
    case latest(key: UInt64)
    /// The answer to something the peer asked; bounded by not reading further requests.
    case answer
}

/// The frames of one connection that the kernel would not take yet; a value that knows no I/O.
struct SendQueue {
    private struct Item {
        let bytes: ByteBuffer
        let kind: FrameKind
    }

    private var items = Deque<Item>()
    /// Bytes of all frames that wait.
    private(set) var bytes = 0
    /// Bytes of the pushes among them.
    private(set) var pushedBytes = 0

    var isEmpty: Bool { items.isEmpty }
    var count: Int { items.count }
    var first: ByteBuffer? { items.first?.bytes }

    mutating func append(_ bytes: ByteBuffer, as kind: FrameKind) {
        if case .latest(let key) = kind { remove(latest: key) }
        items.append(Item(bytes: bytes, kind: kind))
        count(bytes.readableBytes, kind)
    }

    mutating func removeFirst() {
        guard let item = items.popFirst() else { return }
        count(-item.bytes.readableBytes, item.kind)
    }

    /// Drops every frame whose loss the next of its key makes good.
    mutating func dropConflatable() {
        let before = items
        items.removeAll(keepingCapacity: true)
        (bytes, pushedBytes) = (0, 0)
        for item in before {
            if case .latest = item.kind { continue }
            items.append(item)
            count(item.bytes.readableBytes, item.kind)
        }
    }

    mutating func removeAll() {
        self = SendQueue()
    }

    /// Appends frames from the front to `run` until it holds at least `limit` bytes; the queue keeps them.
    func copyFront(into run: inout ByteBuffer, limit: Int) {
        for item in items {
            run.writeImmutableBuffer(item.bytes)
            if run.readableBytes >= limit { return }
        }
    }

    /// Removes the frames that `sent` bytes from the front cover.
    /// - Returns: what is left of a frame that was sent in part.
    mutating func removeSent(_ sent: Int) -> ByteBuffer? {
        var rest = sent
        while rest > 0, var bytes = first {
            removeFirst()
            guard rest < bytes.readableBytes else {
                rest -= bytes.readableBytes
                continue
            }
            bytes.moveReaderIndex(forwardBy: rest)
            return bytes
        }
        return nil
    }

    private mutating func remove(latest key: UInt64) {
        let index = items.lastIndex { item in
            if case .latest(key) = item.kind { true } else { false }
        }
        guard let index else { return }
        let item = items.remove(at: index)
        count(-item.bytes.readableBytes, item.kind)
    }

    private mutating func count(_ change: Int, _ kind: FrameKind) {
        bytes += change
        if case .answer = kind { return }
        pushedBytes += change
    }
}
