import Histogram
import Client
import Histogram
import NIOCore
import Protocol

/// A subscriber that checks every event's place and measures how long it took to come.
final class LoadWatcher: WebSocketReceiver {
    let ready: EventLoopPromise<Void>
    private let account: LoadAccount
    private unowned let home: LoadLoop
    private var channel: (any Channel)?
    private(set) var workout: WorkoutID
    private var room: [UInt8]
    private var lastRequest: Int64 = 1
    /// The subscribe that is not answered yet: events before its answer are not counted.
    private var subscribing: Int64?
    private(set) var lastSeq: Int64 = 0
    private(set) var isOpen = false

    init(_ account: LoadAccount, of workout: WorkoutID, on home: LoadLoop) {
        self.account = account
        self.home = home
        self.workout = workout
        room = Array(RoomName.workout(workout).text.utf8)
        ready = home.loop.makePromise()
    }

    func opened(_ channel: any Channel) {
        self.channel = channel
        isOpen = true
        let hello = ClientFrame(
            id: 1, body: .hello(token: account.token, client: ClientInfo(name: "fitai-load", version: "1")))
        channel.writeAndFlush(MaskedFrame.text(hello.json), promise: nil)
    }

    func received(_ text: ByteBuffer) {
        text.scan { frame in
            if frame.isType("event") {
                event(frame)
            } else if frame.isType("ok") {
                if let id = frame.integer("\"id\":"), id == subscribing { subscribed(frame) }
            } else if frame.isType("welcome") {
                subscribe()
            } else if frame.isType("error") {
                let code = frame.text("\"code\":") ?? "unknown"
                home.tally.refusals["watcher: \(code)", default: 0] += 1
                ready.fail(Refusal(.invalid, code))
            } else if frame.isType("reset") {
                lastSeq = frame.integer("\"seq\":") ?? lastSeq
            }
        }
    }

    func closed(_ closure: WebSocketClosure) {
        home.tally.closes["watcher: \(closure)", default: 0] += 1
        isOpen = false
        channel = nil
        ready.fail(ChannelError.eof)
    }

    func close() { channel?.close(promise: nil) }

    /// Leaves the room for the athlete's next workout.
    func move(to workout: WorkoutID) {
        lastRequest += 1
        send(.unsubscribe(room: RoomName.workout(self.workout).text), lastRequest)
        self.workout = workout
        room = Array(RoomName.workout(workout).text.utf8)
        subscribe()
    }

    private func subscribe() {
        lastRequest += 1
        subscribing = lastRequest
        send(
            .subscribe(room: RoomName.workout(workout).text, since: nil, wantsEvents: false), lastRequest)
    }

    private func send(_ body: ClientFrame.Body, _ id: Int64) {
        channel?.writeAndFlush(MaskedFrame.text(ClientFrame(id: id, body: body).json), promise: nil)
    }

    private func subscribed(_ frame: FrameScan) {
        subscribing = nil
        lastSeq = frame.integer("\"seq\":") ?? 0
        ready.succeed()
    }

    private func event(_ frame: FrameScan) {
        guard subscribing == nil, let seq = frame.integer("\"seq\":"), frame.isRoom(room) else { return }
        if seq <= lastSeq {
            home.tally.repeats += 1
        } else {
            home.tally.holes += Int(seq - lastSeq - 1)
            lastSeq = seq
        }
        guard let intended = frame.tailOfID("\"opId\":"), intended != 0xFFFF_FFFF_FFFF else { return }
        home.tally.delivered.record(LoadLoop.since(home.begin + intended))
    }
}
