import CoreMetrics
import Protocol

// The bound of what all rooms of the node occupy.
extension Rooms {
    /// Unloads the rooms that nobody needs, least recently used first, while the node holds too much.
    ///
    /// - Throws: `busy` when that is not enough for another room.
    func makeSpace() async throws(Refusal) {
        guard context.memory.isFull else { return }
        if noSpaceUntil.map({ .now >= $0 }) ?? true { await unloadSpareRooms() }
        guard context.memory.isFull else { return }
        throw Refusal(.busy, "this node holds as many workouts as it may", retryAfterMilliseconds: 1000)
    }

    /// The same for the rooms of one account and its share of the memory.
    ///
    /// - Throws: `busy` when that is not enough for another room.
    func makeSpace(for user: UserID) async throws(Refusal) {
        let share = context.memory.share(of: user)
        guard share.isFull else { return }
        if share.mayHaveSpace { await unloadSpareRooms(of: share) }
        guard share.isFull else { return }
        throw .shareFull
    }

    /// One round of what `run` does every second: makes space where the node, or a share that has become full, needs it.
    func keepWithinBounds() async {
        await unloadSpareRooms()
        for user in context.memory.takeFull() {
            let share = context.memory.share(of: user)
            await unloadSpareRooms(of: share)
            // Its rooms may become spare later, and what is refused meanwhile does not look for space itself.
            share.tellIfFull()
        }
    }

    /// There is one look at a time for an account, which all its openings that come meanwhile wait for.
    private func unloadSpareRooms(of share: RoomShare) async {
        guard shareWaiters[share.user] == nil else {
            return await withCheckedContinuation { shareWaiters[share.user]?.append($0) }
        }
        shareWaiters[share.user] = []
        await unloadSpareRooms(while: { share.bytes > share.limitBytes / 10 * 9 }) { room in
            await room.share === share ? await room.spareSince : nil
        }
        share.looked()
        for waiter in shareWaiters.removeValue(forKey: share.user) ?? [] { waiter.resume() }
    }

    /// The same without a room in mind, and while the process is short of memory; a tenth is freed at once, so that not
    /// every opening has to look. There is one look at a time, which all who come meanwhile wait for.
    func unloadSpareRooms() async {
        let isShort = context.configuration.isShortOfMemory()
        context.metrics.roomBytes.record(context.memory.bytes)
        guard context.memory.isFull || isShort else { return }
        guard spaceWaiters == nil else {
            return await withCheckedContinuation { spaceWaiters?.append($0) }
        }
        spaceWaiters = []
        let full = isShort ? min(context.memory.limitBytes, context.memory.bytes) : context.memory.limitBytes
        await unloadSpareRooms(while: { context.memory.bytes > full / 10 * 9 }) { await $0.spareSince }
        noSpaceUntil = context.memory.isFull ? .now + .seconds(1) : nil
        context.metrics.roomBytes.record(context.memory.bytes)
        let waiters = spaceWaiters ?? []
        spaceWaiters = nil
        for waiter in waiters { waiter.resume() }
    }

    /// - Parameter spareSince: when a room was used last; nil for one that stays.
    private func unloadSpareRooms(
        while isTooMuch: () -> Bool, _ spareSince: @Sendable (WorkoutRoom) async -> Timestamp?
    ) async {
        var spare: [(room: WorkoutRoom, since: Timestamp)] = []
        for room in openRooms {
            if let since = await spareSince(room) { spare.append((room, since)) }
        }
        for (room, _) in spare.sorted(by: { $0.since < $1.since }) {
            guard isTooMuch() else { break }
            if await room.unloadIfSpare() { forget(room) }
        }
    }
}
