import Logging

/// The whole server, put together in one place from its configuration.
package struct App: Sendable {
    let configuration: Configuration
    let logger: Logger

    package init(configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    package func run() async throws {}
}
