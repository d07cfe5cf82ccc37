import ArgumentParser
import Client
import Foundation
import Protocol
import Server

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Serve with two demo users while a real training log is lifted live.",
        discussion: """
            Starts the server as `fitai serve` does, makes the athlete \(DemoAccounts.athlete) and the friend \
            \(DemoAccounts.friend), and lifts the log's latest workouts as \(DemoAccounts.athlete). Sign in as \
            \(DemoAccounts.friend) in one window and watch. The passwords are public, so HOST must be this machine.
            """)

    @Option(name: .customLong("log"), help: "The Strong or Hevy export to lift.")
    var log = "Tests/Fixtures/logs/hevy_kg.csv"

    @Option(help: "How many times faster than life (0.1…10000).")
    var speed = 30.0

    @Option(help: "How many of the latest workouts (1…1000).")
    var workouts = 20

    func validate() throws {
        guard (0.1...10_000).contains(speed) else { throw ValidationError("--speed must be 0.1…10000") }
        guard (1...1000).contains(workouts) else { throw ValidationError("--workouts must be 1…1000") }
    }

    func run() async throws {
        try await Terminal.reportingFaults {
            let configuration = try Configuration(environment: Terminal.environment)
            guard ["127.0.0.1", "localhost", "::1"].contains(configuration.listener.host) else {
                throw BootFault("the demo's passwords are public: HOST must be 127.0.0.1, ::1 or localhost")
            }
            let (addresses, ready) = AsyncStream.makeStream(of: Ready.self, bufferingPolicy: .bufferingNewest(1))
            let assembly = try await Terminal.app(configuration).assemble(handlingSignals: true) { state in
                Terminal.show(state, configuration.operations)
                ready.yield(state)
                ready.finish()
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await state in addresses {
                        try await DemoAccounts.ensure(in: assembly.pool)
                        introduce(state)
                        await lift(at: state)
                    }
                }
                // The server decides when the demo ends: a log that is lifted to its end leaves the pages open.
                defer { group.cancelAll() }
                try await assembly.run()
            }
        }
    }

    private func introduce(_ ready: Ready) {
        Terminal.tell(
            """
              Sign in at \(ready.url) in two windows, with the password \(DemoAccounts.password):

              athlete     \(DemoAccounts.athlete), who lifts \(log) at \(speed) times its pace
              friend      \(DemoAccounts.friend), who watches

            """)
    }

    /// Lifts the log; what keeps it from being lifted is said, and the server goes on.
    private func lift(at ready: Ready) async {
        do {
            guard let server = ServerAddress(ready.listening) else { return }
            let parsed = try TrainingLog(reading: [UInt8](Data(contentsOf: URL(filePath: log))))
            // The server is this process: its certificate may name any host.
            let rest = RESTClient(server, trust: .anyone)
            let signIn = try await SignIn(rest, login: DemoAccounts.athlete, password: DemoAccounts.password)
            let library = try await rest.exercises(token: signIn.accessToken(refused: nil).text)
            let chosen = parsed.workouts.sorted { $0.start < $1.start }.suffix(workouts)
            try await Replay(
                server: server, trust: .anyone, speed: speed, unit: nil, matcher: ExerciseMatcher(library),
                signIn: signIn
            ).lift(Array(chosen))
        } catch is CancellationError {
            return
        } catch {
            Terminal.say("the log is not lifted: \(error)")
        }
    }
}
