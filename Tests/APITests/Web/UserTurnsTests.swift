import Protocol
import Synchronization
import TestKit
import Testing

@testable import API

/// How much of the server one user has at a time.
struct UserTurnsTests {
    @Test(
        "of a user's requests so many are worked on at once; others' go on beside them"
    )
    func turns() async throws {
        let (turns, ada, bo) = (UserTurns(most: 2), UserID.make(), UserID.make())
        let (begun, begin) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .unbounded)
        let (ends, end) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .unbounded)
        let running = Running()
        try await withThrowingTaskGroup(of: Void.self) { group in
            var beginnings = begun.makeAsyncIterator()
            for number in 0..<6 {
                group.addTask {
                    try await turns.run(for: ada) {
                        #expect(running.count.add(1, ordering: .relaxed).newValue <= 2)
                        begin.yield(number)
                        for await _ in ends { break }
                        running.count.subtract(1, ordering: .relaxed)
                    }
                }
                if number < 2 { #expect(await beginnings.next() == number) }
            }
            for other in [bo, nil] {
                let value = try await turns.run(for: other) { 7 }
                #expect(value == 7)
            }
            for _ in 2..<6 {
                end.yield()
                _ = await beginnings.next()
            }
            end.yield()
            end.yield()
            try await group.waitForAll()
        }
        #expect(turns.count == 0)
    }

    @Test("who is cancelled while waiting goes without a turn and takes none from others")
    func cancelled() async throws {
        let (turns, ada) = (UserTurns(most: 1), UserID.make())
        let (begun, begin) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .unbounded)
        let (ends, end) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .unbounded)
        async let first: Void = turns.run(for: ada) {
            begin.yield()
            for await _ in ends { break }
        }
        for await _ in begun { break }
        let second = Task { try await turns.run(for: ada) { Issue.record("ran although it was cancelled") } }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        let third = Task { try await turns.run(for: ada) { 3 } }
        end.yield()
        #expect(try await third.value == 3)
        try await first
        #expect(turns.count == 0)
    }
}

private final class Running: Sendable {
    let count = Atomic(0)
}
