import Protocol
import Store
import Synchronization
import TestKit
import Testing

@testable import Realtime

@Suite("Reading histories", .timeLimit(.minutes(5)))
struct HistoryReadingTests {
    private static let noteBytes = 7200

    /// How many read at a time.
    private final class Readers: Sendable {
        private let counts = Mutex((now: 0, most: 0))

        var now: Int { counts.withLock { $0.now } }
        var most: Int { counts.withLock { $0.most } }

        func begin() {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
        }

        func end() { counts.withLock { $0.now -= 1 } }
    }

    /// A workout with large notes, of 2 MiB and more, that is stored.
    private func large(_ athlete: Member, on server: LiveTestServer) async throws -> (WorkoutID, WorkoutState) {
        let (rooms, workout) = (server.node.rooms, WorkoutID.make())
        let start = WorkoutOp(id: .make(), at: .now, action: .start(WorkoutDetails(name: "Monday")))
        try await rooms.submit(start, to: workout, by: athlete.userId)
        let text = String(repeating: "🏋", count: Self.noteBytes / 4)
        var last: OpAnswer?
        for number in 0..<300 {
            let note = WorkoutAction.note(entry: nil, text: "\(number) \(text)", isShared: true)
            last = try await rooms.apply(
                WorkoutOp(id: .make(), at: .now, action: note), to: workout, by: athlete.userId)
        }
        let room = try await rooms.room(workout)
        let answer = try #require(last)
        #expect(await room.waitUntilDurable(answer, limit: Watchdog.patience))
        return (workout, await room.history.state)
    }

    @Test("a history is read in pages of a mebibyte, counted while it is read, and is whole")
    func pages() async throws {
        let memory = Mutex<RoomMemory?>(nil)
        let seen = Atomic(0)
        @Sendable func looking(_ people: inout People) {
            let grams = people.bodyWeightGrams
            people.bodyWeightGrams = {
                // Asked for behind the history.
                seen.store(memory.withLock { $0?.bytes ?? 0 }, ordering: .relaxed)
                return try await grams($0)
            }
        }
        var configuration = LiveConfiguration()
        configuration.unloadAfter = .zero
        try await LiveTestServer.run(configuration, people: { looking(&$0) }) { server in
            let ada = try await server.user("Ada")
            let (first, state) = try await large(ada, on: server)
            let (second, other) = try await large(ada, on: server)
            let loader = server.node.rooms.context.loader
            let page = try await loader.events(of: first, after: 0, limit: 1000)
            let bytes = page.reduce(0) { $0 + $1.json.count }
            #expect(bytes >= HistorySource.pageBytes && bytes < HistorySource.pageBytes + WorkoutEvent.limitBytes)
            #expect(page.map(\.event.seq) == Array(1...Int64(page.count)))

            for workout in [first, second] { try await server.unload(workout) }
            let node = server.node.rooms.context.memory
            #expect(node.bytes == 0)
            memory.withLock { $0 = node }
            let room = try await server.node.rooms.room(first)
            #expect(await room.history.state == state)
            #expect(seen.load(ordering: .relaxed) > HistorySource.pageBytes)
            try await eventually { await node.bytes == room.history.bytes }

            let states = try await server.node.rooms.storedStates(of: [first, second, .make()])
            #expect(states == [first: state, second: other])
        }
    }

    @Test("few histories are read at a time, and all in the end")
    func gate() async throws {
        let (gate, door, readers) = (ReadingGate(), Gate(), Readers())
        await door.close()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 * ReadingGate.places {
                group.addTask {
                    try await gate.pass {
                        readers.begin()
                        await door.pass()
                        readers.end()
                    }
                }
            }
            try await eventually { readers.now + gate.waitingCount == 3 * ReadingGate.places }
            await door.open()
            try await group.waitForAll()
        }
        #expect(readers.most == ReadingGate.places)
    }

    @Test("who waits too long for a turn hears that storage is away, also while nobody leaves; the others are served")
    func patience() async throws {
        let (gate, door) = (ReadingGate(patience: .zero), Gate())
        await door.close()
        try await withThrowingTaskGroup(of: StoreError?.self) { group in
            for _ in 0..<ReadingGate.places + 1 {
                group.addTask {
                    do {
                        try await gate.pass { await door.pass() }
                        return nil
                    } catch { return error as? StoreError }
                }
            }
            #expect(try await group.next() != .some(nil))
            await door.open()
            for try await error in group { #expect(error == nil) }
        }
        try await gate.pass {}
    }

    @Test("who is cancelled leaves the line at once")
    func cancelled() async throws {
        let (gate, door) = (ReadingGate(), Gate())
        await door.close()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<ReadingGate.places { group.addTask { try await gate.pass { await door.pass() } } }
            try await eventually { await door.count == ReadingGate.places }
            let late = Task { try await gate.pass {} }
            try await eventually { gate.waitingCount == 1 }
            late.cancel()
            await #expect(throws: StoreError.self) { try await late.value }
            #expect(gate.waitingCount == 0)
            await door.open()
            try await group.waitForAll()
        }
    }
}
