import NIOCore
import NIOPosix
import Testing
import TestKit

@testable import Realtime

@Suite("The fan-out of a room")
struct FanOutTests {
    private struct Watcher: Sendable {
        let socket: RawSocket
        let connection: SocketConnection

        func texts(_ count: Int) async throws -> [String] {
            var texts: [String] = []
            for _ in 0..<count { texts.append(try await socket.nextFrame()?.text ?? "") }
            return texts
        }
    }

    private func watcher(
        _ port: Int, _ log: SessionLog, deflates: Bool = false, reading: Bool = true
    ) async throws -> Watcher {
        let socket = try await RawSocket.connect(port: port)
        _ = try await socket.requestUpgrade(deflates ? ["Sec-WebSocket-Extensions: permessage-deflate"] : [])
        if !reading { try await socket.stopReading() }
        return Watcher(socket: socket, connection: try await log.nextOpening().connection)
    }

    private func frame(_ text: String) -> EncodedFrame { .text(Array(text.utf8)) }

    @Test("every watcher of every loop gets every frame offered while it is one, in order")
    func everybody() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let outbox = RoomOutbox()
            var watchers: [Watcher] = []
            for _ in 0..<8 { watchers.append(try await watcher(port, log)) }
            for watcher in watchers { outbox.add(watcher.connection) }
            for number in 0..<500 { outbox.offer(frame("\(number)")) }
            let expected = (0..<500).map { "\($0)" }
            for watcher in watchers { #expect(try await watcher.texts(500) == expected) }
            #expect(outbox.count == 8)
        }
    }

    @Test("a watcher gets its first frames, then exactly what is offered between its coming and its going")
    func exactly() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let outbox = RoomOutbox()
            let one = try await watcher(port, log)
            let two = try await watcher(port, log)
            outbox.offer(frame("nobody's"))
            outbox.add(one.connection, first: [frame("snapshot"), frame("page")])
            outbox.add(one.connection, first: [frame("added twice")])
            outbox.offer(frame("1"))
            outbox.add(two.connection, first: [frame("snapshot 1")])
            outbox.offer(frame("2"))
            outbox.remove(one.connection)
            outbox.remove(one.connection)
            outbox.offer(frame("3"))
            outbox.add(one.connection, first: [frame("again")])
            outbox.offer(frame("4"))
            #expect(try await one.texts(6) == ["snapshot", "page", "1", "2", "again", "4"])
            #expect(try await two.texts(4) == ["snapshot 1", "2", "3", "4"])
            #expect(outbox.count == 2)
        }
    }

    @Test("answers leave between the frames before and behind them, and what is for followers goes to them alone")
    func answers() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let outbox = RoomOutbox()
            let (one, two) = (try await watcher(port, log), try await watcher(port, log))
            #expect(!outbox.answer(frame("nobody's"), to: one.connection))
            outbox.add(one.connection, follows: false)
            for round in 0..<100 {
                outbox.offer(frame("\(round) not followed yet"), to: .followers)
                #expect(outbox.answer(frame("\(round) answer"), to: one.connection))
                outbox.offer(frame("\(round) for everyone"))
            }
            outbox.add(two.connection)
            outbox.follow(one.connection, first: [frame("snapshot")])
            #expect(outbox.followers == 2)
            outbox.offer(frame("event"), to: .followers)
            #expect(outbox.answer(frame("answer"), to: two.connection))
            outbox.offer(frame("durable"))
            outbox.unfollow(one.connection)
            outbox.offer(frame("event 2"), to: .followers)
            outbox.offer(frame("durable 2"))
            let before = (0..<100).flatMap { ["\($0) answer", "\($0) for everyone"] }
            #expect(try await one.texts(204) == before + ["snapshot", "event", "durable", "durable 2"])
            #expect(try await two.texts(5) == ["event", "answer", "durable", "event 2", "durable 2"])
            #expect(outbox.count == 2 && outbox.followers == 1)
        }
    }

    @Test("frames of one key that wait together leave as the latest")
    func latest() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let outbox = RoomOutbox()
            let one = try await watcher(port, log)
            let frames = (0..<100).map { frame("bpm \($0)") }
            let end = frame("end")
            try await one.connection.onLoop { connection in
                outbox.add(connection)
                for frame in frames { outbox.offer(frame, latestKey: 7) }
                outbox.offer(end)
            }
            #expect(try await one.texts(2) == ["bpm 99", "end"])
        }
    }

    @Test("watchers with and without compression, and with a small window, read the same")
    func compression() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let outbox = RoomOutbox()
            let plain = try await watcher(port, log)
            let deflated = try await watcher(port, log, deflates: true)
            let long = String(repeating: "a set of five, ", count: 40)
            outbox.add(plain.connection)
            outbox.add(deflated.connection)
            for text in ["short", long] { outbox.offer(frame(text)) }
            outbox.offer(.secret(Array(long.utf8)))
            #expect(try await plain.texts(3) == ["short", long, long])
            #expect(try await deflated.socket.nextFrame() == .text("short"))
            let compressed = try await deflated.socket.nextFrame()
            #expect(compressed?.reserved == 0x40)
            #expect((compressed?.payload.count ?? .max) < 100)
            let inflated = try Inflater().inflate(ByteBuffer(bytes: compressed?.payload ?? []), limit: 10_000)
            #expect(String(buffer: inflated) == long)
            #expect(try await deflated.socket.nextFrame() == .text(long))
        }
    }

    @Test("a watcher that stops reading is closed with 4001 while the others miss nothing")
    func slow() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let outbox = RoomOutbox()
            var good: [Watcher] = []
            for _ in 0..<4 { good.append(try await watcher(port, log)) }
            var stuck: [Watcher] = []
            for _ in 0..<3 { stuck.append(try await watcher(port, log, reading: false)) }
            for watcher in good + stuck { outbox.add(watcher.connection) }
            let text = String(repeating: "x", count: 1000)
            let rounds = 40
            for round in 0..<rounds {
                for number in 0..<50 { outbox.offer(frame("\(round * 50 + number) \(text)")) }
                for watcher in good {
                    let expected = (0..<50).map { "\(round * 50 + $0) \(text)" }
                    #expect(try await watcher.texts(50) == expected)
                }
            }
            for _ in stuck { #expect(try await log.nextClosure() == SocketClosure(origin: .server, code: 4001)) }
            for watcher in stuck {
                outbox.remove(watcher.connection)
                try await watcher.socket.close()
            }
            #expect(outbox.count == 4)
        }
    }

    @Test("a slow watcher that reads on finds whole frames and the close frame behind them")
    func slowReadsOn() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host { $0.closeGrace = .seconds(10) }) { port in
            let outbox = RoomOutbox()
            let one = try await watcher(port, log, reading: false)
            outbox.add(one.connection)
            let text = String(repeating: "y", count: 5000)
            for _ in 0..<1000 { outbox.offer(frame(text)) }
            #expect(try await log.nextClosure().code == 4001)
            try await one.socket.startReading()
            var last: RawFrame?
            while let frame = try await one.socket.nextFrame() {
                if frame.opcode == 1 { #expect(frame.text == text) }
                last = frame
            }
            #expect(last?.closeCode == 4001)
        }
    }

    @Test("a peer that takes nothing of an answer is closed with 4001 although nothing is asked of it meanwhile")
    func stuckWhileHeld() async throws {
        let log = SessionLog()
        let host = log.host {
            $0.pingAfter = .milliseconds(100)
            $0.pongWithin = .milliseconds(100)
        }
        try await withSocketServer(host) { port in
            let one = try await watcher(port, log, reading: false)
            try await one.connection.onLoop { connection in
                connection.hold()
                connection.send(.text(Array(repeating: 120, count: 8_000_000)), as: .answer)
            }
            #expect(try await log.nextClosure().code == 4001)
            try await one.socket.close()
        }
    }

    @Test("one large answer is not too much, however much larger than the limits it is")
    func largeAnswer() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let one = try await watcher(port, log, reading: false)
            let answer = Array(repeating: UInt8(120), count: 1_500_000)
            try await one.connection.onLoop { connection in
                connection.send(.text(answer), as: .answer)
                connection.send(.text(Array("small".utf8)))
            }
            try await one.socket.startReading()
            #expect(try await one.socket.nextFrame()?.payload == answer)
            #expect(try await one.socket.nextFrame() == .text("small"))
        }
    }

    @Test("frames of one key cannot make a watcher slow")
    func conflatedWatcher() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let outbox = RoomOutbox()
            let one = try await watcher(port, log, reading: false)
            outbox.add(one.connection)
            let text = String(repeating: "z", count: 2000)
            for number in 0..<2000 {
                outbox.offer(frame("\(number) \(text)"), latestKey: 1)
                // Each is given to the loop alone, so that it meets the watcher's queue and not the outbox's.
                try await one.connection.onLoop { _ in }
            }
            outbox.offer(frame("end"))
            try await one.socket.startReading()
            var numbers: [Int] = []
            while let text = try await one.socket.nextFrame()?.text, text != "end" {
                numbers.append(Int(text.prefix { $0 != " " }) ?? -1)
            }
            #expect(numbers == numbers.sorted())
            #expect(numbers.last == 1999)
            #expect(numbers.count < 2000)
            let isOpen = try await one.connection.onLoop { $0.isOpen }
            #expect(isOpen)
        }
    }

    @Test("a loop that does not keep up drops its watchers, not its memory")
    func overrun() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host { $0.outboxLimitBytes = 10_000 }) { port in
            let outbox = RoomOutbox()
            let one = try await watcher(port, log)
            let two = try await watcher(port, log)
            let frames = (0..<1000).map { frame("\($0)" + String(repeating: "x", count: 100)) }
            try await one.connection.onLoop { connection in
                outbox.add(connection)
                for frame in frames { outbox.offer(frame) }
            }
            #expect(try await log.nextClosure().code == 4001)
            outbox.remove(one.connection)
            outbox.add(two.connection)
            outbox.offer(frame("goes on"))
            #expect(try await two.texts(1) == ["goes on"])
        }
    }

    @Test("watchers that vanish during the fan-out disturb nobody")
    func vanishing() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let outbox = RoomOutbox()
            let stays = try await watcher(port, log)
            outbox.add(stays.connection)
            for number in 0..<60 {
                let goes = try await watcher(port, log)
                outbox.add(goes.connection)
                outbox.offer(frame("\(number)"))
                try await goes.socket.close()
            }
            #expect(try await stays.texts(60) == (0..<60).map { "\($0)" })
            for _ in 0..<60 { #expect(try await log.nextClosure().code == 1006) }
        }
    }

    @Test("a peer that asks without reading its answers is not read further, and gets all of them when it reads")
    func answersWait() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host { $0.totalLimitBytes = 200_000 }) { port in
            let one = try await watcher(port, log, reading: false)
            let text = String(repeating: "q", count: 10_000)
            async let asking: Void = {
                for number in 0..<200 { try await one.socket.write(RawFrame.text("\(number) \(text)").bytes()) }
            }()
            try await one.socket.startReading()
            for number in 0..<200 { #expect(try await one.socket.nextFrame() == .text("\(number) \(text)")) }
            try await asking
        }
    }

    @Test("who sends many answers hears when they have left, and when they never will")
    func drained() async throws {
        let log = SessionLog()
        try await withSocketServer(log.host()) { port in
            let one = try await watcher(port, log, reading: false)
            let page = frame(String(repeating: "p", count: 50_000))
            let (left, leave) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(10))
            try await one.connection.onLoop { connection in
                for _ in 0..<15 { connection.send(page, as: .answer) }
                connection.whenDrained { leave.yield(1) }
                connection.whenDrained { leave.yield(2) }
            }
            try await one.socket.startReading()
            for _ in 0..<15 { #expect(try await one.socket.nextFrame()?.payload.count == 50_000) }
            var numbers = left.makeAsyncIterator()
            #expect(await numbers.next() == 1)
            #expect(await numbers.next() == 2)
            try await one.socket.stopReading()
            try await one.connection.onLoop { connection in
                for _ in 0..<15 { connection.send(page, as: .answer) }
                connection.whenDrained { leave.yield(3) }
            }
            try await one.socket.close()
            #expect(await numbers.next() == 3)
        }
    }
}
