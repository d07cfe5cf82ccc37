import Dispatch
import Foundation
import Synchronization

/// Ends the process, with the input printed, when a decoder does not come back from one: when its thread has computed for
/// seconds over it, or has waited for as long as any test waits.
final class InputWatch: Sendable {
    private struct State {
        var input: [UInt8] = []
        var count = 0
    }

    /// Of the thread's own time, far above what an input may take before its run fails.
    private static let mostMilliseconds = 20 * DecoderFuzz.mostMilliseconds

    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)

    init(name: String, clock: ThreadClock) {
        Thread.detachNewThread { [self] in
            var seen = (count: 0, milliseconds: 0, since: ContinuousClock.now)
            while ended.wait(timeout: .now() + .seconds(1)) == .timedOut {
                let (input, count) = state.withLock { ($0.input, $0.count) }
                guard count == seen.count, count > 0 else {
                    seen = (count, clock.milliseconds, .now)
                    continue
                }
                let isOver =
                    clock.milliseconds - seen.milliseconds > Self.mostMilliseconds
                    || .now - seen.since > Watchdog.patience
                precondition(!isOver, "\(name) does not come back from: \(Data(input).base64EncodedString())")
            }
        }
    }

    func begin(_ input: [UInt8]) {
        state.withLock { state in
            state.input = input
            state.count += 1
        }
    }

    func end() { ended.signal() }
}
