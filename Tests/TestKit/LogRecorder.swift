import Logging
import Synchronization

/// Keeps what is logged.
package final class LogRecorder: Sendable {
    private let kept = Mutex<[(line: String, metadata: [String: String])]>([])

    package init() {}

    /// The lines so far, each with its level before it.
    package var lines: [String] { kept.withLock { $0.map(\.line) } }

    /// What was logged beside the lines that hold `text`.
    package func metadata(of text: String) -> [[String: String]] {
        kept.withLock { $0.filter { $0.line.contains(text) }.map(\.metadata) }
    }

    package var logger: Logger { Logger(label: "test") { _ in Handler(recorder: self) } }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.level) \(event.message)"
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            recorder.kept.withLock { $0.append((line, all.mapValues(\.description))) }
        }
    }
}
