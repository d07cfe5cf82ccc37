/// What the first bytes of a picture tell before anything is decoded: its format by content, its size, how it lies.
///
/// Only the first EXIF data counts, and the work stays within a few times the file's size.
struct ImageHeader: Hashable, Sendable {
    enum Format: Sendable { case jpeg, png, webp }

    /// Segments or chunks of a file; those of programs have some hundreds, in pictures of 10 MiB some thousands.
    static let mostSegments = 20_000

    let format: Format
    /// In pixels, as stored; at least 1.
    let width: Int
    let height: Int
    /// Of EXIF, 1…8: which way up the stored pixels are shown.
    var orientation = 1
    /// Passes over the whole picture that decoding takes: the scans of a JPEG.
    var passes = 1

    /// Nil for content of another format, and for a header that is cut short, contradicts itself or never ends.
    init?(_ bytes: [UInt8]) {
        var file = ImageBytes(bytes)
        self.init(&file)
    }

    /// The same of a file whose reading is counted and may be stopped.
    init?(_ file: inout ImageBytes) {
        guard let format = ImageHeader.format(of: &file) else { return nil }
        switch format {
        case .jpeg: self.init(jpeg: &file)
        case .png: self.init(png: &file)
        case .webp: self.init(webp: &file)
        }
        if file.isOver { return nil }
    }

    private init?(_ format: Format, width: Int?, height: Int?) {
        guard let width, let height, width > 0, height > 0 else { return nil }
        self.format = format
        self.width = width
        self.height = height
    }

    /// Whether content begins as one of the formats does, whatever follows.
    static func isKnown(_ bytes: [UInt8]) -> Bool {
        var file = ImageBytes(bytes)
        return file.has([0x89, 0x50, 0x4E, 0x47], at: 0) || format(of: &file) != nil
    }

    private static func format(of file: inout ImageBytes) -> Format? {
        if file.has([0xFF, 0xD8, 0xFF], at: 0) { return .jpeg }
        if file.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0) { return .png }
        return file.has("RIFF", at: 0) && file.has("WEBP", at: 8) ? .webp : nil
    }

    /// ITU T.81, annex B: markers up to the first scan.
    private init?(jpeg file: inout ImageBytes) {
        var place = 2
        var segments = 0
        var size: (width: Int, height: Int)?
        var orientation: Int?
        while let prefix = file.byte(place), prefix == 0xFF, let marker = file.byte(place + 1) {
            // Any number of fill bytes may stand before a marker.
            if marker == 0xFF {
                place += 1
                continue
            }
            if marker == 0xDA { break }
            segments += 1
            guard segments <= Self.mostSegments, let length = file.big16(place + 2), length >= 2 else { return nil }
            let isFrame = (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker)
            if isFrame, let height = file.big16(place + 5), let width = file.big16(place + 7) {
                guard size == nil else { return nil }
                size = (width, height)
            }
            if marker == 0xE1, orientation == nil, file.has("Exif\0\0", at: place + 4) {
                orientation = file.orientation(tiffAt: place + 10) ?? 1
            }
            place += 2 + length
        }
        self.init(.jpeg, width: size?.width, height: size?.height)
        self.orientation = orientation ?? 1
        let (scans, ends) = file.markers(0xDA, 0xD9, from: place)
        passes = scans
        // Pixels never look like a marker. What was cut short would be filled up with grey by the decoder.
        if ends == 0 { return nil }
    }

    /// ISO/IEC 15948: IHDR comes first, one eXIf may stand anywhere before the end.
    private init?(png file: inout ImageBytes) {
        guard file.big32(8) == 13, file.has("IHDR", at: 12) else { return nil }
        self.init(.png, width: file.big32(16), height: file.big32(20))
        var place = 8
        var chunks = 0
        while let length = file.big32(place), file.byte(place + 8) != nil {
            chunks += 1
            if chunks > Self.mostSegments { return nil }
            if file.has("eXIf", at: place + 4) {
                orientation = file.orientation(tiffAt: place + 8) ?? 1
                return
            }
            place += 12 + length
        }
    }

    /// RFC 9649: one of three first chunks tells the size; EXIF has a chunk of its own.
    private init?(webp file: inout ImageBytes) {
        if file.has("VP8X", at: 12) {
            self.init(
                .webp, width: file.little24(24).map { $0 + 1 }, height: file.little24(27).map { $0 + 1 })
        } else if file.has("VP8L", at: 12), let bits = file.little32(21) {
            self.init(.webp, width: (bits & 0x3FFF) + 1, height: (bits >> 14 & 0x3FFF) + 1)
        } else if file.has("VP8 ", at: 12), file.has([0x9D, 0x01, 0x2A], at: 23) {
            self.init(
                .webp, width: file.little16(26).map { $0 & 0x3FFF }, height: file.little16(28).map { $0 & 0x3FFF })
        } else {
            return nil
        }
        var place = 12
        var chunks = 0
        while let length = file.little32(place + 4) {
            chunks += 1
            if chunks > Self.mostSegments { return nil }
            if file.has("EXIF", at: place) {
                let hasPrefix = file.has("Exif\0\0", at: place + 8)
                orientation = file.orientation(tiffAt: place + (hasPrefix ? 14 : 8)) ?? 1
                return
            }
            place += 8 + length + length % 2
        }
    }
}
