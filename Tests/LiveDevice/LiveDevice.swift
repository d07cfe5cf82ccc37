import Client
import Foundation
import Logging
import Protocol
import Synchronization

/// A device with the shipped client, told by lines of JSON what its athlete does: `LiveDevice PORT OUTBOX TOKEN`,
/// where TOKEN is a file that holds an access token, and another one by the time it has run out.
///
/// Each line `{"do": …}` is answered by one line, in order; `Tests/browser/test_order_fuzz.py` kills it at any moment and starts
/// it again on the same outbox. Never part of the served product.
@main
struct LiveDevice {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let port = Int(arguments[1]) else {
            return print("usage: LiveDevice PORT OUTBOX TOKEN")
        }
        var configuration = LiveConfiguration(
            server: ServerAddress(host: "127.0.0.1", port: port), client: ClientInfo(name: "device", version: "1"))
        configuration.reconnect = ReconnectDelay(base: .milliseconds(20), cap: .milliseconds(200))
        configuration.opBackoff = .milliseconds(10)
        var logger = Logger(label: "device", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .error
        let path = arguments[3]
        let client = LiveClient(
            configuration, outbox: try Outbox(path: arguments[2]), logger: logger,
            tokens: { _ in AccessToken(try String(contentsOfFile: path, encoding: .utf8)) })
        try await Device(client: client).run()
    }
}

/// The client with what it has told.
private final class Device: Sendable {
    private let client: LiveClient
    /// Workouts whose fold had gone wrong.
    private let diverged = Mutex<[WorkoutID]>([])
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    init(client: LiveClient) {
        self.client = client
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Runs until standard input ends.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.client.run() }
            group.addTask { await self.watch() }
            for await line in Self.lines() {
                var answer = try await self.answer(Fields(JSONReader.parse(Array(line.utf8))))
                answer.append(UInt8(ascii: "\n"))
                FileHandle.standardOutput.write(Data(answer))
            }
            group.cancelAll()
        }
    }

    private func watch() async {
        for await event in client.events {
            if case .room(let workout, .replaced(hadDiverged: true)) = event {
                diverged.withLock { $0.append(workout) }
            }
            changed.yield()
        }
    }

    /// The lines of standard input, read by a thread, since reading blocks.
    private static func lines() -> AsyncStream<String> {
        let (lines, line) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingOldest(10_000))
        Thread.detachNewThread {
            while let text = readLine() { line.yield(text) }
            line.finish()
        }
        return lines
    }

    private func answer(_ order: Fields) async throws -> [UInt8] {
        let workout = try order.id("workout")
        switch (try order.string("do"), workout) {
        case ("follow", let workout?): await client.follow(workout)
        case ("unfollow", let workout?): await client.unfollow(workout)
        case ("submit", let workout?): return try await submit(order.json["ops"]?.array ?? [], in: workout)
        case ("reach", let workout?):
            return try await reach(workout, seq: order.required("seq", order.integer("seq")))
        case ("settle", _): try await client.waitUntilSettled()
        case ("pending", let workout?): return await pending(of: workout)
        case ("status", _): return await status()
        default: throw LiveClientError.refused(Refusal(.unknownType, "no such order"))
        }
        return Self.object { _ in }
    }

    /// Answers once the ops are in the outbox, or with the refusal that keeps them out.
    private func submit(_ ops: [JSONValue], in workout: WorkoutID) async throws -> [UInt8] {
        do {
            try await client.submit(ops.map { QueuedOp(workout: workout, op: try WorkoutOp($0)) })
            return Self.object { _ in }
        } catch let error as LiveClientError {
            return Self.object { $0.member("error", "\(error)") }
        }
    }

    /// Waits until the client's own fold stands at this event.
    private func reach(_ workout: WorkoutID, seq: Int64) async throws -> [UInt8] {
        while await client.mirror(of: workout)?.position?.seq != seq {
            for await _ in changes { break }
        }
        let mirror = await client.mirror(of: workout)
        return Self.object { $0.member("hash", mirror?.state.stateHash ?? "") }
    }

    private func pending(of workout: WorkoutID) async -> [UInt8] {
        let ops = await client.pendingOps(of: workout)
        return Self.object { answer in
            answer.name("ops")
            answer.array(ops) { $0.string($1.id.description) }
        }
    }

    private func status() async -> [UInt8] {
        let (pending, refused) = (await client.pendingCount, await client.refusedOps)
        let diverged = diverged.withLock { $0 }
        return Self.object { answer in
            answer.member("pending", Int64(pending))
            answer.name("diverged")
            answer.array(diverged) { $0.string($1.description) }
            answer.name("refused")
            answer.array(refused) { writer, lost in
                writer.object { object in
                    object.member("workout", lost.queued.workout)
                    object.member("opId", lost.queued.op.id)
                    object.member("code", lost.refusal.code.rawValue)
                }
            }
        }
    }

    private static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { body(&$0) }
        return writer.bytes
    }
}
