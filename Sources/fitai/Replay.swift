import Client
import Foundation
import Logging
import Protocol

/// Lifts logged workouts through a live client, one after another, and says what happens.
struct Replay: Sendable {
    let server: ServerAddress
    let trust: ServerTrust
    let speed: Double
    let unit: TrainingLog.WeightUnit?
    let matcher: ExerciseMatcher
    let signIn: SignIn

    /// Returns when the last op of the last workout is durable or refused. Throws what ends the connection for good.
    func lift(_ workouts: [TrainingLog.Workout]) async throws {
        var configuration = LiveConfiguration(
            server: server, client: ClientInfo(name: "fitai replay", version: "1"))
        configuration.trust = trust
        let client = LiveClient(
            configuration, outbox: nil, logger: Logger(label: "fitai.replay"), tokens: signIn.provider)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            group.addTask { await report(client.events) }
            group.addTask {
                for (place, workout) in workouts.enumerated() {
                    Self.say("workout \(place + 1) of \(workouts.count), \(workout.start)")
                    try await lift(workout, client)
                }
                Self.say("all workouts are lifted")
            }
            // The first to end decides: the lifting when all is done, the connection when it is refused for good.
            try await group.next()
            group.cancelAll()
        }
    }

    private func lift(_ workout: TrainingLog.Workout, _ client: LiveClient) async throws {
        let timeline = ReplayTimeline(workout, unit: unit, speed: speed, match: matcher.match)
        for fault in timeline.leftOut { Self.say("  left out: \(fault)") }
        let id = WorkoutID.make()
        let begun = ContinuousClock.now
        for step in timeline.steps {
            try await Task.sleep(until: begun + step.after / speed, clock: .continuous)
            Self.say(step.caption)
            do { try await client.submit(step.action, in: id) } catch LiveClientError.refused(let refusal) {
                Self.say("  refused: \(step.action.kind.rawValue): \(refusal.code.rawValue), \(refusal.message)")
            }
        }
        try await client.waitUntilSettled()
        Self.say("  durable: \(timeline.steps.count) ops")
    }

    /// Says what a person should know of: the connection, and ops that are refused.
    private func report(_ events: LiveEvents) async {
        for await event in events {
            switch event {
            case .connection(.live(let welcome)): Self.say("connected to \(server), node \(welcome.node)")
            case .connection(.waiting(let pause, let why)): Self.say("not connected (\(why)); again in \(pause)")
            case .connection(.ended(let why)): Self.say("the server ends this: \(why)")
            case .op(let queued, .refused(let refusal)):
                Self.say("  refused: \(queued.op.action.kind.rawValue): \(refusal.code.rawValue), \(refusal.message)")
            case .op(_, .delayed(let refusal)): Self.say("  delayed: \(refusal.code.rawValue)")
            case .connection(.connecting), .missed, .room, .op, .friend, .notice: break
            }
        }
    }

    static func say(_ line: String) {
        let clock = Date.now.formatted(.dateTime.hour().minute().second())
        FileHandle.standardOutput.write(Data("\(clock)  \(line)\n".utf8))
    }
}
