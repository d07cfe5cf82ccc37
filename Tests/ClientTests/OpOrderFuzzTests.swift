@testable import Client
import Protocol
import Testing

/// The lane's rules against a server that loses epochs, refuses, disconnects and forgets answers.
@Suite("Order and resend of ops")
struct OpOrderFuzzTests {
    @Test("whatever the server and the network do, every op is stored once and in order", arguments: 0..<200)
    func fuzz(round: Int) {
        var generator = SeededGenerator(seed: 20_261_122 &+ UInt64(round))
        var world = World(count: 30)
        var steps = 0
        while !world.isDone, steps < 20_000 {
            world.step(using: &generator)
            steps += 1
        }
        #expect(world.isDone, "seed \(20_261_122 + round) stays undone")
        #expect(world.stored == world.expected, "seed \(20_261_122 + round)")
    }
}

/// One lane and one room with their wire between them.
private struct World {
    private var lane = OpLane()
    private var now = ContinuousClock.now
    private var toServer: [WorkoutOp] = []
    private var toClient: [(WorkoutOp, Answer)] = []
    // The server: its history, how much of it is durable, the op that this connection has to bring first.
    private var epoch: Int64 = 1
    private var history: [(id: OpID, epoch: Int64)] = []
    private var durable = 0
    private var wanted: OpID?
    let expected: [OpID]
    private let order: [OpID: Int]

    private enum Answer {
        case applied(epoch: Int64, seq: Int64, isDurable: Bool)
        case refused(Refusal.Code)
        case durable(epoch: Int64, seq: Int64)
    }

    init(count: Int) {
        let ops = (0..<count).map { _ in WorkoutOp(id: .make(), at: .now, action: .pause) }
        expected = ops.map(\.id)
        order = Dictionary(uniqueKeysWithValues: expected.enumerated().map { ($1, $0) })
        for op in ops { lane.append(op) }
    }

    var isDone: Bool { lane.isEmpty && durable == history.count }
    var stored: [OpID] { history.map(\.id) }

    mutating func step(using generator: inout some RandomNumberGenerator) {
        now += .milliseconds(1)
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<35: if let op = lane.next(window: 8, now: now) { lane.sent(op.id); toServer.append(op) }
        case 35..<65: if !toServer.isEmpty { serve(toServer.removeFirst(), using: &generator) }
        case 65..<90: if !toClient.isEmpty { hear(toClient.removeFirst()) }
        case 90..<96:
            durable = Int.random(in: durable...history.count, using: &generator)
            toClient.append(
                (WorkoutOp(id: .make(), at: .now, action: .pause), .durable(epoch: epoch, seq: Int64(durable))))
        case 96: restart()
        default: disconnect()
        }
    }

    private mutating func serve(_ op: WorkoutOp, using generator: inout some RandomNumberGenerator) {
        if let wanted, wanted != op.id { return toClient.append((op, .refused(.outOfOrder))) }
        wanted = nil
        if let place = history.firstIndex(where: { $0.id == op.id }) {
            let answer = Answer.applied(epoch: history[place].epoch, seq: Int64(place + 1), isDurable: place < durable)
            return toClient.append((op, answer))
        }
        // Every op builds on the one before it: the hardest case for order.
        let isNext = order[op.id] == history.count
        guard isNext, !Bool.random(p: 0.1, using: &generator) else {
            wanted = op.id
            return toClient.append((op, .refused(isNext ? .busy : .unknownTarget)))
        }
        history.append((op.id, epoch))
        toClient.append((op, .applied(epoch: epoch, seq: Int64(history.count), isDurable: false)))
    }

    private mutating func hear(_ message: (op: WorkoutOp, answer: Answer)) {
        switch message.answer {
        case .applied(let epoch, let seq, let isDurable):
            _ = lane.applied(message.op.id, epoch: epoch, seq: seq, isDurable: isDurable)
        case .durable(let epoch, let seq): _ = lane.durable(epoch: epoch, seq: seq)
        case .refused(let code):
            let consequence = lane.refused(
                message.op, Refusal(code, ""), now: now, backoff: .milliseconds(3), patience: .seconds(3600))
            if consequence == .reconnect { disconnect() }
        }
    }

    /// The room opens again: what was not durable is gone. The connection may live on.
    private mutating func restart() {
        epoch += 1
        history.removeLast(history.count - durable)
        toClient.append((WorkoutOp(id: .make(), at: .now, action: .pause), .durable(epoch: epoch, seq: Int64(durable))))
    }

    private mutating func disconnect() {
        toServer = []
        toClient = []
        wanted = nil
        lane.connectionEnded()
    }
}

private struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

extension Bool {
    fileprivate static func random(p probability: Double, using generator: inout some RandomNumberGenerator) -> Bool {
        Double.random(in: 0..<1, using: &generator) < probability
    }
}
