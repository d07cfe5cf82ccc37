import ArgumentParser
import Server

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve pages, REST and the live socket until SIGTERM or SIGINT.",
        discussion: """
            Brings the database up to date, recovers what an earlier process left behind, \
            listens, and prints where. A second process on the same data directory or \
            database refuses to start. SIGTERM drains: no new connections, open workouts are \
            made durable (or spilled to DATA_DIR without Postgres), then it ends, within \
            DRAIN_SECONDS whatever hangs. A second signal leaves it one second.

            ENVIRONMENT
            \(VariableTable.text)

            EXIT STATUS
              0 drained, 1 could not start, failed or lost ops,
              78 a variable holds what it may not
            """)

    func run() async throws {
        try await Terminal.reportingFaults {
            let configuration = try Configuration(environment: Terminal.environment)
            let app = Terminal.app(configuration)
            try await app.run { ready in Terminal.show(ready, configuration.operations) }
        }
    }
}
