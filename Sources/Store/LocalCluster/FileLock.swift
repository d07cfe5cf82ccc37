import Glibc

/// Holds `flock` on a file for as long as it exists; other processes (and other instances) wait.
final class FileLock {
    private let descriptor: Int32

    /// Blocks the thread until the lock is free.
    init(_ path: String) throws(LocalClusterError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Files.failure(path) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw Files.failure(path) }
        }
    }

    deinit { close(descriptor) }
}
