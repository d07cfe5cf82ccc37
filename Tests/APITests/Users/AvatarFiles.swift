import CGd
import Foundation
import Protocol
import TestKit

@testable import API

/// Pictures for tests, made and read by libgd.
enum AvatarFiles {
    /// Of the four quarters, from the top left in the order of reading.
    static let colours: [Int32] = [0xFF0000, 0x00FF00, 0x0000FF, 0xFFFF00]

    /// A picture whose quarters have the four colours.
    static func quarters(_ format: ImageHeader.Format = .png, width: Int32 = 400, height: Int32 = 400) -> [UInt8] {
        guard let picture = gdImageCreateTrueColor(width, height) else { return [] }
        defer { gdImageDestroy(picture) }
        for (place, colour) in colours.enumerated() {
            let (x, y) = (Int32(place % 2) * width / 2, Int32(place / 2) * height / 2)
            gdImageFilledRectangle(picture, x, y, x + width / 2 - 1, y + height / 2 - 1, colour)
        }
        var size: Int32 = 0
        let bytes =
            switch format {
            case .png: gdImagePngPtr(picture, &size)
            case .jpeg: gdImageJpegPtr(picture, &size, 95)
            case .webp: gdImageWebpPtrEx(picture, &size, 95)
            }
        guard let bytes else { return [] }
        defer { gdFree(bytes) }
        return Array(UnsafeRawBufferPointer(start: bytes, count: Int(size)))
    }

    /// The EXIF data that says how the stored pixels lie, with a place that nobody is to learn.
    static func exif(_ orientation: UInt8, isBig: Bool = false) -> [UInt8] {
        let little: [UInt8] = [
            0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0,
        ]
        let big: [UInt8] = [
            0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0,
        ]
        return (isBig ? big : little) + Array("GPS 52.5200 13.4050".utf8)
    }

    /// The JPEG with segments behind its first marker.
    static func jpeg(_ file: [UInt8], adding segments: [(marker: UInt8, content: [UInt8])]) -> [UInt8] {
        var file = file
        for segment in segments.reversed() {
            let length = segment.content.count + 2
            file.insert(
                contentsOf: [0xFF, segment.marker, UInt8(length >> 8), UInt8(length & 0xFF)] + segment.content, at: 2)
        }
        return file
    }

    /// A PNG chunk, with the checksum that belongs to it.
    static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let named = Array(name.utf8) + content
        var sum = UInt32.max
        for byte in named {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
        }
        return big32(UInt32(content.count)) + named + big32(~sum)
    }

    static func big32(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
    }

    /// A PNG of a few bytes that says it has so many pixels.
    static func bomb(width: UInt32, height: UInt32) -> [UInt8] {
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        let kind: [UInt8] = [8, 2, 0, 0, 0]
        file += chunk("IHDR", big32(width) + big32(height) + kind)
        file += chunk("IDAT", [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01])
        file += chunk("IEND", [])
        return file
    }

    /// Width, height, and the colour in the middle of each quarter, rounded to the nearest of pure ones.
    static func read(_ jpeg: [UInt8]) -> (width: Int, height: Int, colours: [Int32])? {
        var jpeg = jpeg
        let size = Int32(jpeg.count)
        guard let picture = jpeg.withUnsafeMutableBytes({ gdImageCreateFromJpegPtr(size, $0.baseAddress) }) else {
            return nil
        }
        defer { gdImageDestroy(picture) }
        let (width, height) = (picture.pointee.sx, picture.pointee.sy)
        let colours = (0..<4).map { place -> Int32 in
            let (x, y) = (width * Int32(1 + 2 * (place % 2)) / 4, height * Int32(1 + 2 * (place / 2)) / 4)
            let colour = gdImageGetTrueColorPixel(picture, x, y)
            return [16, 8, 0].reduce(0) { $0 | (colour >> $1 & 0xFF > 127 ? 0xFF << $1 : 0) }
        }
        return (Int(width), Int(height), colours)
    }

    /// A form with one file, whatever the form says of it.
    static func form(
        _ file: [UInt8], part: String = "avatar", name: String = "me.png", type: String = "image/png",
        boundary: String = "----gym"
    ) -> Data {
        let head =
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--\(boundary)\r\n"
            + "Content-Disposition: form-data; name=\"\(part)\"; filename=\"\(name)\"\r\nContent-Type: \(type)\r\n\r\n"
        return Data(Array(head.utf8) + file + Array("\r\n--\(boundary)--\r\n".utf8))
    }
}

extension TestUser {
    /// Uploads a file as the form says, under a key if one is given.
    func upload(_ form: Data, boundary: String = "----gym", key: String? = nil) async throws -> RESTAnswer {
        let type = [("Content-Type", "multipart/form-data; boundary=\(boundary)")]
        return try await client.send(
            "POST", "/v1/users/upload-avatar", json: form, headers: type + (key.map { [("Idempotency-Key", $0)] } ?? [])
        )
    }
}
