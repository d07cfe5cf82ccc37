/// Reads numbers of a picture's file; nil beyond its end, and once more was read than a picture is worth.
///
/// Every byte that is looked at counts, so that no arrangement of a file costs more than a few times its size.
struct ImageBytes {
    private let bytes: [UInt8]
    private let stop: WorkStop?
    /// How many bytes may still be looked at.
    private var allowance: Int
    /// How many bytes were looked at.
    private(set) var steps = 0
    /// Whether somebody stopped the work, or it became too much.
    private(set) var isOver = false

    /// What a file costs beside its size.
    static let freeSteps = 65_536
    static let stepsPerByte = 4

    init(_ bytes: [UInt8], stop: WorkStop? = nil) {
        self.bytes = bytes
        self.stop = stop
        allowance = bytes.count * Self.stepsPerByte + Self.freeSteps
    }

    /// Pays for so many bytes; false when they are not to be looked at any more.
    private mutating func pay(_ count: Int) -> Bool {
        steps += count
        allowance -= count
        if allowance < 0 || stop?.isStopped == true { isOver = true }
        return !isOver
    }

    mutating func byte(_ place: Int) -> Int? { number(place, 1, isBig: true) }
    mutating func big16(_ place: Int) -> Int? { number(place, 2, isBig: true) }
    mutating func big32(_ place: Int) -> Int? { number(place, 4, isBig: true) }
    mutating func little16(_ place: Int) -> Int? { number(place, 2, isBig: false) }
    mutating func little24(_ place: Int) -> Int? { number(place, 3, isBig: false) }
    mutating func little32(_ place: Int) -> Int? { number(place, 4, isBig: false) }

    mutating func has(_ wanted: StaticString, at place: Int) -> Bool {
        let count = wanted.utf8CodeUnitCount
        guard place >= 0, place <= bytes.count - count, pay(count) else { return false }
        return bytes[place..<place + count].elementsEqual(UnsafeBufferPointer(start: wanted.utf8Start, count: count))
    }

    mutating func has(_ wanted: [UInt8], at place: Int) -> Bool {
        guard place >= 0, place <= bytes.count - wanted.count, pay(wanted.count) else { return false }
        return bytes[place..<place + wanted.count].elementsEqual(wanted)
    }

    /// Four letters: a chunk's name.
    mutating func name(_ place: Int) -> String? {
        part(place..<place + 4).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of a range; nil unless the file has all of them.
    mutating func part(_ range: Range<Int>) -> ArraySlice<UInt8>? {
        guard range.lowerBound >= 0, range.upperBound <= bytes.count, pay(range.count) else { return nil }
        return bytes[range]
    }

    /// The next JPEG marker from a place on, found as libjpeg finds it: whatever comes before the first 0xFF is skipped,
    /// any number of these may stand in a row, and followed by 0 they are none.
    mutating func marker(from start: Int) -> JPEGMarker? {
        var place = start
        while let first = firstFF(from: place) {
            place = first + 1
            while place < bytes.count, bytes[place] == 0xFF {
                place += 1
                guard pay(1) else { return nil }
            }
            guard place < bytes.count, pay(1) else { return nil }
            if bytes[place] != 0 { return JPEGMarker(start: first, codePlace: place, code: bytes[place]) }
            place += 1
        }
        return nil
    }

    private mutating func firstFF(from start: Int) -> Int? {
        var place = start
        // In parts, so that a stop is seen soon.
        while place < bytes.count {
            let end = min(place + 65_536, bytes.count)
            let found = bytes[place..<end].firstIndex(of: 0xFF)
            guard pay((found.map { $0 + 1 } ?? end) - place) else { return nil }
            if let found { return found }
            place = end
        }
        return nil
    }

    /// The orientation, 1…8, of the first directory of a TIFF structure, as EXIF has it.
    mutating func orientation(tiffAt start: Int) -> Int? {
        let isBig = has("MM", at: start)
        guard isBig || has("II", at: start), number(start + 2, 2, isBig: isBig) == 42,
            let offset = number(start + 4, 4, isBig: isBig),
            let count = number(start + offset, 2, isBig: isBig)
        else { return nil }
        // Tag 274, one SHORT: its value stands in the entry itself. Cameras write some dozens of entries.
        for entry in 0..<min(count, 512) {
            let place = start + offset + 2 + entry * 12
            guard let tag = number(place, 2, isBig: isBig) else { return nil }
            guard tag == 0x0112, number(place + 2, 2, isBig: isBig) == 3 else { continue }
            return number(place + 8, 2, isBig: isBig).flatMap { (1...8).contains($0) ? $0 : nil }
        }
        return nil
    }

    private mutating func number(_ place: Int, _ length: Int, isBig: Bool) -> Int? {
        guard place >= 0, place <= bytes.count - length, pay(length) else { return nil }
        let part = bytes[place..<place + length]
        return isBig ? part.reduce(0) { $0 << 8 | Int($1) } : part.reversed().reduce(0) { $0 << 8 | Int($1) }
    }
}

/// A marker of a JPEG: one 0xFF or more, and a code that is neither 0 nor 0xFF.
struct JPEGMarker {
    /// Of the first 0xFF.
    let start: Int
    let codePlace: Int
    let code: UInt8
}
