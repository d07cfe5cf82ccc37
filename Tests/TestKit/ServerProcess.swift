import Foundation
import Glibc

/// The built `fitai` binary as a child process, with its log; nothing of it outlives the tests.
///
/// Its log is JSON on standard error; it is ready when it says so there, with the address it was given.
package final class ServerProcess: Sendable {
    /// How a process ended.
    package enum Exit: Hashable, Sendable {
        case status(Int32)
        case signal(Int32)
    }

    /// The process ended, or its output, before what was waited for came.
    package struct Ended: Error, CustomStringConvertible {
        package let description: String
    }

    package let pid: pid_t
    private let output: ProcessOutput

    /// Starts a command of the binary.
    ///
    /// - Parameters:
    ///   - arguments: the command, `serve` when left out.
    ///   - environment: its whole environment but for PATH, HOME, and JSON logs.
    ///   - openFiles: the limits of open files, the soft and the hard one; the test's own when left out.
    package init(
        _ arguments: [String] = ["serve"], environment: [String: String] = [:], openFiles: ClosedRange<Int>? = nil
    ) throws {
        var whole = ["LOG_FORMAT": "json"]
        for name in ["PATH", "HOME"] { whole[name] = ProcessInfo.processInfo.environment[name] }
        whole.merge(environment) { $1 }
        let output = ProcessOutput()
        self.output = output
        // The kill at the parent's death comes when the starting *thread* ends, so that thread stays until the child ends.
        let started = DispatchSemaphore(value: 0)
        let limit = openFiles.map { ["/usr/bin/prlimit", "--nofile=\($0.lowerBound):\($0.upperBound)", "--"] } ?? []
        let command = ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--"] + limit + [Self.binary] + arguments
        Thread.detachNewThread { [whole] in
            output.run(command, environment: whole) { started.signal() }
        }
        started.wait()
        pid = try output.startedPid()
    }

    /// The `fitai` of this build: FITAI_BINARY, else the one beside the running test binary.
    package static var binary: String {
        if let given = ProcessInfo.processInfo.environment["FITAI_BINARY"], !given.isEmpty { return given }
        return URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "fitai").path
    }

    /// The lines written so far, standard output and error together.
    package var lines: [String] { output.lines }

    /// Waits for the first line, past ones included, that the closure takes.
    ///
    /// - Throws: `Ended` with the whole output when the process ends first.
    package func line(where isWanted: @escaping @Sendable (String) -> Bool) async throws -> String {
        try await output.line(where: isWanted)
    }

    /// Waits until the server listens and answers what its `ready` entry says.
    package func ready() async throws -> Ready {
        let line = try await line { $0.contains(#""message":"ready""#) }
        return try JSONDecoder().decode(Ready.self, from: Data(line.utf8))
    }

    package struct Ready: Decodable, Sendable {
        /// The address to open, as `http://127.0.0.1:41234`.
        package let url: String
        package let operationsURL: String
        package let dataDirectory: String
        package let database: String

        private enum CodingKeys: String, CodingKey {
            case url, dataDirectory = "data.directory", operationsURL = "operations.url", database = "database"
        }
    }

    /// Sends a signal; nothing happens when the process has ended.
    package func send(_ signal: Int32) { output.send(signal, to: pid) }

    /// Waits for the process's end.
    @discardableResult
    package func exit() async -> Exit { await output.exit() }

    /// Ends it at once, if it is still there, and waits.
    package func kill() async {
        send(SIGKILL)
        await exit()
    }

    /// Starts a server on free ports in this data directory, gives it to the closure when it is ready, and ends it.
    package static func serving<Value: Sendable>(
        dataDirectory: String, environment: [String: String] = [:],
        _ body: @Sendable (ServerProcess, Ready) async throws -> Value
    ) async throws -> Value {
        var whole = ["PORT": "0", "OPS_PORT": "0", "DATA_DIR": dataDirectory]
        whole.merge(environment) { $1 }
        let server = try ServerProcess(environment: whole)
        do {
            let value = try await body(server, server.ready())
            await server.kill()
            return value
        } catch {
            await server.kill()
            throw error
        }
    }
}
