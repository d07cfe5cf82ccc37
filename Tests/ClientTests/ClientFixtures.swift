import Client
import Foundation
import Logging
import Protocol
import TestKit
import Testing

/// A directory of its own for each test, removed with it.
final class Scratch {
    let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "fitai-client-\(UUIDv7.make())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    // A directory that stays behind in the temporary one harms nobody.
    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var outbox: String { directory + "/outbox" }
}

extension QueuedOp {
    /// A set of `reps` at 100 kg.
    static func set(_ reps: Int64, in workout: WorkoutID, entry: EntryID = .make()) -> QueuedOp {
        QueuedOp(
            workout: workout,
            op: WorkoutOp(
                id: .make(), at: .now,
                action: .logSet(.make(), entry: entry, SetValues(weightGrams: 100_000, reps: reps))))
    }
}

/// A client that runs against a scripted server, with its events.
struct RunningClient {
    let client: LiveClient
    let server: ScriptedLiveServer
    var events: LiveEvents.AsyncIterator

    /// Runs the client while the body runs.
    static func with(
        scratch: Scratch? = nil, server: ScriptedLiveServer? = nil, port: Int? = nil,
        configure: (inout LiveConfiguration) -> Void = { _ in },
        tokens: @escaping TokenProvider = { _ in AccessToken("token") },
        _ body: (inout RunningClient) async throws -> Void
    ) async throws {
        let server = if let server { server } else { try await ScriptedLiveServer.start() }
        var configuration = LiveConfiguration(
            server: ServerAddress(host: "127.0.0.1", port: port ?? server.port),
            client: ClientInfo(name: "tests", version: "1"))
        configuration.reconnect = ReconnectDelay(base: .milliseconds(1), cap: .milliseconds(5))
        configuration.opBackoff = .milliseconds(1)
        configure(&configuration)
        let outbox = if let scratch { try Outbox(path: scratch.outbox) } else { Outbox?.none }
        let client = LiveClient(configuration, outbox: outbox, logger: Logger(label: "client"), tokens: tokens)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await client.run() } catch is SignedOut {} catch is LiveClientError {}
            }
            var running = RunningClient(
                client: client, server: server, events: client.events.makeAsyncIterator())
            try await body(&running)
            group.cancelAll()
        }
    }

    func greet(limits: Welcome.Limits = .tests) async throws -> ScriptedConnection {
        try await server.greet(limits: limits)
    }

    /// The client's next event that the choice takes.
    mutating func event<Chosen>(_ choice: (LiveEvent) -> Chosen?) async throws -> Chosen {
        while let event = await events.next() {
            if let chosen = choice(event) { return chosen }
        }
        throw ScriptedFault.ended
    }
}

extension ScriptedLiveServer {
    /// Accepts the client's next connection and greets it.
    func greet(limits: Welcome.Limits = .tests) async throws -> ScriptedConnection {
        let connection = try await accept()
        let hello = try await connection.next()
        guard case .hello = hello.body else { throw ScriptedFault.unexpected("\(hello)") }
        try await connection.send(.welcome(id: hello.id ?? 0, .tests(limits)))
        return connection
    }
}

extension ScriptedConnection {
    /// The next frame that is not about time; those are answered.
    func request() async throws -> ClientFrame {
        while true {
            let frame = try await next()
            guard case .time(let t0) = frame.body else { return frame }
            try await send(.time(id: frame.id ?? 0, t0: t0, t1: t0 + 5000, t2: t0 + 5000))
        }
    }

    /// The next op, and the request's number.
    func op() async throws -> (id: Int64, op: WorkoutOp) {
        let frame = try await request()
        guard case .op(_, let op) = frame.body, let id = frame.id else {
            throw ScriptedFault.unexpected("\(frame)")
        }
        return (id, op)
    }

    func subscription() async throws -> (id: Int64, room: String, since: Position?) {
        let frame = try await request()
        guard case .subscribe(let room, let since, _) = frame.body, let id = frame.id else {
            throw ScriptedFault.unexpected("\(frame)")
        }
        return (id, room, since)
    }
}

extension Welcome {
    static func tests(_ limits: Limits) -> Welcome {
        Welcome(
            session: .make(), node: "test", user: .make(), serverTime: .now, heartbeatSeconds: 25, limits: limits)
    }
}

extension Welcome.Limits {
    static let tests = Welcome.Limits(frameBytes: 65536, subscriptions: 128, opsPerSecond: 100_000, opsBurst: 100_000)
}

/// A room that applies ops by the real rules, for scripts that need its frames.
struct ModelRoom {
    let workout: WorkoutID
    private(set) var state = WorkoutState()
    private(set) var epoch: Int64 = 1
    private(set) var events: [WorkoutEvent] = []

    init(_ workout: WorkoutID) { self.workout = workout }

    var name: String { RoomName.workout(workout).text }
    var seq: Int64 { events.last?.seq ?? 0 }

    @discardableResult
    mutating func apply(_ op: WorkoutOp) throws(Refusal) -> WorkoutEvent {
        let context = RuleContext(epoch: epoch, lastSeq: seq, now: max(.now, op.at))
        let event = try state.decide(op, context)
        events.append(event)
        return event
    }

    @discardableResult
    mutating func apply(_ action: WorkoutAction) throws(Refusal) -> WorkoutEvent {
        try apply(WorkoutOp(id: .make(), at: .now, action: action))
    }

    /// A new epoch in which only the first so many events survive.
    mutating func restart(keeping count: Int) {
        epoch += 1
        events = Array(events.prefix(count))
        state = WorkoutState()
        for event in events { state.apply(event) }
    }

    var snapshot: Snapshot {
        Snapshot(
            epoch: events.last?.epoch ?? epoch, seq: seq, durable: seq,
            athlete: Member(userId: .make(), name: "Athlete"), stateHash: state.stateHash,
            state: state.json(forWatchers: false))
    }

    func answer(_ content: Subscribed.Content) -> Subscribed {
        Subscribed(
            room: name, epoch: epoch, seq: seq, durable: seq, content: content, members: Presence(watching: 0))
    }

    func frame(_ event: WorkoutEvent) -> ServerFrame { .event(room: name, EncodedEvent(event)) }
}
