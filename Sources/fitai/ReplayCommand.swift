import ArgumentParser
import Client
import Foundation
import Logging
import Protocol

/// Lifts a training log live: `fitai replay --log hevy.csv --speed 60 --as mara --password …`.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Lift a Strong or Hevy export live, through the public socket.",
        discussion: """
            Reads a CSV export, signs in as an athlete and logs its workouts one after another, \
            earliest first, with the file's own pauses divided by the speed. Friends can watch. \
            Exercises are matched with the server's library by name; the others keep their own.

            Old Strong exports name no unit of weight: then --unit says it. It is never guessed.

            EXAMPLE
              fitai replay --log strong.csv --unit kg --speed 60 --as mara --password 'long enough'
            """)

    @Option(name: .customLong("log"), help: "The CSV file.")
    var log: String

    @Option(help: "How many times faster than life (0.1…10000).")
    var speed = 60.0

    @Option(name: .customLong("as"), help: "Email or username of the athlete.")
    var athlete: String

    @Option(help: "The athlete's password; FITAI_PASSWORD when it is not given.")
    var password: String?

    @Option(help: "Where the server listens.", transform: Self.address)
    var server = ServerAddress(host: "127.0.0.1", port: 8080)

    @Option(help: "A PEM file of the authorities to believe for https, instead of the system's.")
    var trust: String?

    @Option(help: "Unit of weights for files that name none: kg or lb.")
    var unit: TrainingLog.WeightUnit?

    @Option(help: "Only so many workouts, the latest ones of the file.")
    var workouts: Int?

    func validate() throws {
        guard (0.1...10_000).contains(speed) else { throw ValidationError("--speed must be 0.1…10000") }
        if let workouts, workouts < 1 { throw ValidationError("--workouts must be at least 1") }
    }

    func run() async throws {
        let log = try readLog()
        guard let password = password ?? ProcessInfo.processInfo.environment["FITAI_PASSWORD"] else {
            throw ValidationError("--password is missing")
        }
        let trust = try readTrust()
        do {
            let rest = RESTClient(server, trust: trust)
            let signIn = try await untilAnswered {
                try await SignIn(rest, login: athlete, password: password)
            }
            let library = try await untilAnswered {
                try await rest.exercises(token: signIn.accessToken(refused: nil).text)
            }
            let chosen = log.workouts.sorted { $0.start < $1.start }.suffix(workouts ?? log.workouts.count)
            try await Replay(
                server: server, trust: trust, speed: speed, unit: unit, matcher: ExerciseMatcher(library),
                signIn: signIn
            ).lift(Array(chosen))
        } catch let fault as RESTClient.Fault {
            FileHandle.standardError.write(Data((describe(fault) + "\n").utf8))
            throw ExitCode.failure
        }
    }

    /// Asks again as long as no server answers, as the live client does later on.
    private func untilAnswered<Value: Sendable>(_ ask: () async throws -> Value) async throws -> Value {
        var (delay, generator) = (ReconnectDelay(), SystemRandomNumberGenerator())
        while true {
            do { return try await ask() } catch let fault as RESTClient.Fault where fault.isTemporary {
                let pause = delay.next(.none, using: &generator)
                Replay.say("not connected (\(describe(fault))); again in \(pause)")
                try await Task.sleep(for: pause)
            }
        }
    }

    private func readTrust() throws -> ServerTrust {
        guard let trust else { return .system }
        do { return try ServerTrust(pemFile: trust) } catch {
            throw ValidationError("--trust: \(trust) holds no certificates: \(error)")
        }
    }

    private func readLog() throws -> TrainingLog {
        let bytes: [UInt8]
        do { bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: log))) } catch {
            throw ValidationError("\(log) cannot be read: \(error.localizedDescription)")
        }
        let parsed: TrainingLog
        do { parsed = try TrainingLog(reading: bytes) } catch {
            throw ValidationError("\(log), line \(error.line): \(error.detail)")
        }
        for fault in parsed.faults.prefix(10) { print("\(log), line \(fault.line): \(fault.detail); left out") }
        if parsed.faults.count > 10 { print("… and \(parsed.faults.count - 10) more lines left out") }
        let hasUnitlessWeights = parsed.workouts.contains { workout in
            workout.exercises.contains { $0.sets.contains { $0.weight ?? 0 > 0 && $0.weightUnit == nil } }
        }
        if unit == nil, hasUnitlessWeights {
            throw ValidationError("\(log) names no unit of weight: say --unit kg or --unit lb")
        }
        return parsed
    }

    private func describe(_ fault: RESTClient.Fault) -> String {
        switch fault {
        case .unreachable(let why): "no answer from \(server): \(why)"
        case .untrusted(let why): "no answer from \(server) that could be trusted: \(why)"
        case .problem(let status, let code, let detail): "\(server) refuses: \(status) \(code) \(detail)"
        case .unreadable(let what): "\(server) is no FitAI server: \(what)"
        }
    }

    private static func address(_ text: String) throws -> ServerAddress {
        guard let address = ServerAddress(text) else {
            throw ValidationError("--server must be like http://127.0.0.1:8080 or https://fitai.example")
        }
        return address
    }
}

extension TrainingLog.WeightUnit: ExpressibleByArgument {}
