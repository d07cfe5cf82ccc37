import Client
import Foundation
import Protocol
import Testing

@Suite("Outbox")
struct OutboxTests {
    private let workout = WorkoutID.make()

    private func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    @Test("ops come back in order after the process is gone")
    func survival() async throws {
        let scratch = try Scratch()
        let ops = (1...20).map { QueuedOp.set($0, in: workout) }
        do {
            let outbox = try Outbox(path: scratch.outbox)
            try await outbox.append(Array(ops[..<5]))
            try await outbox.append(Array(ops[5...]))
            try await outbox.settle([ops[2].op.id, ops[7].op.id])
        }
        let reopened = try Outbox(path: scratch.outbox)
        #expect(reopened.contents.queued == ops.filter { $0 != ops[2] && $0 != ops[7] })
        #expect(reopened.contents.damagedBytes == 0)
    }

    @Test("a file torn at any byte gives the ops before the tear and takes new ones")
    func torn() async throws {
        let scratch = try Scratch()
        let ops = (1...4).map { QueuedOp.set($0, in: workout) }
        var ends: [Int] = []
        do {
            let outbox = try Outbox(path: scratch.outbox)
            for op in ops {
                try await outbox.append([op])
                ends.append(try bytes(scratch.outbox).count)
            }
        }
        let whole = try bytes(scratch.outbox)
        for length in stride(from: 0, through: whole.count, by: 3) {
            let path = scratch.directory + "/torn"
            try write(Array(whole[..<length]), path)
            let expected = ops.prefix(ends.count { $0 <= length })
            let extra = QueuedOp.set(99, in: workout)
            do {
                let outbox = try Outbox(path: path)
                #expect(outbox.contents.queued == Array(expected))
                try await outbox.append([extra])
            }
            #expect(try Outbox(path: path).contents.queued == Array(expected) + [extra])
        }
    }

    @Test("a damaged record costs itself alone, and is counted")
    func damaged() async throws {
        let scratch = try Scratch()
        let ops = (1...5).map { QueuedOp.set($0, in: workout) }
        do { try await Outbox(path: scratch.outbox).append(ops) }
        var content = try bytes(scratch.outbox)
        let second = content.count / 5 + 40
        content[second] ^= 0x20
        try write(content, scratch.outbox)
        let contents = try Outbox(path: scratch.outbox).contents
        #expect(contents.queued == [ops[0], ops[2], ops[3], ops[4]])
        #expect(contents.damagedBytes > 0)
    }

    @Test("a refused op is kept with its reason until the athlete has been told")
    func refused() async throws {
        let scratch = try Scratch()
        let op = QueuedOp.set(1, in: workout)
        do {
            let outbox = try Outbox(path: scratch.outbox)
            try await outbox.append([op])
            try await outbox.refuse(op.op.id, Refusal(.invalid, "too heavy"))
        }
        do {
            let outbox = try Outbox(path: scratch.outbox)
            #expect(outbox.contents.queued.isEmpty)
            #expect(outbox.contents.refused == [RefusedOp(op, Refusal(.invalid, "too heavy"))])
            try await outbox.settle([op.op.id])
        }
        #expect(try Outbox(path: scratch.outbox).contents.refused.isEmpty)
    }

    @Test("a file whose ops are mostly done is made small, and loses nothing")
    func compaction() async throws {
        let scratch = try Scratch()
        let ops = (1...1000).map { QueuedOp.set($0, in: workout) }
        let kept = [ops[3], ops[500], ops[999]]
        do {
            let outbox = try Outbox(path: scratch.outbox)
            try await outbox.append(ops)
            for op in ops where !kept.contains(op) { try await outbox.settle([op.op.id]) }
            try await outbox.append([QueuedOp.set(7, in: workout)])
        }
        #expect(try bytes(scratch.outbox).count < 140_000)
        let queued = try Outbox(path: scratch.outbox).contents.queued
        #expect(Array(queued.prefix(3)) == kept)
        #expect(queued.count == 4)
    }

    @Test("a second client cannot open an outbox that is in use")
    func lock() throws {
        let scratch = try Scratch()
        let first = try Outbox(path: scratch.outbox)
        #expect(throws: OutboxError.self) { _ = try Outbox(path: scratch.outbox) }
        withExtendedLifetime(first) {}
    }

    @Test("an outbox that cannot be made says which file and why")
    func unusable() {
        let fault = #expect(throws: OutboxError.self) { _ = try Outbox(path: "/nowhere/at/all/outbox") }
        #expect(fault?.description.contains("/nowhere/at/all/outbox") == true)
    }
}
