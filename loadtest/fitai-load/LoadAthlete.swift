import Histogram
import Client
import Histogram
import NIOCore
import Protocol

/// A publisher: logs sets when the schedule says, never waits for answers, obeys the order rule after refusals.
final class LoadAthlete: WebSocketReceiver {
    /// Before the limit of 1,000 sets a workout the athlete begins another.
    private static let setsPerWorkout = 900
    /// In place of the intended time in ops that are not measured.
    private static let unmeasured: UInt64 = 0xFFFF_FFFF_FFFF

    private struct Sent {
        let workout: WorkoutID
        let op: WorkoutOp
        /// Microseconds since the schedule's begin; nil when the op is not measured.
        let intended: UInt64?
    }

    let ready: EventLoopPromise<Void>
    private let account: LoadAccount
    private unowned let home: LoadLoop
    private var channel: (any Channel)?
    private(set) var workout = WorkoutID.make()
    private var entry = EntryID.make()
    private var sets = 0
    private var lastRequest: Int64 = 1
    private var inFlight: [Int64: Sent] = [:]
    /// Refused for now: to be sent again before anything else, when the answers to what is in flight are in.
    private var again: [Sent] = []
    private var holdUntil: UInt64 = 0
    private var undurable: [WorkoutID: [(seq: Int64, due: UInt64)]] = [:]
    private var isReady = false
    private var lastSeq: Int64 = 0
    /// Watchers to move along when a new workout begins.
    var followers: [LoadWatcher] = []

    init(_ account: LoadAccount, on home: LoadLoop) {
        self.account = account
        self.home = home
        ready = home.loop.makePromise()
    }

    var isDrained: Bool { inFlight.isEmpty && again.isEmpty && undurable.values.allSatisfy(\.isEmpty) }

    /// Events of the present workout that its watchers have not seen.
    var missing: Int {
        followers.reduce(0) { $0 + ($1.isOpen && $1.workout == workout ? Int(max(0, lastSeq - $1.lastSeq)) : 0) }
    }

    func opened(_ channel: any Channel) {
        self.channel = channel
        let hello = ClientFrame(
            id: 1, body: .hello(token: account.token, client: ClientInfo(name: "fitai-load", version: "1")))
        channel.writeAndFlush(MaskedFrame.text(hello.json), promise: nil)
    }

    func received(_ text: ByteBuffer) {
        text.scan { frame in
            if frame.isType("ok"), let id = frame.integer("\"id\":"), let seq = frame.integer("\"seq\":") {
                applied(id, seq)
            } else if frame.isType("durable"), let seq = frame.integer("\"seq\":"),
                let room = frame.text("\"room\":"), case .workout(let workout)? = RoomName(room)
            {
                durable(workout, seq)
            } else if frame.isType("error") {
                refused(frame)
            } else if frame.isType("welcome") {
                beginWorkout()
                flush()
            }
        }
    }

    func closed(_ closure: WebSocketClosure) {
        home.tally.closes["athlete: \(closure)", default: 0] += 1
        ready.fail(ChannelError.eof)
        channel = nil
        inFlight = [:]
        again = []
        undurable = [:]
    }

    func close() { channel?.close(promise: nil) }
    func flush() {
        if inFlight.isEmpty, !again.isEmpty, LoadLoop.now >= holdUntil {
            let waiting = again
            again = []
            home.tally.resent += waiting.count
            for sent in waiting { write(sent) }
        }
        channel?.flush()
    }

    /// Logs one set; its latencies count from the intended time.
    func log(intended: UInt64) {
        if sets >= Self.setsPerWorkout { beginWorkout() }
        sets += 1
        home.tally.sent += 1
        let values = SetValues(weightGrams: 60_000 + Int64(sets % 80) * 500, reps: Int64(3 + sets % 10), rpeTenths: 80)
        send(.logSet(.make(), entry: entry, values), intended: intended)
    }

    private func beginWorkout() {
        if isReady { send(.complete(rpeTenths: nil), intended: nil) }
        workout = .make()
        lastSeq = 0
        entry = .make()
        sets = 0
        send(.start(WorkoutDetails(name: "Load")), intended: nil)
        send(.addEntry(EntryDetails(id: entry, name: "Bench press")), intended: nil)
    }

    private func send(_ action: WorkoutAction, intended: UInt64?) {
        let random = UInt64.random(in: .min ... .max)
        let id = OpID.stamped(.now, random: random, tail: random << 48 | (intended ?? Self.unmeasured))
        let sent = Sent(workout: workout, op: WorkoutOp(id: id, at: .now, action: action), intended: intended)
        if again.isEmpty { write(sent) } else { again.append(sent) }
    }

    private func write(_ sent: Sent) {
        guard let channel else { return }
        lastRequest += 1
        inFlight[lastRequest] = sent
        let frame = ClientFrame(id: lastRequest, body: .op(room: RoomName.workout(sent.workout).text, sent.op))
        channel.write(MaskedFrame.text(frame.json), promise: nil)
    }

    private func applied(_ id: Int64, _ seq: Int64) {
        guard let sent = inFlight.removeValue(forKey: id) else { return }
        if let intended = sent.intended {
            let due = home.begin + intended
            home.tally.applied.record(LoadLoop.since(due))
            undurable[sent.workout, default: []].append((seq, due))
        }
        if sent.workout == workout { lastSeq = seq }
        guard case .addEntry = sent.op.action else { return }
        if isReady {
            for follower in followers { follower.move(to: sent.workout) }
        } else {
            isReady = true
            ready.succeed()
        }
    }

    private func durable(_ workout: WorkoutID, _ seq: Int64) {
        guard var waiting = undurable[workout] else { return }
        let count = waiting.prefix { $0.seq <= seq }.count
        for item in waiting.prefix(count) { home.tally.durable.record(LoadLoop.since(item.due)) }
        waiting.removeFirst(count)
        undurable[workout] = waiting.isEmpty ? nil : waiting
    }

    private func refused(_ frame: FrameScan) {
        let code = frame.text("\"code\":") ?? "unknown"
        home.tally.refusals[code, default: 0] += 1
        guard let id = frame.integer("\"id\":"), let sent = inFlight.removeValue(forKey: id) else { return }
        guard Refusal.Code(rawValue: code)?.isTemporary == true else {
            if !isReady { ready.fail(Refusal(.invalid, code)) }
            return
        }
        again.append(sent)
        let wait = frame.integer("\"retryAfterMs\":") ?? 20
        holdUntil = max(holdUntil, LoadLoop.now + UInt64(wait) * 1000)
    }
}
