import Hummingbird
import Logging
import NIOCore

/// Sends streamed answers within a time limit.
struct DownloadBody: Sendable {
    let channel: any Channel
    let timeout: Duration
    let logger: Logger

    /// The connection is closed, which the client sees as an incomplete answer, when the content fails or the client
    /// takes longer for it than the limit.
    func body(
        sizeBytes: Int?, _ write: @escaping @Sendable (inout DownloadWriter) async throws -> Void
    ) -> ResponseBody {
        ResponseBody(contentLength: sizeBytes) { writer in
            do {
                // The writer stays in this task; what waits beside it only closes the connection.
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await Task.sleep(for: timeout)
                        try await channel.close()
                    }
                    defer { group.cancelAll() }
                    var sink = writer
                    var download = DownloadWriter { bytes in try await sink.write(ByteBuffer(bytes: bytes)) }
                    try await write(&download)
                }
            } catch {
                logger.warning("an answer was cut off: \(error)")
                throw error
            }
            try await writer.finish(nil)
        }
    }
}
