import Client
import NIOCore
import NIOPosix
import Protocol

/// One event loop of the generator with its athletes and watchers; touched on that loop alone.
final class LoadLoop {
    let loop: any EventLoop
    let server: ServerAddress
    var tally = LoadTally()
    private(set) var athletes: [LoadAthlete] = []
    private(set) var watchers: [LoadWatcher] = []
    private var schedule: LoadSchedule?
    private var ticker: RepeatedTask?
    private var next = 0

    init(_ loop: any EventLoop, server: ServerAddress) {
        self.loop = loop
        self.server = server
    }

    /// Microseconds on a clock that only goes forward; what latencies are measured with.
    static var now: UInt64 { NIODeadline.now().uptimeNanoseconds / 1000 }

    /// Microseconds since a time, at least 1.
    static func since(_ time: UInt64) -> UInt64 {
        let now = now
        return now > time ? now - time : 1
    }

    /// What intended times count from.
    var begin: UInt64 { schedule?.begin ?? 0 }

    /// Opens an athlete's connection and begins a workout; ready when it has an entry.
    func addAthlete(_ account: LoadAccount) -> EventLoopFuture<Void> {
        let athlete = LoadAthlete(account, on: self)
        athletes.append(athlete)
        connect(athlete) { athlete.ready.fail($0) }
        return athlete.ready.futureResult
    }

    /// Opens a watcher's connection; ready when it has its snapshot.
    func addWatcher(_ account: LoadAccount, ofAthlete place: Int) -> EventLoopFuture<Void> {
        let athlete = athletes[place]
        let watcher = LoadWatcher(account, of: athlete.workout, on: self)
        watchers.append(watcher)
        athlete.followers.append(watcher)
        connect(watcher) { watcher.ready.fail($0) }
        return watcher.ready.futureResult
    }

    /// Events that athletes have made and their watchers have not seen (yet).
    var missing: Int { athletes.reduce(0) { $0 + $1.missing } }

    private func connect(_ receiver: any WebSocketReceiver, orFail fail: @escaping (any Error) -> Void) {
        let bound = NIOLoopBound(receiver, eventLoop: loop)
        let failing = NIOLoopBound(fail, eventLoop: loop)
        let authority = server.authority
        ClientBootstrap(group: loop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var generator = SystemRandomNumberGenerator()
                    let handshake = WebSocketHandshake(
                        .init(authority: authority, path: "/v1/live", subprotocol: "fitai.v1.json"),
                        using: &generator)
                    try channel.pipeline.syncOperations.addHandler(
                        WebSocketHandler(handshake, messageLimit: 16 << 20, receiver: bound.value))
                }
            }
            .connect(host: server.host, port: server.port)
            .whenFailure { failing.value($0) }
    }

    /// Begins to send this loop's share of the schedule.
    func start(_ schedule: LoadSchedule) {
        self.schedule = schedule
        next = 0
        let bound = NIOLoopBound(self, eventLoop: loop)
        ticker = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(1)) { _ in bound.value.tick() }
    }

    /// Whether every op that was due has been sent, answered and made durable.
    var isDrained: Bool { ticker == nil && athletes.allSatisfy(\.isDrained) }

    func closeAll() {
        for athlete in athletes { athlete.close() }
        for watcher in watchers { watcher.close() }
    }

    /// Sends all that is due: late ticks send more at once, and the lateness counts as latency.
    private func tick() {
        guard let schedule, !athletes.isEmpty else { return }
        let now = Self.now
        while let due = schedule.due(next), due <= now {
            athletes[next % athletes.count].log(intended: due - schedule.begin)
            next += 1
        }
        for athlete in athletes { athlete.flush() }
        if schedule.due(next) == nil {
            ticker?.cancel()
            ticker = nil
        }
    }
}

/// When a loop's ops are meant to be sent: evenly, whatever the server does.
struct LoadSchedule: Sendable {
    /// In `LoadLoop.now`'s microseconds.
    let begin: UInt64
    let count: Int
    /// Microseconds between two ops of this loop.
    let interval: Double
    /// This loop's shift against the others.
    let shift: Double

    /// When the op is due; nil behind the last one.
    func due(_ number: Int) -> UInt64? {
        number < count ? begin + UInt64(Double(number) * interval + shift) : nil
    }
}
