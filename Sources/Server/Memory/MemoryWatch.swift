import CLinux
import Glibc
import Logging
import Metrics
import ServiceLifecycle
import Synchronization

/// Keeps the process within its memory: refuses new work before the kernel would kill it, and gives back to the system
/// what the allocator keeps after a load.
package final class MemoryWatch: Service {
    /// New work is refused above this share of the bound, until use is below the second one again.
    private static let shares = (refuse: 0.90, resume: 0.85)
    /// What a trim must promise to be worth its milliseconds.
    private static let trimBytes = 16 << 20
    /// Below this share of one core the process counts as idle.
    private static let idleShare = 0.1

    private let bound: MemoryBound?
    private let logger: Logger
    private let short = Atomic<Bool>(false)
    private let gauge = Gauge(label: "fitai_memory_short")
    private let trims = Counter(label: "fitai_memory_trims_total")

    init(_ bound: MemoryBound?, logger: Logger) {
        self.bound = bound
        self.logger = logger
    }

    /// Whether new work is refused.
    var isShort: Bool { short.load(ordering: .relaxed) }

    /// Lets all threads share a few arenas: each of its own keeps what it once needed. Call before there are threads.
    package static func boundArenas() {
        // Measured with 600 watchers and 200 sets/s: deliveries are no slower than with eight arenas a core, and 81.7 MB
        // are left instead of 83.4; each thread more would have kept an arena of its own.
        mallopt(Int32(M_ARENA_MAX), 2)
    }

    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                var trimmedAt = MemoryBound.residentBytes ?? 0
                var busy = Self.processorSeconds
                var round = 0
                while true {
                    try await Task.sleep(for: .seconds(1))
                    self.look()
                    round += 1
                    guard round.isMultiple(of: 15) else { continue }
                    let now = Self.processorSeconds
                    let isIdle = (now - busy) / 15 < Self.idleShare
                    busy = now
                    guard isIdle, let resident = MemoryBound.residentBytes, resident > trimmedAt + Self.trimBytes else {
                        continue
                    }
                    self.trim()
                    trimmedAt = MemoryBound.residentBytes ?? resident
                }
            }
        } catch is CancellationError {
            return
        }
    }

    /// Compares use with the bound.
    func look() {
        guard let bound, var used = bound.usedBytes() else { return }
        let wasShort = isShort
        let limit = Double(bound.limitBytes) * (wasShort ? Self.shares.resume : Self.shares.refuse)
        if Double(used) > limit {
            // Perhaps it is only kept by the allocator.
            trim()
            used = bound.usedBytes() ?? used
        }
        let isShort = Double(used) > limit
        gauge.record(isShort ? 1 : 0)
        guard short.exchange(isShort, ordering: .relaxed) != isShort else { return }
        let figures: Logger.Metadata = ["memory.used": "\(used)", "memory.limit": "\(bound.limitBytes)"]
        if isShort {
            logger.error("memory is short: new work is refused", metadata: figures)
        } else {
            logger.notice("memory suffices again", metadata: figures)
        }
    }

    private func trim() {
        malloc_trim(0)
        trims.increment()
    }

    private static var processorSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
