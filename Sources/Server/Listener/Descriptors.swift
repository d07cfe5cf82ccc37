import Glibc
import Logging

/// The descriptors this process may have open: connections, files, and what the runtime needs for itself.
enum Descriptors {
    /// Kept for everything but connections; without any left the runtime itself would fail.
    static let reserve = 100
    /// What an unlimited hard limit is taken for.
    private static let most: rlim_t = 1_048_576

    /// How many descriptors may be open.
    static var limit: Int {
        let limit = current()
        return Int(min(limit.rlim_cur, most))
    }

    /// Raises the soft limit to the hard one, and says what it is now.
    static func raiseLimit(logger: Logger) {
        let before = current()
        var wanted = before
        wanted.rlim_cur = min(before.rlim_max, most)
        if wanted.rlim_cur > before.rlim_cur, setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &wanted) != 0 {
            logger.warning(
                "the limit of open files could not be raised", metadata: ["errno": "\(errno)", "nofile": "\(limit)"])
        }
        let metadata: Logger.Metadata = ["nofile": "\(limit)", "nofile.before": "\(before.rlim_cur)"]
        if limit < 4096 {
            logger.warning("few files may be open: connections are bounded by it", metadata: metadata)
        } else {
            logger.info("open files", metadata: metadata)
        }
    }

    /// The lowest number that is free: at least so many descriptors are open. `nil` when none is left.
    static func lowestFree() -> Int? {
        let descriptor = fcntl(0, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else {
            // Without a standard input there is nothing to duplicate; then nothing is known, and nothing is held back.
            return errno == EBADF ? 0 : nil
        }
        close(descriptor)
        return Int(descriptor)
    }

    private static func current() -> rlimit {
        var limit = rlimit()
        let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        precondition(result == 0, "getrlimit fails for a known resource only by mistake")
        return limit
    }
}
