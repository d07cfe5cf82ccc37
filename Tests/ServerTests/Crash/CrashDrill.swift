import API
import Client
import Foundation
import Protocol
import Server
import Store
import TestKit
import Testing

/// Athletes who stream workouts to a real server while something breaks; then the check that nothing is lost or doubled.
struct CrashDrill: Sendable {
    /// FITAI_CRASH_ROUNDS and FITAI_CRASH_SEED set others.
    static let rounds = number("FITAI_CRASH_ROUNDS") ?? 10
    private static let firstSeed = UInt64(number("FITAI_CRASH_SEED") ?? Int.random(in: 1...1_000_000_000))
    private static let devicesOfAthletes = [2, 1, 2]

    let server: CrashServer
    /// Between the devices and the server.
    let network: FaultProxy
    let course: Course
    let seed: UInt64
    var random: SplitMix64

    private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap(Int.init) }

    /// Runs a server on the database and devices on it, breaks things, and checks what the database holds at the end.
    ///
    /// - Parameters:
    ///   - database: how the server reaches it.
    ///   - pool: how the check does.
    ///   - silence: after how long without a word the devices ask.
    ///   - breaking: breaks things round by round; all is whole again when it returns.
    static func run(
        _ name: String, database: PostgresConfiguration, pool: PostgresPool, silence: Duration = .seconds(20),
        _ breaking: @escaping @Sendable (inout CrashDrill) async throws -> Void
    ) async throws {
        print("crash drill, \(name): FITAI_CRASH_SEED=\(firstSeed), \(rounds) rounds")
        try await ServerDirectory.with { directory in
            let server = try await CrashServer(dataDirectory: directory + "/var", database: database.connection)
            do {
                try await server.start()
                let network = try await FaultProxy.start(toPort: server.port)
                let drill = CrashDrill(
                    server: server, network: network, course: Course(), seed: firstSeed,
                    random: SplitMix64(state: firstSeed))
                let devices = try await drill.devices(in: directory, pool, silence)
                try await drill.perform(devices, breaking)
                try await drill.check(devices, pool)
                try await network.stop()
            } catch {
                print("crash drill, \(name): seed \(firstSeed): \(error)", await server.log.joined(separator: "\n"))
                await server.kill()
                throw error
            }
            await server.kill()
        }
    }

    /// Waits for so many further answers, out of the range.
    mutating func answers(_ range: ClosedRange<Int>) async throws {
        let wanted = course.tally.answers + Int.random(in: range, using: &random)
        try await course.wait { $0.answers >= wanted }
    }

    private func perform(
        _ devices: [CrashDevice], _ breaking: @escaping @Sendable (inout CrashDrill) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for device in devices { group.addTask { try await device.run(course) } }
            group.addTask {
                var drill = self
                try await drill.answers(1...50)
                try await breaking(&drill)
                course.note { $0.isOver = true }
            }
            // The first error ends the others, which may wait for what now never comes.
            for try await _ in group {}
        }
    }

    private func devices(in directory: String, _ pool: PostgresPool, _ silence: Duration) async throws -> [CrashDevice]
    {
        let plans = Self.devicesOfAthletes.indices.map {
            AccountSeed.Plan(username: "drill_\($0)", displayName: "Drill \($0)", password: nil, audience: .private)
        }
        let accounts = LoadAccounts(pool: pool, dataDirectory: directory + "/var", lifetime: .seconds(86_400))
        let lines = try await accounts.make(plans, befriend: false, at: .now)
        var configuration = LiveConfiguration(
            server: ServerAddress(host: "127.0.0.1", port: network.port),
            client: ClientInfo(name: "drill", version: "1"))
        configuration.reconnect = ReconnectDelay(base: .milliseconds(5), cap: .milliseconds(100))
        configuration.opBackoff = .milliseconds(5)
        configuration.eventLimit = 1_000_000
        configuration.silence = silence
        var devices: [CrashDevice] = []
        for (athlete, line) in lines.enumerated() {
            let token = try #require(try JSONReader.parse(Array(line.utf8))["token"]?.string)
            let plan = LiftPlan(seed: seed &+ UInt64(athlete))
            for _ in 0..<Self.devicesOfAthletes[athlete] {
                devices.append(
                    CrashDevice(
                        configuration, token: token, plan: plan, path: "\(directory)/outbox-\(devices.count)",
                        seed: seed &+ 1000 &+ UInt64(devices.count)))
            }
        }
        return devices
    }

    private func check(_ devices: [CrashDevice], _ pool: PostgresPool) async throws {
        var made: Set<OpID> = []
        var ops: [WorkoutID: [(ops: [OpID], verdicts: [OpID: CrashDevice.Verdict])]] = [:]
        for device in devices {
            let verdicts = await device.verdicts
            for (workout, queued) in Dictionary(grouping: await device.made, by: \.workout) {
                ops[workout, default: []].append((queued.map(\.op.id), verdicts))
                made.formUnion(queued.map(\.op.id))
            }
        }
        for (workout, parts) in ops {
            let history = try await StoredHistory(workout, in: pool)
            history.expectWhole(seed)
            for part in parts { history.expect(part.ops, part.verdicts, seed) }
            history.expectNothingBeside(made, seed)
        }
        let letters = try await pool.query("select count(*) from dead_letters", as: Int64.self)
        #expect(letters == [0], "seed \(seed)")
        print("crash drill: \(made.count) ops in \(ops.count) workouts, \(course.tally.losses) connections lost")
    }
}
