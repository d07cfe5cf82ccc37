import NIOCore

/// Frames that leave together, gathered once for all connections of the same compression.
final class FrameRun {
    let frames: [(EncodedFrame, FrameKind)]
    let loop: SocketLoop
    private let plain: ByteBuffer
    private let compresses: Bool
    private var compressed: [(windowBits: UInt8, bytes: ByteBuffer)] = []

    /// - Parameter frames: at least one.
    init(_ frames: [(EncodedFrame, FrameKind)], on loop: SocketLoop) {
        self.frames = frames
        self.loop = loop
        let threshold = loop.configuration.deflateFromBytes
        compresses = frames.contains { $0.0.compresses(from: threshold) }
        plain = Self.gather(frames, nil, on: loop)
    }

    /// Writes all frames into a socket of which nothing waits.
    /// - Returns: the bytes it took, −1 if it is broken, or `nil` if it took all.
    func write(to descriptor: CInt, windowBits: UInt8?) -> Int? {
        guard compresses, let windowBits else {
            let sent = plain.withUnsafeReadableBytes { SocketConnection.write($0, to: descriptor) }
            return sent == plain.readableBytes ? nil : sent
        }
        let bytes = compressed(windowBits)
        let sent = bytes.withUnsafeReadableBytes { SocketConnection.write($0, to: descriptor) }
        return sent == bytes.readableBytes ? nil : sent
    }

    private func compressed(_ windowBits: UInt8) -> ByteBuffer {
        if let known = compressed.first(where: { $0.windowBits == windowBits }) { return known.bytes }
        let bytes = Self.gather(frames, windowBits, on: loop)
        compressed.append((windowBits, bytes))
        return bytes
    }

    private static func gather(
        _ frames: [(EncodedFrame, FrameKind)], _ windowBits: UInt8?, on loop: SocketLoop
    ) -> ByteBuffer {
        let parts = frames.map { $0.0.bytes(windowBits: windowBits, on: loop) }
        guard parts.count > 1 else { return parts[0] }
        var bytes = ByteBuffer()
        bytes.reserveCapacity(parts.reduce(0) { $0 + $1.readableBytes })
        for part in parts { bytes.writeImmutableBuffer(part) }
        return bytes
    }
}
