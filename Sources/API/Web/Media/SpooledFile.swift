import Crypto
import Foundation
import Glibc
import Hummingbird
import NIOCore
import NIOPosix

/// Bytes on disk, held open: what a body spooled, whose file has no name any more, or a file that is to be sent.
package final class SpooledFile: Sendable {
    private let descriptor: Int32
    package let sizeBytes: Int

    init(taking descriptor: Int32, sizeBytes: Int) {
        self.descriptor = descriptor
        self.sizeBytes = sizeBytes
    }

    deinit { close(descriptor) }

    /// Up to `count` bytes from `offset`, fewer only at the end; empty behind it. Throws `SpoolFault`.
    package func read(at offset: Int, count: Int) async throws -> [UInt8] {
        try await NIOThreadPool.singleton.runIfActive { try self.readNow(at: offset, count: count) }
    }

    /// The same for a thread that may wait for the disk.
    package func readNow(at offset: Int, count: Int) throws(SpoolFault) -> [UInt8] {
        let wanted = max(0, min(count, sizeBytes - offset))
        var fault: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
            while filled < wanted {
                let read = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, wanted - filled, off_t(offset + filled))
                if read < 0, errno == EINTR { continue }
                if read <= 0 { fault = read < 0 ? errno : EIO }
                guard read > 0 else { return }
                filled += read
            }
        }
        if fault != 0 { throw SpoolFault(fault) }
        return bytes
    }
}

/// The disk did not do as it should.
package struct SpoolFault: Error, CustomStringConvertible {
    package let description: String

    init(_ code: Int32) { description = "spooling a body failed: \(String(cString: strerror(code)))" }
}

/// Writes a body to disk as it arrives, a few hundred kilobytes in memory at a time.
struct SpoolWriter {
    /// What is gathered before it is written.
    private static let writeBytes = 256 * 1024

    private let descriptor: Int32
    private var waiting: [UInt8] = []
    private var written = 0
    private(set) var hash = SHA256()

    /// The file is made in `directory`, which is made too if there is none.
    static func open(in directory: String) async throws -> SpoolWriter {
        let descriptor = try await NIOThreadPool.singleton.runIfActive {
            mkdir(directory, 0o700)
            let path = "\(directory)/\(UUID().uuidString)"
            let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw SpoolFault(errno) }
            unlink(path)
            return descriptor
        }
        return SpoolWriter(descriptor: descriptor)
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// Takes the whole body, of at most `limit` bytes. Throws `NIOTooManyBytesError` beyond it, and `SpoolFault`.
    static func take(
        _ body: some AsyncSequence<ByteBuffer, any Error> & Sendable, upTo limit: Int, in directory: String
    ) async throws -> (file: SpooledFile, hash: SHA256.Digest) {
        var writer = try await open(in: directory)
        do {
            for try await buffer in body { try await writer.append(buffer, limit: limit) }
            try await writer.flush()
        } catch {
            close(writer.descriptor)
            throw error
        }
        return (SpooledFile(taking: writer.descriptor, sizeBytes: writer.written), writer.hash.finalize())
    }

    private mutating func append(_ buffer: ByteBuffer, limit: Int) async throws {
        guard written + waiting.count + buffer.readableBytes <= limit else {
            throw NIOTooManyBytesError(maxBytes: limit)
        }
        buffer.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        waiting.append(contentsOf: buffer.readableBytesView)
        if waiting.count >= Self.writeBytes { try await flush() }
    }

    private mutating func flush() async throws {
        guard !waiting.isEmpty else { return }
        let (descriptor, bytes, offset) = (descriptor, waiting, written)
        waiting = []
        try await NIOThreadPool.singleton.runIfActive {
            try bytes.withUnsafeBytes { source in
                var done = 0
                while done < source.count {
                    let count = pwrite(
                        descriptor, source.baseAddress.map { $0 + done }, source.count - done, off_t(offset + done))
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { throw SpoolFault(errno) }
                    done += count
                }
            }
        }
        written += bytes.count
    }
}
