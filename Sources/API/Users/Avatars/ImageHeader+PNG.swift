extension ImageHeader {
    /// ISO/IEC 15948: IHDR comes first and once, IEND last, and one eXIf may stand anywhere between.
    ///
    /// Nil for critical chunks of a name that is unknown, since nobody may skip them.
    init?(png file: inout ImageBytes) {
        guard file.big32(8) == 13, file.has("IHDR", at: 12) else { return nil }
        self.init(.png, width: file.big32(16), height: file.big32(20))
        guard let head = file.part(0..<33) else { return nil }
        plain = Array(head)
        var place = head.endIndex
        var orientation: Int?
        for _ in 0..<Self.mostSegments {
            guard let length = file.big32(place), let name = file.name(place + 4) else { return nil }
            // Length, name and checksum take 12 bytes.
            let end = place + 12 + length
            switch name {
            case "PLTE", "tRNS", "IDAT", "IEND":
                guard let chunk = file.part(place..<end) else { return nil }
                plain += chunk
                guard name == "IEND" else { break }
                self.orientation = orientation ?? 1
                return
            case "eXIf": orientation = orientation ?? file.orientation(tiffAt: place + 8) ?? 1
            default: if name.utf8.first.map({ $0 & 0x20 == 0 }) ?? true { return nil }
            }
            place = end
        }
        return nil
    }
}
