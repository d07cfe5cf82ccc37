import Logging
import Protocol

/// Logs one short line an event for people at a terminal: time of day, level, message, `name=value` pairs.
struct TextLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level = .info
    private let sink: LogSink

    init(sink: LogSink) { self.sink = sink }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let timeOfDay = Timestamp.now.rfc3339.dropFirst(11).prefix(12)
        let level = event.level.rawValue
        var line = "\(timeOfDay) \(level)\(String(repeating: " ", count: max(8 - level.count, 0))) \(event.message)"
        if let error = event.error { line += " error=\(error)" }
        for (name, value) in merged(with: event).sorted(by: { $0.key < $1.key }) { line += " \(name)=\(value)" }
        sink(Array((Self.withoutControls(line) + "\n").utf8))
    }

    /// Escapes what could move a terminal's cursor or forge another line.
    private static func withoutControls(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        var clean = ""
        for scalar in text.unicodeScalars {
            if scalar.properties.generalCategory == .control {
                clean += scalar.escaped(asASCII: true)
            } else {
                clean.unicodeScalars.append(scalar)
            }
        }
        return clean
    }
}
