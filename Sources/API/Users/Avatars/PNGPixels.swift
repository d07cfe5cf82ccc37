import CZlib

/// The packed pixels of a PNG.
///
/// libpng unpacks all that is behind the last row before it complains, and ten megabytes may be ten gigabytes of nothing,
/// which take half a minute.
enum PNGPixels {
    /// Twice what the rows take, and this many bytes more, may come out: interlaced rows take a little more than others.
    private static let freeBytes = 65_536

    /// Whether hardly more comes out than a picture of this size takes. Data that is broken passes, since libpng stops at
    /// the same place. Throws `CancellationError` when it was stopped.
    static func fit(_ picture: ImageHeader, stop: WorkStop? = nil) throws(CancellationError) -> Bool {
        let file = picture.plain
        let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][file[25]] ?? 4
        let bytesARow = 1 + (picture.width * channels * Int(file[24]) + 7) / 8
        let unpacking = Unpacking(most: 2 * bytesARow * picture.height + freeBytes)
        for chunk in chunks(of: file) {
            switch try unpacking.unpack(file[chunk], stop: stop) {
            case .tooMuch: return false
            case .over: return true
            case .hungry: continue
            }
        }
        return true
    }

    /// Where the contents of the IDAT chunks are; the file is what `ImageHeader` has made of one.
    private static func chunks(of file: [UInt8]) -> [Range<Int>] {
        var bytes = ImageBytes(file)
        var chunks: [Range<Int>] = []
        var place = 8
        while let length = bytes.big32(place), let name = bytes.name(place + 4) {
            if name == "IDAT" { chunks.append(place + 8..<place + 8 + length) }
            place += 12 + length
        }
        return chunks
    }
}

/// Unpacks zlib data in pieces and counts what comes out, which is thrown away.
private final class Unpacking {
    enum Outcome {
        case tooMuch
        /// The data has ended, or is broken.
        case over
        case hungry
    }

    private var stream = z_stream()
    private var room: Int
    private var output = [UInt8](repeating: 0, count: 65_536)

    init(most: Int) {
        room = most
        let result = inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(result == Z_OK, "zlib has no memory for an inflate state")
    }

    deinit { inflateEnd(&stream) }

    func unpack(_ piece: ArraySlice<UInt8>, stop: WorkStop?) throws(CancellationError) -> Outcome {
        var rest = piece
        while true {
            try stop?.check()
            let (taken, made, result) = step(rest)
            rest = rest.dropFirst(taken)
            room -= made
            if room < 0 { return .tooMuch }
            if result != Z_OK, result != Z_BUF_ERROR { return .over }
            if made < output.count { return .hungry }
        }
    }

    private func step(_ input: ArraySlice<UInt8>) -> (taken: Int, made: Int, result: Int32) {
        input.withUnsafeBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                let result = inflate(&stream, Z_NO_FLUSH)
                defer { (stream.next_in, stream.next_out) = (nil, nil) }
                return (input.count - Int(stream.avail_in), output.count - Int(stream.avail_out), result)
            }
        }
    }
}
