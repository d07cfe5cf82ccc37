import Glibc
import Logging

/// The form of the log: one JSON object a line for machines, short lines for people.
package enum LogFormat: String, Sendable {
    case json, text

    /// Text when standard error is a terminal, else JSON.
    package static var automatic: LogFormat { isatty(STDERR_FILENO) == 1 ? .text : .json }

    /// A handler of this form that writes to the sink.
    package func handler(label: String, level: Logger.Level, sink: LogSink = .standardError) -> any LogHandler {
        var handler: any LogHandler =
            switch self {
            case .json: JSONLogHandler(label: label, sink: sink)
            case .text: TextLogHandler(sink: sink)
            }
        handler.logLevel = level
        return handler
    }
}
