import Logging

/// What a started server tells: the address to open and where its things are.
package struct Ready: Sendable {
    /// The address to open, without a slash at the end.
    package let url: String
    /// Where connections are taken, which differs from `url` behind a proxy.
    package let listening: String
    package internal(set) var operationsPort: Int
    /// Absolute.
    package let dataDirectory: String
    /// The command line that opens the database.
    package let database: String

    /// Metrics and detailed health.
    package var operationsURL: String { "http://127.0.0.1:\(operationsPort)" }

    /// For a person at a terminal.
    package var banner: String {
        """

          FitAI \(Release.version) is ready: open \(url)

          data        \(dataDirectory)
          database    \(database)
          operations  \(operationsURL)/metrics, \(operationsURL)/v1/health/detailed

          Ctrl-C drains and stops.

        """
    }

    /// The log's entry that says the same to programs.
    func log(to logger: Logger) {
        logger.notice(
            "ready",
            metadata: [
                "url": "\(url)", "operations.url": "\(operationsURL)", "data.directory": "\(dataDirectory)",
                "database": "\(database)",
            ])
    }
}
