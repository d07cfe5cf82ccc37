import ArgumentParser
import Protocol
import Server
import Store

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "See, retry and discard jobs that failed for good: mails, exports, reports.",
        discussion: """
            A job is tried again with growing pauses; after its last attempt, or when it can never succeed, it is kept \
            with its reason. The metric fitai_jobs_dead counts them. Reads DATABASE_URL and DATA_DIR.
            """,
        subcommands: [List.self, Retry.self, Discard.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the dead jobs, those that died first before, at most 1,000.")

        func run() async throws {
            try await Terminal.withDatabase { database, _ in
                let jobs = try await database.pool.transaction { try Jobs.dead(on: $0) }
                if jobs.isEmpty { print("There are no dead jobs.") }
                for job in jobs {
                    let key = job.key.map { ", key \($0)" } ?? ""
                    print("\(job.id)  \(job.diedAt.rfc3339)  \(job.kind)\(key)")
                    print("    after \(job.attempts) attempts since \(job.createdAt.rfc3339): \(job.lastError)")
                }
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give dead jobs all their attempts again.",
            discussion: "The running server takes them at once, otherwise the next one that starts.")

        @Argument(help: "Ids from the list.")
        var jobs: [JobID]

        func run() async throws {
            try await Terminal.withDatabase { database, _ in
                let queue = Jobs(now: { .now })
                for job in jobs {
                    switch try await database.pool.transaction({ try queue.revive(job.id, on: $0) }) {
                    case .revived: print("\(job.id) will run again.")
                    case .unknown: throw BootFault("there is no dead job \(job.id)")
                    case .anotherWaits: throw BootFault("another job of the same key waits: \(job.id) stays dead")
                    }
                }
            }
        }
    }

    struct Discard: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove dead jobs for good.")

        @Argument(help: "Ids from the list.")
        var jobs: [JobID]

        func run() async throws {
            try await Terminal.withDatabase { database, _ in
                for job in jobs {
                    guard try await database.pool.transaction({ try Jobs.discard(job.id, on: $0) }) else {
                        throw BootFault("there is no dead job \(job.id)")
                    }
                    print("\(job.id) is gone.")
                }
            }
        }
    }
}

/// The id of a job as it stands in the list.
struct JobID: ExpressibleByArgument {
    let id: UUIDv7

    init?(argument: String) {
        guard let id = UUIDv7(argument) else { return nil }
        self.id = id
    }
}
