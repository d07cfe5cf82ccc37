import NIOCore
import Testing

@testable import Realtime

@Suite("The queue of one connection, and the wheel of deadlines")
struct QueueTests {
    private func contents(_ queue: SendQueue) -> String {
        var run = ByteBuffer()
        queue.copyFront(into: &run, limit: .max)
        return String(buffer: run)
    }

    @Test("frames leave in order, and a later one of a key takes the place of an earlier one at the end")
    func order() {
        var queue = SendQueue()
        queue.append(ByteBuffer(string: "a"), as: .reliable)
        queue.append(ByteBuffer(string: "1"), as: .latest(key: 7))
        queue.append(ByteBuffer(string: "2"), as: .latest(key: 8))
        queue.append(ByteBuffer(string: "b"), as: .answer)
        queue.append(ByteBuffer(string: "33"), as: .latest(key: 7))
        #expect(contents(queue) == "a2b33")
        #expect(queue.bytes == 5)
        #expect(queue.pushedBytes == 4)
        queue.dropConflatable()
        #expect(contents(queue) == "ab")
        #expect(queue.pushedBytes == 1)
    }

    @Test("what was sent in part is given back in part")
    func parts() {
        var queue = SendQueue()
        for text in ["abc", "def", "ghi"] { queue.append(ByteBuffer(string: text), as: .reliable) }
        #expect(queue.removeSent(3) == nil)
        #expect(queue.removeSent(2).map { String(buffer: $0) } == "f")
        #expect(contents(queue) == "ghi")
        #expect(queue.removeSent(3) == nil)
        #expect(queue.isEmpty)
        #expect(queue.bytes == 0)
    }

    private final class Entry: WheelEntry {
        var wheelPosition: WheelPosition?
        let name: Int
        init(_ name: Int) { self.name = name }
    }

    @Test("entries come out within a tick of their deadline, never before, unless it lies beyond the span")
    func wheel() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var wheel = TimerWheel<Entry>(tick: .milliseconds(10), slots: 8, start: start)
        let entries = (0..<5).map { Entry($0) }
        wheel.schedule(entries[0], at: start + .milliseconds(5))
        wheel.schedule(entries[1], at: start + .milliseconds(25))
        wheel.schedule(entries[2], at: start + .milliseconds(25))
        wheel.schedule(entries[3], at: start + .seconds(3))
        wheel.schedule(entries[4], at: start + .milliseconds(25))
        wheel.cancel(entries[1])
        wheel.schedule(entries[4], at: start + .milliseconds(55))
        #expect(wheel.advance(to: start + .milliseconds(9)).isEmpty)
        #expect(wheel.advance(to: start + .milliseconds(10)).map(\.name) == [0])
        #expect(wheel.advance(to: start + .milliseconds(30)).map(\.name) == [2])
        #expect(wheel.advance(to: start + .milliseconds(500)).map(\.name).sorted() == [3, 4])
        wheel.schedule(entries[0], at: start)
        #expect(wheel.advance(to: start + .milliseconds(510)).map(\.name) == [0])
    }

    @Test("a wheel with thousands of entries that move all the time agrees with sorted deadlines", arguments: 0..<5)
    func wheelAgainstModel(_ seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let start = NIODeadline.uptimeNanoseconds(0)
        var wheel = TimerWheel<Entry>(tick: .nanoseconds(10), slots: 16, start: start)
        let entries = (0..<1000).map { Entry($0) }
        var deadlines: [Int: Int64] = [:]
        var now: Int64 = 0
        for _ in 0..<200 {
            for _ in 0..<50 {
                let entry = entries[Int(random.next() % 1000)]
                if random.next() % 4 == 0 {
                    wheel.cancel(entry)
                    deadlines[entry.name] = nil
                } else {
                    let deadline = now + Int64(random.next() % 400)
                    wheel.schedule(entry, at: start + .nanoseconds(deadline))
                    deadlines[entry.name] = deadline
                }
            }
            now += Int64(random.next() % 60)
            for entry in wheel.advance(to: start + .nanoseconds(now)) {
                guard let deadline = deadlines[entry.name] else {
                    Issue.record("an entry that was cancelled came out, seed \(seed)")
                    continue
                }
                if deadline <= now {
                    deadlines[entry.name] = nil
                } else {
                    wheel.schedule(entry, at: start + .nanoseconds(deadline))
                }
            }
            let late = deadlines.values.filter { $0 + 10 < now }
            #expect(late.isEmpty, "seed \(seed)")
        }
    }
}
