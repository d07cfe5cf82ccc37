import ArgumentParser
import Foundation
import Logging
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

    /// The process's logger. Loggers that libraries make for themselves write to the same place.
    static func startLogging(_ configuration: OperationsConfiguration) -> Logger {
        let format = configuration.logFormat ?? .automatic
        LoggingSystem.bootstrap { label in format.handler(label: label, level: configuration.logLevel) }
        return Logger(label: "fitai")
    }

    /// Writes a line to standard error.
    static func say(_ message: String) {
        FileHandle.standardError.write(Data("fitai: \(message)\n".utf8))
    }
}
