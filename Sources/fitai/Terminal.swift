import ArgumentParser
import Foundation
import Logging
import Metrics
import Server

/// What all commands share towards whoever started them.
enum Terminal {
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// Runs a command; a fault that a person can mend is said plainly on standard error, without a trace.
    static func reportingFaults(_ command: () async throws -> Void) async throws {
        do {
            try await command()
        } catch let faults as ConfigurationFaults {
            for fault in faults.faults { say(fault.description) }
            throw ExitCode(78)
        } catch let fault as BootFault {
            say(fault.description)
            throw ExitCode.failure
        }
    }

    /// The server, with the process's log and metrics; call once.
    static func app(_ configuration: Configuration) -> App {
        MemoryWatch.boundArenas()
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        return App(
            configuration: configuration, environment: environment, logger: startLogging(configuration.operations),
            registry: registry)
    }

    /// Lends the server's database to a command beside the server.
    static func withDatabase(_ body: (OwnDatabase, Logger) async throws -> Void) async throws {
        try await reportingFaults {
            let configuration = try Configuration(environment: environment)
            let logger = startLogging(configuration.operations)
            try await OwnDatabase.with(configuration.storage, environment: environment, logger: logger) { database in
                try await body(database, logger)
            }
        }
    }

    /// The process's logger; call once. Loggers that libraries make for themselves write to the same place.
    static func startLogging(_ configuration: OperationsConfiguration) -> Logger {
        let format = format(configuration)
        LoggingSystem.bootstrap { label in format.handler(label: label, level: configuration.logLevel) }
        return Logger(label: "fitai")
    }

    /// Tells a person that the server is ready; programs read it in the log.
    static func show(_ ready: Ready, _ configuration: OperationsConfiguration) {
        if format(configuration) == .text { tell(ready.banner) }
    }

    private static func format(_ configuration: OperationsConfiguration) -> LogFormat {
        configuration.logFormat ?? .automatic
    }

    /// Writes lines to standard output at once, also where it is no terminal.
    static func tell(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }

    /// Writes a line to standard error.
    static func say(_ message: String) {
        FileHandle.standardError.write(Data("fitai: \(message)\n".utf8))
    }
}
