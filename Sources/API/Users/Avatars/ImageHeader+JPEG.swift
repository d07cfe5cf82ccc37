extension ImageHeader {
    /// ITU T.81, annex B, with libjpeg's patience: what stands between two segments is skipped.
    ///
    /// Nil without a frame, a scan and an end: what was cut short would be filled up with grey by the decoder.
    init?(jpeg file: inout ImageBytes) {
        guard let walk = JPEGWalk(&file) else { return nil }
        self.init(.jpeg, width: walk.size?.width, height: walk.size?.height)
        orientation = walk.orientation ?? 1
        passes = walk.scans
        plain = walk.plain
    }
}

/// A JPEG's segments, of which those are kept that make the picture.
private struct JPEGWalk {
    private(set) var size: (width: Int, height: Int)?
    private(set) var orientation: Int?
    private(set) var scans = 0
    private(set) var plain: [UInt8] = [0xFF, 0xD8]

    private var segments = 0
    /// Whether the bytes up to the next marker are pixels.
    private var isInScan = false
    /// Whether the segments that tell the meaning of the colours were there.
    private var (hasJFIF, hasAdobe) = (false, false)

    /// Nil when it never ends, or has something that libjpeg would not read or not read in this place.
    init?(_ file: inout ImageBytes) {
        var place = 2
        while let marker = file.marker(from: place) {
            if isInScan {
                guard let pixels = file.part(place..<marker.start) else { return nil }
                plain += pixels
            }
            switch marker.code {
            case 0xD9:
                guard scans > 0 else { return nil }
                plain += [0xFF, 0xD9]
                return
            // Restarts, which have no length, and belong to the pixels of a scan only.
            case 0xD0...0xD7:
                guard scans > 0 else { return nil }
                if isInScan { plain += [0xFF, marker.code] }
                place = marker.codePlace + 1
            default:
                guard let end = take(marker, of: &file) else { return nil }
                place = end
            }
        }
        return nil
    }

    /// Keeps or drops a segment; answers where the next one begins.
    private mutating func take(_ marker: JPEGMarker, of file: inout ImageBytes) -> Int? {
        segments += 1
        guard segments <= ImageHeader.mostSegments, let length = file.big16(marker.codePlace + 1), length >= 2 else {
            return nil
        }
        let content = marker.codePlace + 3
        let end = content + length - 2
        isInScan = false
        switch marker.code {
        case 0xC0, 0xC1, 0xC2, 0xC9, 0xCA:
            // Of two frames libjpeg takes the first and then gives up.
            guard size == nil, scans == 0, let height = file.big16(content + 1), let width = file.big16(content + 3)
            else { return nil }
            size = (width, height)
        case 0xC4, 0xCC, 0xDB, 0xDD: break
        case 0xDA:
            scans += 1
            isInScan = true
        case 0xDC, 0xE0...0xEF, 0xFE:
            guard isWanted(marker.code, content, length - 2, of: &file) else { return end }
        default: return nil
        }
        guard let segment = file.part(marker.codePlace..<end) else { return nil }
        plain += [0xFF]
        plain += segment
        return end
    }

    /// Reads how the picture lies; answers whether the segment says what the colours mean, which is all that the decoder
    /// needs of segments for applications.
    private mutating func isWanted(_ code: UInt8, _ content: Int, _ length: Int, of file: inout ImageBytes) -> Bool {
        guard scans == 0 else { return false }
        switch code {
        case 0xE0 where !hasJFIF && length >= 14: hasJFIF = file.has("JFIF\0", at: content)
        case 0xE1 where orientation == nil && file.has("Exif\0\0", at: content):
            orientation = file.orientation(tiffAt: content + 6) ?? 1
            return false
        case 0xEE where !hasAdobe && length >= 12: hasAdobe = file.has("Adobe", at: content)
        default: return false
        }
        return code == 0xE0 ? hasJFIF : hasAdobe
    }
}
