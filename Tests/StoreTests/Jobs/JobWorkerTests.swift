import Logging
import Protocol
import ServiceLifecycle
import TestKit
import Testing

@testable import Store

@Suite("Job workers")
struct JobWorkerTests {
    /// Only notifications wake workers of this configuration.
    private var patient: JobConfiguration {
        var configuration = JobConfiguration()
        configuration.poll = .seconds(3600)
        return configuration
    }

    private func running(
        _ workers: JobWorkers..., during body: @escaping @Sendable (ServiceGroup) async throws -> Void
    ) async throws {
        let group = ServiceGroup(services: workers, logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(group)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test("a commit wakes the workers of every process without a poll")
    func notification() async throws {
        try await JobBench.run { bench in
            let (done, tell) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(100))
            let register: (inout JobHandlers) -> Void = { $0.add(Lift.self) { lift, _ in tell.yield(lift.weight) } }
            try await running(bench.workers(patient, register), bench.workers(patient, register)) { _ in
                var seen: Set<Int> = []
                var results = done.makeAsyncIterator()
                for number in 0..<20 {
                    try await bench.enqueue(Lift(weight: number))
                    if let weight = await results.next() { seen.insert(weight) }
                }
                #expect(seen.count == 20)
            }
            #expect(try await bench.count("jobs") == 0)
        }
    }

    @Test("however many long jobs of low priority there are, workers are left for what somebody waits for")
    func lanes() async throws {
        try await JobBench.run { bench in
            let (begun, begin) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(100))
            let (release, end) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
            let (done, tell) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(100))
            let workers = bench.workers(patient) { handlers in
                handlers.add(Lift.self) { lift, _ in tell.yield(lift.weight) }
                handlers.add(Run.self) { _, _ in
                    begin.yield()
                    // Ends for all of them at once.
                    for await _ in release {}
                }
            }
            try await running(workers) { _ in
                for metres in 0..<8 { try await bench.enqueue(Run(metres: metres), JobOptions(priority: .low)) }
                var beginnings = begun.makeAsyncIterator()
                await beginnings.next()
                var results = done.makeAsyncIterator()
                for (weight, priority) in [JobPriority.high, .normal].enumerated() {
                    try await bench.enqueue(Lift(weight: weight), JobOptions(priority: priority))
                    #expect(await results.next() == weight)
                }
                end.finish()
            }
        }
    }

    @Test("the poll finds what no notification told")
    func poll() async throws {
        try await JobBench.run { bench in
            var configuration = JobConfiguration()
            configuration.poll = .milliseconds(5)
            let (done, tell) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingNewest(100))
            let workers = bench.workers(configuration) { handlers in
                handlers.add(Lift.self) { lift, _ in tell.yield(lift.weight) }
            }
            try await running(workers) { _ in
                var results = done.makeAsyncIterator()
                try await bench.enqueue(Lift(weight: 1), JobOptions(runAt: bench.clock.now + .seconds(10)))
                bench.clock.advance(by: .seconds(10))
                #expect(await results.next() == 1)
            }
        }
    }

    @Test("a stopping process lets its jobs come to their end and begins no other")
    func gracefulStop() async throws {
        try await JobBench.run { bench in
            var configuration = patient
            configuration.workers = 1
            let (begun, tellBegun) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(8))
            let (gate, open) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(8))
            let workers = bench.workers(configuration) { handlers in
                handlers.add(Lift.self) { _, _ in
                    tellBegun.yield()
                    for await _ in gate { break }
                }
            }
            try await bench.enqueue(Lift(weight: 1))
            try await bench.enqueue(Lift(weight: 2))
            try await running(workers) { group in
                for await _ in begun { break }
                await group.triggerGracefulShutdown()
                for await _ in workers.bell.rings() {}
                open.yield()
            }
            let rest = try await bench.pool.query("select attempts, lease is null from jobs", as: (Int, Bool).self)
            #expect(rest.map(\.0) == [0])
            #expect(rest.map(\.1) == [true])
        }
    }

    @Test("a job that does not end in time is given back, and the attempt does not count")
    func release() async throws {
        try await JobBench.run { bench in
            var configuration = patient
            configuration.stopGrace = .zero
            let (begun, tellBegun) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(8))
            let workers = bench.workers(configuration) { handlers in
                handlers.add(Lift.self) { _, _ in
                    tellBegun.yield()
                    try await Task.never()
                }
            }
            try await bench.enqueue(Lift(weight: 1))
            try await running(workers) { _ in
                for await _ in begun { break }
            }
            let rest = try await bench.pool.query("select attempts, lease is null from jobs", as: (Int, Bool).self)
            #expect(rest.map(\.0) == [0])
            #expect(rest.map(\.1) == [true])
        }
    }

    @Test("a job whose lease went to another is cancelled, and its end changes nothing")
    func lostLease() async throws {
        try await JobBench.run { bench in
            var configuration = patient
            configuration.lease = .milliseconds(30)
            let (begun, tellBegun) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(8))
            let (ended, tellEnded) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(8))
            let workers = bench.workers(configuration) { handlers in
                handlers.add(Lift.self) { _, _ in
                    tellBegun.yield()
                    defer { tellEnded.yield() }
                    try await Task.never()
                }
            }
            try await bench.enqueue(Lift(weight: 1))
            try await running(workers) { _ in
                for await _ in begun { break }
                try await bench.pool.execute(
                    "update jobs set lease = \(UUIDv7.make()), run_at = \(bench.clock.now + .seconds(3600))")
                for await _ in ended { break }
            }
            #expect(try await bench.count("jobs where lease is not null") == 1)
        }
    }
}

extension Task where Success == Never, Failure == Never {
    /// Waits until the task is cancelled, then throws.
    static func never() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        for await _ in stream {}
        withExtendedLifetime(continuation) {}
        throw CancellationError()
    }
}
