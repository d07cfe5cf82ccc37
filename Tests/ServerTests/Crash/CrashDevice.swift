import Client
import Foundation
import Protocol
import TestKit
import Testing

/// One device of an athlete: keeps ops on their way, is itself killed at times, and remembers every answer.
actor CrashDevice {
    enum Verdict { case durable, refused }

    /// Ops that may be on their way.
    private static let window = 24

    private let configuration: LiveConfiguration
    private let token: AccessToken
    private let plan: LiftPlan
    private let path: String
    private var random: SplitMix64
    private var lives = 0
    private var followed: WorkoutID?

    /// In the order in which they were made.
    private(set) var made: [QueuedOp] = []
    /// The last word on each op.
    private(set) var verdicts: [OpID: Verdict] = [:]

    /// - Parameter path: where its outboxes lie; a number is added.
    init(_ configuration: LiveConfiguration, token: String, plan: LiftPlan, path: String, seed: UInt64) {
        self.configuration = configuration
        self.token = AccessToken(token)
        self.plan = plan
        self.path = path
        random = SplitMix64(state: seed)
    }

    /// Streams ops until the course is over and every op is settled.
    func run(_ course: Course) async throws {
        while try await !live(course) { lives += 1 }
    }

    /// One life of the client; true when all is done, false when it was killed.
    private func live(_ course: Course) async throws -> Bool {
        let token = token
        let client = LiveClient(
            configuration, outbox: try Outbox(path: "\(path).\(lives)"), logger: .silent, tokens: { _ in token })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            let isDone = try await stream(client, course)
            if !isDone {
                // What a killed device finds on its disk; the last marks may be missing.
                try FileManager.default.copyItem(atPath: "\(path).\(lives)", toPath: "\(path).\(lives + 1)")
            }
            group.cancelAll()
            try await group.waitForAll()
            for await event in client.events { take(event, course) }
            return isDone
        }
    }

    private func stream(_ client: LiveClient, _ course: Course) async throws -> Bool {
        let lifetime = Int.random(in: 100...600, using: &random)
        var lived = 0
        try await make(client)
        for await event in client.events {
            take(event, course)
            if case .op(let queued, .refused) = event { await client.dismiss(queued.op.id) }
            if course.tally.isOver {
                try await client.waitUntilSettled()
                return true
            }
            lived += 1
            if lived > lifetime { return false }
            if await client.pendingCount < Self.window { try await make(client) }
        }
        throw LiveClientError.notConnected
    }

    /// Makes some ops and queues them.
    private func make(_ client: LiveClient) async throws {
        var ops: [QueuedOp] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let (workout, action) = await plan.next()
            ops.append(
                QueuedOp(workout: workout, op: WorkoutOp(id: .make(), at: await client.serverNow, action: action)))
        }
        made += ops
        try await client.submit(ops)
        guard let workout = ops.last?.workout, workout != followed else { return }
        if let followed { await client.unfollow(followed) }
        followed = workout
        await client.follow(workout)
    }

    private func take(_ event: LiveEvent, _ course: Course) {
        switch event {
        case .op(let queued, .durable):
            verdicts[queued.op.id] = .durable
            course.note { $0.answers += 1 }
        case .op(let queued, .refused):
            verdicts[queued.op.id] = .refused
            course.note { $0.answers += 1 }
        case .op(_, .applied): course.note { $0.answers += 1 }
        case .connection(.waiting): course.note { $0.losses += 1 }
        case .room(let workout, .replaced(hadDiverged: true)): Issue.record("the client's fold of \(workout) diverged")
        case .missed(let count): Issue.record("\(count) events were missed")
        default: break
        }
    }
}
