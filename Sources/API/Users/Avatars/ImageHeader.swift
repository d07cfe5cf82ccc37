/// What the first bytes of a picture tell before anything is decoded: its format by content, its size, how it lies.
struct ImageHeader: Hashable, Sendable {
    enum Format: Sendable { case jpeg, png, webp }

    let format: Format
    /// In pixels, as stored; at least 1.
    let width: Int
    let height: Int
    /// Of EXIF, 1…8: which way up the stored pixels are shown.
    var orientation = 1
    /// Passes over the whole picture that decoding takes: the scans of a JPEG.
    var passes = 1

    /// Nil for content of another format, and for a header that is cut short or contradicts itself.
    init?(_ bytes: [UInt8]) {
        let file = ImageBytes(bytes)
        if file.has([0xFF, 0xD8, 0xFF], at: 0) {
            self.init(jpeg: file)
        } else if file.has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], at: 0) {
            self.init(png: file)
        } else if file.has(Array("RIFF".utf8), at: 0), file.has(Array("WEBP".utf8), at: 8) {
            self.init(webp: file)
        } else {
            return nil
        }
    }

    private init?(_ format: Format, width: Int?, height: Int?) {
        guard let width, let height, width > 0, height > 0 else { return nil }
        self.format = format
        self.width = width
        self.height = height
    }

    /// Whether content begins as one of the formats does, whatever follows.
    static func isKnown(_ bytes: [UInt8]) -> Bool {
        let file = ImageBytes(bytes)
        return file.has([0xFF, 0xD8, 0xFF], at: 0) || file.has([0x89, 0x50, 0x4E, 0x47], at: 0)
            || file.has(Array("RIFF".utf8), at: 0) && file.has(Array("WEBP".utf8), at: 8)
    }

    /// ITU T.81, annex B: markers up to the first scan.
    private init?(jpeg file: ImageBytes) {
        var place = 2
        var size: (width: Int, height: Int)?
        var orientation = 1
        while let prefix = file.byte(place), prefix == 0xFF, let marker = file.byte(place + 1) {
            // Any number of fill bytes may stand before a marker.
            if marker == 0xFF {
                place += 1
                continue
            }
            if marker == 0xDA { break }
            guard let length = file.big16(place + 2), length >= 2 else { return nil }
            let isFrame = (0xC0...0xCF).contains(marker) && ![0xC4, 0xC8, 0xCC].contains(marker)
            if isFrame, let height = file.big16(place + 5), let width = file.big16(place + 7) {
                guard size == nil else { return nil }
                size = (width, height)
            }
            if marker == 0xE1, file.has(Array("Exif\0\0".utf8), at: place + 4) {
                orientation = file.orientation(tiffAt: place + 10) ?? orientation
            }
            place += 2 + length
        }
        self.init(.jpeg, width: size?.width, height: size?.height)
        self.orientation = orientation
        passes = file.count(of: 0xFF, 0xDA, from: place)
        // Pixels never look like a marker. What was cut short would be filled up with grey by the decoder.
        if file.count(of: 0xFF, 0xD9, from: place) == 0 { return nil }
    }

    /// ISO/IEC 15948: IHDR comes first, eXIf may stand anywhere before the end.
    private init?(png file: ImageBytes) {
        guard file.big32(8) == 13, file.has(Array("IHDR".utf8), at: 12) else { return nil }
        self.init(.png, width: file.big32(16), height: file.big32(20))
        var place = 8
        while let length = file.big32(place), file.byte(place + 8) != nil {
            if file.has(Array("eXIf".utf8), at: place + 4) {
                orientation = file.orientation(tiffAt: place + 8) ?? orientation
            }
            place += 12 + length
        }
    }

    /// RFC 9649: one of three first chunks tells the size; EXIF has a chunk of its own.
    private init?(webp file: ImageBytes) {
        if file.has(Array("VP8X".utf8), at: 12) {
            self.init(
                .webp, width: file.little24(24).map { $0 + 1 }, height: file.little24(27).map { $0 + 1 })
        } else if file.has(Array("VP8L".utf8), at: 12), let low = file.little16(21), let high = file.little16(23) {
            let bits = low | high << 16
            self.init(.webp, width: (bits & 0x3FFF) + 1, height: (bits >> 14 & 0x3FFF) + 1)
        } else if file.has(Array("VP8 ".utf8), at: 12), file.has([0x9D, 0x01, 0x2A], at: 23) {
            self.init(
                .webp, width: file.little16(26).map { $0 & 0x3FFF }, height: file.little16(28).map { $0 & 0x3FFF })
        } else {
            return nil
        }
        var place = 12
        while let low = file.little16(place + 4), let high = file.little16(place + 6) {
            if file.has(Array("EXIF".utf8), at: place) {
                let hasPrefix = file.has(Array("Exif\0\0".utf8), at: place + 8)
                orientation = file.orientation(tiffAt: place + (hasPrefix ? 14 : 8)) ?? orientation
            }
            let length = low | high << 16
            place += 8 + length + length % 2
        }
    }
}

/// Reads numbers of a file; nil beyond its end.
struct ImageBytes {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func byte(_ place: Int) -> Int? { bytes.indices.contains(place) ? Int(bytes[place]) : nil }

    func big16(_ place: Int) -> Int? { number(place, 2, isBig: true) }
    func big32(_ place: Int) -> Int? { number(place, 4, isBig: true) }
    func little16(_ place: Int) -> Int? { number(place, 2, isBig: false) }
    func little24(_ place: Int) -> Int? { number(place, 3, isBig: false) }

    func has(_ wanted: [UInt8], at place: Int) -> Bool {
        place >= 0 && place + wanted.count <= bytes.count && bytes[place..<place + wanted.count].elementsEqual(wanted)
    }

    /// How often the two bytes follow each other.
    func count(of first: UInt8, _ second: UInt8, from start: Int) -> Int {
        bytes.withUnsafeBufferPointer { bytes in
            var count = 0
            var place = max(0, start)
            while place + 1 < bytes.count {
                if bytes[place] == first, bytes[place + 1] == second { count += 1 }
                place += 1
            }
            return count
        }
    }

    /// The orientation, 1…8, of the first directory of a TIFF structure, as EXIF has it.
    func orientation(tiffAt start: Int) -> Int? {
        let isBig = has(Array("MM".utf8), at: start)
        guard isBig || has(Array("II".utf8), at: start), number(start + 2, 2, isBig: isBig) == 42,
            let offset = number(start + 4, 4, isBig: isBig),
            let count = number(start + offset, 2, isBig: isBig)
        else { return nil }
        // Tag 274, one SHORT: its value stands in the entry itself.
        for entry in 0..<count {
            let place = start + offset + 2 + entry * 12
            guard let tag = number(place, 2, isBig: isBig) else { return nil }
            guard tag == 0x0112, number(place + 2, 2, isBig: isBig) == 3 else { continue }
            return number(place + 8, 2, isBig: isBig).flatMap { (1...8).contains($0) ? $0 : nil }
        }
        return nil
    }

    private func number(_ place: Int, _ length: Int, isBig: Bool) -> Int? {
        guard place >= 0, place <= bytes.count - length else { return nil }
        let part = bytes[place..<place + length]
        return isBig ? part.reduce(0) { $0 << 8 | Int($1) } : part.reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}
