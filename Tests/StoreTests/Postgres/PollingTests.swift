import Store
import TestKit
import Testing

@Suite("Doing the same again and again")
struct PollingTests {
    private struct Fault: Error {}

    private func polling(_ log: LogRecorder) -> Polling {
        Polling(
            every: .milliseconds(1), Polling.Words(fails: "it fails", succeeds: "it succeeds again"),
            logger: log.logger)
    }

    @Test("a failure is told once, and so is the success after it; what was cancelled is neither")
    func news() async {
        let log = LogRecorder()
        let polling = polling(log)
        let rounds: [(any Error)?] = [
            nil, Fault(), Fault(), CancellationError(), StoreError.cancelled, Fault(), nil, nil, Fault(),
        ]
        for fault in rounds {
            await polling.attempt { if let fault { throw fault } }
        }
        #expect(
            log.lines == [
                "warning it fails: Fault()", "notice it succeeds again", "warning it fails: Fault()",
            ])
    }

    @Test("it goes on after failures, until it is cancelled")
    func goesOn() async {
        let (rounds, tell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await polling(LogRecorder()).run {
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
