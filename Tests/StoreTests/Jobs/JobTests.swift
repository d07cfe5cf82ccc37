import Protocol
import TestKit
import Testing

@testable import Store

@Suite("Jobs")
struct JobTests {
    @Test("a job of a transaction that rolls back was never there")
    func transactional() async throws {
        try await JobBench.run { bench in
            await #expect(throws: Missed.self) {
                try await bench.pool.transaction { connection in
                    try bench.jobs.enqueue(Lift(weight: 1), on: connection)
                    throw Missed()
                }
            }
            try await bench.enqueue(Lift(weight: 2))
            let done = Journal<Int>()
            let workers = bench.workers { $0.add(Lift.self) { lift, _ in done.note(lift.weight) } }
            #expect(try await workers.runDue() == 1)
            #expect(done.entries == [2])
            #expect(try await bench.count("jobs") == 0)
        }
    }

    @Test("the more urgent job runs first, then the one that is due longer; later ones wait for their time")
    func order() async throws {
        try await JobBench.run { bench in
            try await bench.enqueue(Lift(weight: 4), JobOptions(priority: .low))
            bench.clock.advance(by: .seconds(1))
            try await bench.enqueue(Lift(weight: 2))
            bench.clock.advance(by: .seconds(1))
            try await bench.enqueue(Lift(weight: 3))
            try await bench.enqueue(Lift(weight: 1), JobOptions(priority: .high))
            try await bench.enqueue(
                Lift(weight: 5), JobOptions(priority: .high, runAt: bench.clock.now + .seconds(60)))
            let done = Journal<Int>()
            let workers = bench.workers { $0.add(Lift.self) { lift, _ in done.note(lift.weight) } }
            try await workers.runDue()
            #expect(done.entries == [1, 2, 3, 4])
            bench.clock.advance(by: .seconds(60))
            try await workers.runDue()
            #expect(done.entries == [1, 2, 3, 4, 5])
        }
    }

    @Test("jobs with one key are one job until it is done")
    func keys() async throws {
        try await JobBench.run { bench in
            let options = JobOptions(key: "ada")
            #expect(try await bench.enqueue(Lift(weight: 1), options) != nil)
            #expect(try await bench.enqueue(Lift(weight: 2), options) == nil)
            #expect(try await bench.enqueue(Run(metres: 3), options) != nil)
            let done = Journal<Int>()
            let workers = bench.workers { $0.add(Lift.self) { lift, _ in done.note(lift.weight) } }
            try await workers.runDue()
            #expect(done.entries == [1])
            #expect(try await bench.enqueue(Lift(weight: 4), options) != nil)
            // Nobody here runs the other kind: it waits for a process that does.
            #expect(try await bench.count("jobs") == 2)
        }
    }

    @Test("a failed job comes again after a growing pause, and becomes a dead letter after its last attempt")
    func retries() async throws {
        try await JobBench.run { bench in
            try await bench.enqueue(Lift(weight: 1), JobOptions(mostAttempts: 3))
            let attempts = Journal<Int>()
            var configuration = JobConfiguration()
            configuration.jitter = { 0 }
            let workers = bench.workers(configuration) { handlers in
                handlers.add(Lift.self) { _, run in
                    attempts.note(run.attempt)
                    throw Missed()
                }
            }
            for pause in [5, 10] {
                #expect(try await workers.runDue() == 1)
                bench.clock.advance(by: .seconds(pause) - .milliseconds(1))
                #expect(try await workers.runDue() == 0)
                bench.clock.advance(by: .milliseconds(1))
            }
            try await workers.runDue()
            #expect(attempts.entries == [1, 2, 3])
            #expect(try await bench.count("jobs") == 0)
            let dead = try await bench.pool.query(
                "select id, last_error, attempts from dead_jobs", as: (UUIDv7, String, Int).self)
            #expect(dead.map(\.1) == ["missed the lift"])
            #expect(dead.map(\.2) == [3])
            let id = try #require(dead.first?.0)
            #expect(try await bench.pool.transaction { try bench.jobs.revive(id, on: $0) } == .revived)
            #expect(try await bench.pool.transaction { try bench.jobs.revive(id, on: $0) } == .unknown)
            try await workers.runDue()
            #expect(attempts.entries == [1, 2, 3, 1])
        }
    }

    @Test("dead jobs are listed and discarded, and one whose key waits again is not revived beside it")
    func dead() async throws {
        try await JobBench.run { bench in
            try await bench.enqueue(Lift(weight: 1), JobOptions(key: "heavy"))
            let workers = bench.workers { handlers in
                handlers.add(Lift.self) { _, _ in throw HopelessJob("the bar is gone") }
            }
            try await workers.runDue()
            let dead = try await bench.pool.transaction { try Jobs.dead(on: $0) }
            #expect(dead.map(\.kind) == [Lift.kind] && dead.map(\.key) == ["heavy"])
            #expect(dead.map(\.lastError) == ["the bar is gone"] && dead.map(\.attempts) == [1])
            let id = try #require(dead.first?.id)
            try await bench.enqueue(Lift(weight: 2), JobOptions(key: "heavy"))
            #expect(try await bench.pool.transaction { try bench.jobs.revive(id, on: $0) } == .anotherWaits)
            #expect(try await bench.count("dead_jobs") == 1)
            #expect(try await bench.count("jobs") == 1)
            #expect(try await bench.pool.transaction { try Jobs.discard(id, on: $0) })
            #expect(try await bench.pool.transaction { try Jobs.discard(id, on: $0) } == false)
            #expect(try await bench.count("dead_jobs") == 0)
        }
    }

    @Test("a job whose time has not come waits for it, and no attempt is counted")
    func notYet() async throws {
        try await JobBench.run { bench in
            try await bench.pool.transaction { connection in
                try bench.jobs.enqueue(all: [Lift(weight: 1), Lift(weight: 2)], on: connection)
                try bench.jobs.enqueue(all: [Lift](), on: connection)
            }
            let ripe = bench.clock.now + .seconds(60)
            let attempts = Journal<Int>()
            let workers = bench.workers { handlers in
                handlers.add(Lift.self) { _, run in
                    guard bench.clock.now >= ripe else { throw JobNotYet(until: ripe) }
                    attempts.note(run.attempt)
                }
            }
            #expect(try await workers.runDue() == 2)
            bench.clock.advance(by: .seconds(59))
            #expect(try await workers.runDue() == 0)
            bench.clock.advance(by: .seconds(1))
            #expect(try await workers.runDue() == 2)
            #expect(attempts.entries == [1, 1])
            #expect(try await bench.count("jobs") == 0)
        }
    }

    @Test("a hopeless job and one whose payload cannot be read die at once")
    func hopeless() async throws {
        try await JobBench.run { bench in
            try await bench.enqueue(Lift(weight: 1))
            try await bench.enqueue(Run(metres: 1))
            try await bench.pool.execute("update jobs set payload = '{}' where kind = 'test.run'")
            let workers = bench.workers { handlers in
                handlers.add(Lift.self) { _, _ in throw HopelessJob("the bar is gone") }
                handlers.add(Run.self) { _, _ in }
            }
            #expect(try await workers.runDue() == 2)
            let reasons = try await bench.pool.query(
                "select last_error from dead_jobs order by kind", as: String.self)
            #expect(reasons == ["the bar is gone", "the payload does not decode as Run"])
        }
    }

    @Test("workers that claim at once never get the same job")
    func claims() async throws {
        try await JobBench.run { bench in
            try await bench.pool.transaction { connection in
                for number in 0..<200 { try bench.jobs.enqueue(Lift(weight: number), on: connection) }
            }
            let leases = JobLeases(pool: bench.pool, length: .seconds(60), now: { bench.clock.now })
            let claimed = Journal<UUIDv7>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        while let job = try await leases.claim([Lift.kind]) { claimed.note(job.run.id) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(claimed.entries.count == 200)
            #expect(Set(claimed.entries).count == 200)
        }
    }

    @Test("a job whose worker died comes to another when the lease is over; the first can no longer end it")
    func expiredLease() async throws {
        try await JobBench.run { bench in
            try await bench.enqueue(Lift(weight: 1), JobOptions(mostAttempts: 2))
            let leases = JobLeases(pool: bench.pool, length: .seconds(60), now: { bench.clock.now })
            let first = try #require(try await leases.claim([Lift.kind]))
            bench.clock.advance(by: .seconds(50))
            #expect(try await leases.extend(first))
            bench.clock.advance(by: .seconds(50))
            #expect(try await leases.claim([Lift.kind]) == nil)
            bench.clock.advance(by: .seconds(10))
            let second = try #require(try await leases.claim([Lift.kind]))
            #expect(second.run.id == first.run.id)
            #expect(second.run.attempt == 2)
            #expect(try await leases.extend(first) == false)
            #expect(try await leases.finish(first) == false)
            try await leases.bury(first, because: "late")
            #expect(try await bench.count("dead_jobs") == 0)
            // The second dies as well; the attempts are used up, so it is not run a third time.
            bench.clock.advance(by: .seconds(61))
            let runs = Journal<Int>()
            let workers = bench.workers { $0.add(Lift.self) { lift, _ in runs.note(lift.weight) } }
            try await workers.runDue()
            #expect(runs.entries.isEmpty)
            #expect(try await bench.count("dead_jobs") == 1)
        }
    }

    @Test("the pause doubles up to its longest, and the jitter takes at most a half of it")
    func backOff() {
        let backOff = JobBackOff()
        #expect(backOff.pause(after: 1, jitter: 0) == .seconds(5))
        #expect(backOff.pause(after: 4, jitter: 0) == .seconds(40))
        #expect(backOff.pause(after: 90, jitter: 0) == .seconds(3600))
        for attempt in 1...20 {
            let whole = backOff.pause(after: attempt, jitter: 0)
            let least = backOff.pause(after: attempt, jitter: 0.999_999)
            #expect(least < whole && least * 2 >= whole)
        }
    }
}
