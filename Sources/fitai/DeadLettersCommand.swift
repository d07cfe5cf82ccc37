import ArgumentParser
import Protocol
import Realtime
import Server

struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "See and retry ops that Postgres refused although they were valid.",
        discussion: """
            Such an op is a bug of this server: it is kept with its reason, and its athlete is told. \
            Reads DATABASE_URL and DATA_DIR.
            """,
        subcommands: [List.self, Retry.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the ops that wait, oldest first, at most 1,000.")

        func run() async throws {
            try await Terminal.withDatabase { database, logger in
                let letters = try await DeadLetters(pool: database.pool, logger: logger).list()
                if letters.isEmpty { print("There are no dead letters.") }
                for letter in letters {
                    let (workout, user) = (letter.workout.map { "\($0)" }, letter.user.map { "\($0)" })
                    print(
                        "\(letter.id)  \(letter.createdAt.rfc3339)  workout \(workout ?? "unknown")  "
                            + "user \(user ?? "unknown")")
                    let op = letter.op.map { "\($0.action.kind.rawValue), op \($0.id)" } ?? "an op that cannot be read"
                    print("    \(op): \(letter.reason)")
                }
            }
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Offer ops to their workouts again.",
            discussion: "The running server takes them within seconds, otherwise the next one that starts.")

        @Argument(help: "Numbers from the list.")
        var letters: [Int64]

        func run() async throws {
            try await Terminal.withDatabase { database, logger in
                let dead = DeadLetters(pool: database.pool, logger: logger)
                for letter in letters {
                    guard try await dead.requestRetry(letter) else {
                        throw BootFault("there is no unresolved dead letter \(letter)")
                    }
                    print("\(letter) will be offered again.")
                }
            }
        }
    }
}
