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

    /// The same without a room in mind, and while the process is short of memory; a tenth is freed at once, so that not
    /// every opening has to look. There is one look at a time, which all who come meanwhile wait for.
    func unloadSpareRooms() async {
        let isShort = context.configuration.isShortOfMemory()
        guard context.memory.isFull || isShort else { return }
        guard spaceWaiters == nil else {
            return await withCheckedContinuation { spaceWaiters?.append($0) }
        }
        spaceWaiters = []
        let full = isShort ? min(context.memory.limitBytes, context.memory.bytes) : context.memory.limitBytes
        await unloadSpareRooms(downTo: full / 10 * 9)
        noSpaceUntil = context.memory.isFull ? .now + .seconds(1) : nil
        context.metrics.roomBytes.record(context.memory.bytes)
        let waiters = spaceWaiters ?? []
        spaceWaiters = nil
        for waiter in waiters { waiter.resume() }
    }

    private func unloadSpareRooms(downTo bytes: Int) async {
        var spare: [(room: WorkoutRoom, since: Timestamp)] = []
        for room in openRooms {
            if let since = await room.spareSince { spare.append((room, since)) }
        }
        for (room, _) in spare.sorted(by: { $0.since < $1.since }) {
            guard context.memory.bytes > bytes else { break }
            if await room.unloadIfSpare() { forget(room) }
        }
    }
}
