/// What a picture's file tells before anything is decoded: its format by content, its size, how it lies, and the parts of
/// it that make the picture.
///
/// Nobody else reads the file: the decoder gets `plain`, which holds only what was understood here, so it cannot find
/// another size than the one that was checked, nor text and profiles that cost a thousand times their size to unpack.
/// Only the first EXIF data counts, and the work stays within a few times the file's size.
struct ImageHeader: Sendable {
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
    /// The file without what no decoder needs: text, colour profiles, EXIF, thumbnails, whatever follows the end.
    var plain: [UInt8] = []

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

    init?(_ format: Format, width: Int?, height: Int?) {
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
}
