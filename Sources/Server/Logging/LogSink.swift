import Glibc
import Synchronization

/// Takes whole lines and writes each in one piece, so that lines of different threads never mix.
package final class LogSink: Sendable {
    package static let standardError = LogSink { line in writeAll(line, to: STDERR_FILENO) }

    private let output: Mutex<@Sendable ([UInt8]) -> Void>

    /// - Parameter write: is given one line at a time, its line feed included.
    package init(_ write: @escaping @Sendable ([UInt8]) -> Void) { output = Mutex(write) }

    package func callAsFunction(_ line: [UInt8]) { output.withLock { $0(line) } }

    /// Writes all bytes, past interruptions; a reader that went away loses the line, since there is nowhere to say so.
    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}
