import Logging
import Protocol

/// Logs one JSON object a line: `ts`, `level`, `message`, `logger`, `error` when there is one, then the metadata.
struct JSONLogHandler: LogHandler {
    private static let taken: Set<String> = ["ts", "level", "message", "logger", "error"]

    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level = .info
    private let label: String
    private let sink: LogSink

    init(label: String, sink: LogSink) {
        self.label = label
        self.sink = sink
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = JSONLine()
        line.member("ts", Timestamp.now.rfc3339)
        line.member("level", event.level.rawValue)
        line.member("message", event.message.description)
        line.member("logger", label)
        if let error = event.error { line.member("error", String(describing: error)) }
        for (name, value) in merged(with: event).sorted(by: { $0.key < $1.key }) {
            line.member(Self.taken.contains(name) ? "metadata.\(name)" : name, value)
        }
        sink(line.finished())
    }
}

extension LogHandler {
    /// The handler's metadata, the provider's over it, the event's over both.
    func merged(with event: LogEvent) -> Logger.Metadata {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        return all
    }
}
