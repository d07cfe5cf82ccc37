import CGd
import CZlib
import Foundation
import Protocol
import TestKit
import Testing

@testable import API

/// Files that their decoder would read otherwise than they look, or that cost more than they show.
@Suite("Pictures that are not what they seem")
struct DisguisedPictureTests {
    private static func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
        [0xFF, marker, UInt8((content.count + 2) >> 8), UInt8((content.count + 2) & 0xFF)] + content
    }

    private static func frame(_ side: Int) -> [UInt8] {
        let (high, low) = (UInt8(side >> 8), UInt8(side & 0xFF))
        return segment(0xC0, [8, high, low, high, low, 1, 1, 0x11, 0])
    }

    /// A JPEG of 20,000 × 20,000 pixels. Whoever takes the marker for a segment skips the true frame with it, and comes
    /// upon another one of 8 × 8 pixels, which is the content of a segment for applications.
    private static func jpeg(hidingBehind marker: UInt8) -> [UInt8] {
        let shown = frame(8)
        var hidden = segment(0xE0, Array("JFIF\0".utf8) + [1, 1, 0, 0, 1, 0, 1, 0, 0]) + frame(20_000)
        hidden += segment(0xEF, [UInt8](repeating: 0, count: 30_000))
        // Up to the end of a segment of 0xFFE0 bytes; the heads of this one and of the last take four bytes each.
        hidden += segment(0xEF, [UInt8](repeating: 0, count: 0xFFE0 - hidden.count - 8))
        hidden += [0xFF, 0xEE, 0, UInt8(shown.count + 2)]
        return [0xFF, 0xD8, 0xFF, marker] + hidden + shown + segment(0xDA, [1, 1, 0, 0, 63, 0]) + [0, 0, 0xFF, 0xD9]
    }

    @Test(
        "a JPEG's frame cannot hide behind a marker that has no length",
        arguments: [0x01, 0xD0, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5, 0xD6, 0xD7] as [UInt8])
    func standaloneMarkers(marker: UInt8) {
        #expect(throws: Problem.self) { try AvatarPicture.check(Self.jpeg(hidingBehind: marker)) }
    }

    @Test("a picture that tells two sizes is refused before it is decoded")
    func twoSizes() {
        let png = AvatarFiles.quarters(.png, width: 8, height: 8)
        let kind: [UInt8] = [8, 2, 0, 0, 0]
        let head = AvatarFiles.chunk("IHDR", AvatarFiles.big32(4000) + AvatarFiles.big32(4000) + kind)
        let jpeg = AvatarFiles.jpeg(
            AvatarFiles.quarters(.jpeg, width: 8, height: 8), adding: [(0xC0, [8, 0, 9, 0, 9, 1, 1, 0x11, 0])])
        let webp = AvatarFiles.quarters(.webp, width: 16, height: 16)
        let others: [[UInt8]] = [
            Array(png[..<33]) + head + png[33...], jpeg, Self.extended(webp, flags: 0, side: 8),
            Self.extended(webp, flags: 0, side: 4000),
        ]
        for (place, file) in others.enumerated() {
            #expect(throws: Problem.self, "\(place)") { try AvatarPicture.check(file) }
        }
        #expect(throws: Never.self) { try AvatarPicture.check(Self.extended(webp, flags: 0, side: 16)) }
    }

    /// The extended form of a simple WebP file, with a canvas and further chunks.
    private static func extended(
        _ webp: [UInt8], flags: UInt8, side: Int, before: [UInt8] = [], after: [UInt8] = []
    ) -> [UInt8] {
        let edge: [UInt8] = [UInt8((side - 1) & 0xFF), UInt8((side - 1) >> 8), 0]
        let canvas: [UInt8] = Array("VP8X".utf8) + [10, 0, 0, 0, flags, 0, 0, 0] + edge + edge
        let chunks: [UInt8] = canvas + before + Array(webp[12...]) + after
        let size = Array(AvatarFiles.big32(UInt32(chunks.count + 4)).reversed())
        return Array("RIFF".utf8) + size + Array("WEBP".utf8) + chunks
    }

    @Test("an animation is refused before it is decoded")
    func animation() {
        let webp = AvatarFiles.quarters(.webp, width: 16, height: 16)
        let frames = Array("ANIM".utf8) + [6, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let file = Self.extended(webp, flags: 2, side: 16, before: frames)
        #expect(throws: Problem.self) { try AvatarPicture.check(file) }
    }

    @Test("what libjpeg forgives is forgiven: fill bytes, and bytes of nothing before a marker")
    func forgiven() throws {
        let file = AvatarFiles.quarters(.jpeg)
        let second = 4 + Int(file[4]) * 256 + Int(file[5])
        let odd = Array(file[..<second]) + [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xFF, 0xFF] + file[second...]
        let pictures = try AvatarPicture.make(of: odd)
        let large = try #require(pictures[.large])
        #expect(AvatarFiles.read(large)?.colours == AvatarFiles.colours)
    }

    @Test("segments for applications between a JPEG's scans are bounded as those before them are")
    func segmentsBetweenScans() {
        let file = AvatarFiles.quarters(.jpeg, width: 8, height: 8)
        let markers: [[UInt8]] = Array(repeating: [0xFF, 0xEE, 0, 2], count: ImageHeader.mostSegments + 1)
        let many = Array(file.dropLast(2)) + Array(markers.joined()) + [0xFF, 0xD9]
        #expect(throws: Problem.self) { try AvatarPicture.check(many) }
    }

    @Test(
        "the texts of a PNG are not unpacked, whatever would come out",
        arguments: ["zTXt", "iTXt"])
    func textBombs(name: String) async throws {
        let text = Self.packed([UInt8](repeating: 97, count: 7_900_000))
        let head: [UInt8] = name == "iTXt" ? [99, 0, 1, 0, 0, 0] : [99, 0, 0]
        let chunks = Array(repeating: AvatarFiles.chunk(name, head + text), count: 120)
        let png = AvatarFiles.quarters(.png, width: 8, height: 8)
        let file = Array(png[..<33]) + Array(chunks.joined()) + png[33...]
        #expect(file.count < 2 << 20)
        let growth = try await ProcessMemory.growthKiB { _ = try AvatarPicture.make(of: file) }
        #expect(growth < 300 << 10)
    }

    @Test("a PNG whose pixels unpack to far more than its size takes is refused before it is decoded")
    func pixelBomb() throws {
        let kind: [UInt8] = [8, 2, 0, 0, 0]
        func file(_ bytes: Int) -> [UInt8] {
            let pixels = Self.packed([UInt8](repeating: 0, count: bytes))
            return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
                + AvatarFiles.chunk("IHDR", AvatarFiles.big32(8) + AvatarFiles.big32(8) + kind)
                + AvatarFiles.chunk("IDAT", Array(pixels.prefix(9))) + AvatarFiles.chunk("IDAT", [])
                + AvatarFiles.chunk("IDAT", Array(pixels.dropFirst(9))) + AvatarFiles.chunk("IEND", [])
        }
        #expect(throws: Never.self) { try AvatarPicture.make(of: file(8 * 25)) }
        let problem = #expect(throws: Problem.self) { try AvatarPicture.make(of: file(1_000_000)) }
        #expect(problem?.errors.map(\.code) == [.outOfRange])
    }

    private static func packed(_ content: [UInt8]) -> [UInt8] {
        var packed = [UInt8](repeating: 0, count: Int(compressBound(uLong(content.count))))
        var count = uLong(packed.count)
        let result = compress2(&packed, &count, content, uLong(content.count), 9)
        #expect(result == Z_OK)
        return Array(packed.prefix(Int(count)))
    }

    @Test("the decoder gets nothing of a file but what makes the picture")
    func plain() throws {
        let words = Array("GPS 52.5200 13.4050 and more".utf8)
        let png = AvatarFiles.quarters(.png)
        let texts = ["tEXt", "zTXt", "iTXt", "iCCP", "eXIf", "gAMA", "acTL"].flatMap { AvatarFiles.chunk($0, words) }
        let jpeg = AvatarFiles.jpeg(
            AvatarFiles.quarters(.jpeg),
            adding: [(0xE1, Array("Exif\0\0".utf8) + words), (0xE2, words), (0xEE, words), (0xFE, words)])
        let webp = AvatarFiles.quarters(.webp)
        let chunks = ["ICCP", "XMP ", "EXIF"].map { Array($0.utf8) + [UInt8(words.count), 0, 0, 0] + words }
        let comment = Self.segment(0xFE, words)
        let files = [
            Array(png[..<33]) + texts + png[33...] + words, Array(jpeg.dropLast(2)) + comment + [0xFF, 0xD9] + words,
            Self.extended(webp, flags: 0x2C, side: 400, before: chunks[0], after: chunks[1] + chunks[2]),
        ]
        for (file, bare) in zip(files, [png, AvatarFiles.quarters(.jpeg), webp]) {
            let header = try #require(ImageHeader(file))
            #expect(Data(header.plain).range(of: Data("GPS".utf8)) == nil)
            #expect(header.plain == ImageHeader(bare)?.plain)
            #expect(throws: Never.self) { try AvatarPicture.make(of: file) }
        }
    }

    @Test("what says how a JPEG's colours are meant stays")
    func colours() throws {
        var file = AvatarFiles.quarters(.jpeg)
        file.removeSubrange(2..<20)
        // Without the one segment, and with the other one: three channels that are red, green and blue as they stand.
        let adobe = AvatarFiles.jpeg(file, adding: [(0xEE, Array("Adobe".utf8) + [0, 100, 0, 0, 0, 0, 0])])
        let header = try #require(ImageHeader(adobe))
        let expected = try #require(AvatarFiles.read(adobe)).colours
        #expect(expected != AvatarFiles.colours)
        #expect(AvatarFiles.read(header.plain)?.colours == expected)
    }

    @Test("where a lossy WebP is transparent its picture is white")
    func transparency() throws {
        let picture = try #require(gdImageCreateTrueColor(64, 64))
        defer { gdImageDestroy(picture) }
        gdImageAlphaBlending(picture, 0)
        gdImageSaveAlpha(picture, 1)
        gdImageFilledRectangle(picture, 0, 0, 31, 63, 0x7F00_0000)
        gdImageFilledRectangle(picture, 32, 0, 63, 63, 0xFF0000)
        var size: Int32 = 0
        let bytes = try #require(gdImageWebpPtrEx(picture, &size, 80))
        defer { gdFree(bytes) }
        let file = Array(UnsafeRawBufferPointer(start: bytes, count: Int(size)))
        #expect(Data(file).range(of: Data("ALPH".utf8)) != nil)
        let pictures = try AvatarPicture.make(of: file)
        let large = try #require(pictures[.large])
        #expect(AvatarFiles.read(large)?.colours == [0xFFFFFF, 0xFF0000, 0xFFFFFF, 0xFF0000])
    }
}
