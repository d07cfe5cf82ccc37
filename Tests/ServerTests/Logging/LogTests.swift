import Foundation
import Logging
import Synchronization
import Testing

@testable import Server

@Suite("Logs")
struct LogTests {
    /// Collects the lines a handler writes.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        var sink: LogSink {
            LogSink { line in self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
        }
    }

    private func logger(_ format: LogFormat, _ lines: Lines) -> Logger {
        Logger(label: "test") { format.handler(label: $0, level: .info, sink: lines.sink) }
    }

    private struct Broken: Error, CustomStringConvertible { let description = "it broke" }

    @Test("each entry is one JSON object on one line, whatever the values hold")
    func jsonLines() throws {
        let lines = Lines()
        var logger = logger(.json, lines)
        logger[metadataKey: "request.id"] = "r1"
        logger.warning(
            "two\nlines \"quoted\" \u{1} ü",
            metadata: [
                "count": .stringConvertible(3), "closes": .array(["a", "b"]),
                "room": .dictionary(["seq": "7", "epoch": "2"]),
                "level": "mine",
            ])
        #expect(lines.all.count == 1)
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix("\n") && line.dropLast().allSatisfy { !$0.isNewline })
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["message"] as? String == "two\nlines \"quoted\" \u{1} ü")
        #expect(object["level"] as? String == "warning")
        #expect(object["metadata.level"] as? String == "mine")
        #expect(object["request.id"] as? String == "r1")
        #expect(object["count"] as? Int == 3)
        #expect(object["room.seq"] as? String == "7")
        #expect(object["closes"] as? [String] == ["a", "b"])
        let time = try #require(object["ts"] as? String)
        #expect(time.hasSuffix("Z") && time.count == 24)
    }

    @Test("an error goes with its entry")
    func errors() throws {
        let lines = Lines()
        logger(.json, lines).error("no luck", error: Broken())
        let line = try #require(lines.all.first)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["error"] as? String == "it broke")
    }

    @Test("entries below the level are not written")
    func level() {
        let lines = Lines()
        logger(.json, lines).debug("quiet")
        #expect(lines.all.isEmpty)
    }

    @Test("text for a terminal can neither forge a second line nor move the cursor")
    func textIsOneLine() throws {
        let lines = Lines()
        logger(.text, lines).info("hello\u{1B}[2J", metadata: ["name": "a\nfake line"])
        let line = try #require(lines.all.first)
        #expect(line.filter(\.isNewline).count == 1)
        #expect(!line.contains("\u{1B}"))
        #expect(line.contains("hello") && line.contains("name="))
    }
}
