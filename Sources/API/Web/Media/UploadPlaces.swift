import NIOCore
import Protocol
import Synchronization

/// Bounds how many uploads are on their way or at work at once, so that what they hold of memory and disk is bounded.
///
/// When all places are taken, whoever comes gets that of the slowest sender: nobody closes uploads to others by dripping.
package final class UploadPlaces: Sendable {
    fileprivate struct Holder {
        let user: UserID?
        let since: ContinuousClock.Instant
        var cameBytes = 0
        var hasArrived = false

        /// Bytes a second so far.
        func pace(at now: ContinuousClock.Instant) -> Double { Double(cameBytes) / ((now - since) / .seconds(1)) }
    }

    private let total: Int
    private let perUser: Int
    private let grace: Duration
    private let taken = Mutex<(holders: [UInt64: Holder], lastID: UInt64)>(([:], 0))

    /// - Parameter grace: how long a sender keeps its place whatever its pace.
    package init(total: Int, perUser: Int, grace: Duration = .seconds(2)) {
        self.total = total
        self.perUser = perUser
        self.grace = grace
    }

    /// Takes a place until the answered value is let go. Throws `unavailable` when there is none.
    func take(_ user: UserID?) throws(Problem) -> UploadPlace {
        let now = ContinuousClock.now
        let id = taken.withLock { taken -> UInt64? in
            guard taken.holders.values.count(where: { $0.user == user }) < perUser else { return nil }
            if taken.holders.count >= total {
                let senders = taken.holders.filter { !$0.value.hasArrived && now - $0.value.since >= grace }
                let slowest = senders.min { $0.value.pace(at: now) < $1.value.pace(at: now) }
                guard let slowest else { return nil }
                taken.holders[slowest.key] = nil
            }
            taken.lastID += 1
            taken.holders[taken.lastID] = Holder(user: user, since: now)
            return taken.lastID
        }
        guard let id else { throw Self.busy }
        return UploadPlace(id, in: self)
    }

    private static var busy: Problem {
        Problem(.unavailable, detail: "Too many uploads at once.", retryAfterSeconds: 5)
    }

    /// Throws `unavailable` when the place went to somebody else.
    private func change(_ id: UInt64, _ change: (inout Holder) -> Void) throws(Problem) {
        let isHeld = taken.withLock { taken in
            guard var holder = taken.holders[id] else { return false }
            change(&holder)
            taken.holders[id] = holder
            return true
        }
        guard isHeld else { throw Self.busy }
    }

    fileprivate func came(_ bytes: Int, on id: UInt64) throws(Problem) { try change(id) { $0.cameBytes += bytes } }

    fileprivate func arrived(_ id: UInt64) throws(Problem) { try change(id) { $0.hasArrived = true } }

    fileprivate func release(_ id: UInt64) { taken.withLock { $0.holders[id] = nil } }
}

/// One upload's place, which is free again when the last holder lets it go.
final class UploadPlace: Sendable {
    private let id: UInt64
    private let places: UploadPlaces

    fileprivate init(_ id: UInt64, in places: UploadPlaces) {
        self.id = id
        self.places = places
    }

    /// Some of the body has come. Throws `unavailable` when the place went to somebody else meanwhile.
    func came(_ bytes: Int) throws(Problem) { try places.came(bytes, on: id) }

    /// All of the body has come: the place stays until it is let go. Throws like `came`.
    func arrived() throws(Problem) { try places.arrived(id) }

    deinit { places.release(id) }
}

/// A body on its way to a place.
struct PlacedBody<Base: AsyncSequence & Sendable>: AsyncSequence, Sendable where Base.Element == ByteBuffer {
    let base: Base
    let place: UploadPlace

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var base: Base.AsyncIterator
        fileprivate let place: UploadPlace

        mutating func next() async throws -> ByteBuffer? {
            guard let buffer = try await base.next() else {
                try place.arrived()
                return nil
            }
            try place.came(buffer.readableBytes)
            return buffer
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), place: place) }
}
