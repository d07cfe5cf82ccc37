import CoreMetrics
import Synchronization

/// Counts of values in fixed buckets, with their sum.
///
/// Buckets suit latencies in seconds from 0.1 ms to 60 s and, above that, sizes in powers of ten.
final class PrometheusHistogram: RecorderHandler, TimerHandler {
    struct Snapshot {
        /// How many values fell in each bucket of `bounds`, then beyond the last; not cumulative.
        var counts: [UInt64]
        var sum: Double
    }

    /// For durations in seconds.
    static let durationBounds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]
    /// For counts and sizes.
    static let sizeBounds: [Double] = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 16_777_216]

    let bounds: [Double]
    private let state: Mutex<Snapshot>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(Snapshot(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    var snapshot: Snapshot { state.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }
}
