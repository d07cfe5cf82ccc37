import Logging
import Store
import Synchronization
import Testing

@Suite("Doing the same again and again")
struct PollingTests {
    private struct Fault: Error {}

    /// Keeps what is logged.
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Recorder: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.all.withLock { $0.append("\(event.level) \(event.message)") }
        }
    }

    private func polling(_ lines: Lines) -> Polling {
        Polling(
            every: .milliseconds(1), Polling.Words(fails: "it fails", succeeds: "it succeeds again"),
            logger: Logger(label: "test") { _ in Recorder(lines: lines) })
    }

    @Test("a failure is told once, and so is the success after it; what was cancelled is neither")
    func news() async {
        let lines = Lines()
        let polling = polling(lines)
        let rounds: [(any Error)?] = [
            nil, Fault(), Fault(), CancellationError(), StoreError.cancelled, Fault(), nil, nil, Fault(),
        ]
        for fault in rounds {
            await polling.attempt { if let fault { throw fault } }
        }
        #expect(
            lines.all.withLock { $0 } == [
                "warning it fails: Fault()", "notice it succeeds again", "warning it fails: Fault()",
            ])
    }

    @Test("it goes on after failures, until it is cancelled")
    func goesOn() async {
        let (rounds, tell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await polling(Lines()).run {
                    tell.yield()
                    throw Fault()
                }
            }
            var count = 0
            for await _ in rounds {
                count += 1
                if count == 3 { break }
            }
            group.cancelAll()
        }
    }
}
