import CGd
import Protocol

/// The sizes of an avatar, by the longest side in pixels; a smaller picture is not made larger.
enum AvatarSize: Int, CaseIterable, Sendable {
    case small = 64
    case medium = 256
    case large = 1024
}

/// Makes an avatar's pictures of a file: the square in the middle, the right way up, as JPEG, with nothing of the file
/// but its pixels.
enum AvatarPicture {
    static let mostPixels = 40_000_000
    /// Scans of a progressive JPEG, each of which costs a pass over all pixels; cameras and programs make about ten.
    static let mostPasses = 64
    /// Pixels times scans: what decoding costs grows with both.
    static let mostWork = 400_000_000
    private static let quality: Int32 = 85

    /// Checks what can be known without decoding.
    ///
    /// Throws `unsupportedMediaType` for other formats, `invalidValues` for a picture that is too large or broken.
    static func check(_ file: [UInt8], stop: WorkStop? = nil) throws(Problem) -> ImageHeader {
        guard ImageHeader.isKnown(file) else {
            throw Problem(.unsupportedMediaType, detail: "The file is no JPEG, PNG or WebP.")
        }
        var bytes = ImageBytes(file, stop: stop)
        guard let header = ImageHeader(&bytes) else { throw broken }
        guard header.width <= mostPixels, header.height <= mostPixels / header.width else {
            throw fault(.outOfRange, "\(header.width) × \(header.height) pixels are more than 40 million.")
        }
        guard header.passes <= mostPasses, header.passes * header.width * header.height <= mostWork else {
            throw fault(.outOfRange, "The picture has too many scans.")
        }
        return header
    }

    /// Decodes and scales; takes up to some seconds, so not for event loops. Throws as `check` does, and
    /// `CancellationError` when it was stopped, which is seen between its steps.
    static func make(of file: [UInt8], stop: WorkStop? = nil) throws -> [AvatarSize: [UInt8]] {
        let header = try check(file, stop: stop)
        try stop?.check()
        if header.format == .png, try !PNGPixels.fit(header, stop: stop) {
            throw fault(.outOfRange, "The picture has more data than its size takes.")
        }
        _ = silence
        guard let picture = decode(header) else { throw broken }
        defer { gdImageDestroy(picture) }
        // What was checked has to be what was decoded.
        guard Int(picture.pointee.sx) == header.width, Int(picture.pointee.sy) == header.height else { throw broken }
        try stop?.check()
        let side = min(picture.pointee.sx, picture.pointee.sy)
        let square = Frame(
            of: picture, x: (picture.pointee.sx - side) / 2, y: (picture.pointee.sy - side) / 2, side: side)
        guard let large = scaled(square, to: .large) else { throw broken }
        defer { gdImageDestroy(large) }
        guard let upright = turned(large, header.orientation) else { throw broken }
        defer { gdImageDestroy(upright) }
        var pictures: [AvatarSize: [UInt8]] = [:]
        for size in AvatarSize.allCases {
            try stop?.check()
            guard let small = scaled(Frame(of: upright, x: 0, y: 0, side: upright.pointee.sx), to: size) else {
                throw broken
            }
            defer { gdImageDestroy(small) }
            guard let bytes = jpeg(small) else { throw broken }
            pictures[size] = bytes
        }
        return pictures
    }

    /// A square part of a picture.
    private struct Frame {
        let picture: gdImagePtr
        let x: Int32
        let y: Int32
        let side: Int32

        init(of picture: gdImagePtr, x: Int32, y: Int32, side: Int32) {
            self.picture = picture
            self.x = x
            self.y = y
            self.side = side
        }
    }

    /// libgd tells its faults on standard error, where the log is; they are in our answer.
    private static let silence: Void = gdSetErrorMethod { _, _, _ in }

    private static func decode(_ header: ImageHeader) -> gdImagePtr? {
        var file = header.plain
        let size = Int32(file.count)
        return file.withUnsafeMutableBytes { bytes in
            switch header.format {
            case .jpeg: gdImageCreateFromJpegPtrEx(size, bytes.baseAddress, 0)
            case .png: gdImageCreateFromPngPtr(size, bytes.baseAddress)
            case .webp: gdImageCreateFromWebpPtr(size, bytes.baseAddress)
            }
        }
    }

    /// A new picture of at most the size, on white where the old one is transparent.
    private static func scaled(_ frame: Frame, to size: AvatarSize) -> gdImagePtr? {
        let side = min(frame.side, Int32(size.rawValue))
        guard let target = gdImageCreateTrueColor(side, side) else { return nil }
        gdImageFilledRectangle(target, 0, 0, side - 1, side - 1, 0xFFFFFF)
        gdImageCopyResampled(target, frame.picture, 0, 0, frame.x, frame.y, side, side, frame.side, frame.side)
        return target
    }

    /// A new picture with the stored pixels of a square where EXIF's orientation shows them.
    private static func turned(_ stored: gdImagePtr, _ orientation: Int) -> gdImagePtr? {
        let side = stored.pointee.sx
        guard let shown = gdImageCreateTrueColor(side, side) else { return nil }
        let last = side - 1
        for y in 0..<side {
            for x in 0..<side {
                let (fromX, fromY): (Int32, Int32) =
                    switch orientation {
                    case 2: (last - x, y)
                    case 3: (last - x, last - y)
                    case 4: (x, last - y)
                    case 5: (y, x)
                    case 6: (y, last - x)
                    case 7: (last - y, last - x)
                    case 8: (last - y, x)
                    default: (x, y)
                    }
                shown.pointee.tpixels[Int(y)]?[Int(x)] = stored.pointee.tpixels[Int(fromY)]?[Int(fromX)] ?? 0
            }
        }
        return shown
    }

    private static func jpeg(_ picture: gdImagePtr) -> [UInt8]? {
        var size: Int32 = 0
        gdImageInterlace(picture, 1)
        guard let bytes = gdImageJpegPtr(picture, &size, quality) else { return nil }
        defer { gdFree(bytes) }
        return Array(UnsafeRawBufferPointer(start: bytes, count: Int(size)))
    }

    private static var broken: Problem { fault(.malformed, "The picture cannot be read.") }

    private static func fault(_ code: FaultCode, _ detail: String) -> Problem {
        Problem(.invalidValues, errors: [Problem.Fault(pointer: "/avatar", code: code, detail: detail)])
    }
}
