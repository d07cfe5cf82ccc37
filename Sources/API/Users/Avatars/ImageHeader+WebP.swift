extension ImageHeader {
    /// RFC 9649: the first frame's chunk tells the size, which a VP8X chunk has to repeat; EXIF has a chunk of its own.
    ///
    /// Nil for animations, which libwebp's simple decoder does not read.
    init?(webp file: inout ImageBytes) {
        guard let walk = WebPWalk(&file), let frame = walk.frame, let size = walk.size else { return nil }
        self.init(.webp, width: size.width, height: size.height)
        if let canvas = walk.canvas {
            guard canvas.width == width, canvas.height == height else { return nil }
        }
        orientation = walk.orientation ?? 1
        var chunks: [UInt8] = []
        // Lossy pictures have their transparency in a chunk before the frame, which only the extended format allows.
        if walk.isLossy, let alpha = walk.alpha {
            guard let part = file.part(alpha) else { return nil }
            let flags: [UInt8] = [0x10, 0, 0, 0]
            let content = flags + Self.little(width - 1, 3) + Self.little(height - 1, 3)
            chunks = Self.chunk("VP8X", content[...]) + Self.chunk("ALPH", part)
        }
        guard let part = file.part(frame) else { return nil }
        chunks += Self.chunk(walk.isLossy ? "VP8 " : "VP8L", part)
        plain = Array("RIFF".utf8) + Self.little(chunks.count + 4, 4) + Array("WEBP".utf8) + chunks
    }

    private static func chunk(_ name: String, _ content: ArraySlice<UInt8>) -> [UInt8] {
        Array(name.utf8) + little(content.count, 4) + content + [UInt8](repeating: 0, count: content.count % 2)
    }

    private static func little(_ number: Int, _ length: Int) -> [UInt8] {
        (0..<length).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}

/// The chunks of a WebP file that count: the first of each kind.
private struct WebPWalk {
    typealias Size = (width: Int, height: Int)

    private(set) var canvas: Size?
    /// The transparency of a lossy frame, without the head of its chunk.
    private(set) var alpha: Range<Int>?
    /// The frame, without the head of its chunk.
    private(set) var frame: Range<Int>?
    private(set) var size: Size?
    private(set) var isLossy = false
    private(set) var orientation: Int?

    /// Nil for too many chunks and for animations.
    init?(_ file: inout ImageBytes) {
        var place = 12
        var chunks = 0
        while let name = file.name(place), let length = file.little32(place + 4) {
            chunks += 1
            if chunks > ImageHeader.mostSegments || name == "ANIM" || name == "ANMF" { return nil }
            take(name, place + 8..<place + 8 + length, of: &file)
            place += 8 + length + length % 2
        }
    }

    private mutating func take(_ name: String, _ content: Range<Int>, of file: inout ImageBytes) {
        let start = content.lowerBound
        switch name {
        case "VP8X" where canvas == nil:
            guard let width = file.little24(start + 4), let height = file.little24(start + 7) else { return }
            canvas = (width + 1, height + 1)
        case "ALPH" where alpha == nil && frame == nil: alpha = content
        case "VP8L" where frame == nil:
            frame = content
            guard file.byte(start) == 0x2F, let bits = file.little32(start + 1) else { return }
            size = ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case "VP8 " where frame == nil:
            frame = content
            isLossy = true
            guard file.has([0x9D, 0x01, 0x2A], at: start + 3), let width = file.little16(start + 6),
                let height = file.little16(start + 8)
            else { return }
            // The two upper bits say how to scale what is shown.
            size = (width & 0x3FFF, height & 0x3FFF)
        case "EXIF" where orientation == nil:
            let hasPrefix = file.has("Exif\0\0", at: start)
            orientation = file.orientation(tiffAt: start + (hasPrefix ? 6 : 0)) ?? 1
        default: return
        }
    }
}
