import NIOCore

/// Frames that leave together, gathered once for all connections of the same compression.
final class FrameRun {
    private(set) var frames: [(EncodedFrame, FrameKind)]
    private var gathered: [(windowBits: UInt8?, bytes: ByteBuffer)] = []
    private let compresses: Bool

    init(_ frames: [(EncodedFrame, FrameKind)], on loop: SocketLoop) {
        self.frames = frames
        let threshold = loop.configuration.deflateFromBytes
        compresses = frames.contains { $0.0.compresses(from: threshold) }
    }

    /// The bytes of all frames for `connection`.
    func bytes(for connection: SocketConnection) -> ByteBuffer {
        let windowBits = compresses ? connection.windowBits : nil
        if let known = gathered.first(where: { $0.windowBits == windowBits }) { return known.bytes }
        let bytes = gather(windowBits, on: connection.loop)
        gathered.append((windowBits, bytes))
        return bytes
    }

    private func gather(_ windowBits: UInt8?, on loop: SocketLoop) -> ByteBuffer {
        let parts = frames.map { $0.0.bytes(windowBits: windowBits, on: loop) }
        guard parts.count > 1 else { return parts[0] }
        var bytes = ByteBuffer()
        bytes.reserveCapacity(parts.reduce(0) { $0 + $1.readableBytes })
        for part in parts { bytes.writeImmutableBuffer(part) }
        return bytes
    }
}
