import Foundation
import Protocol
import TestKit
import Testing

@testable import API

/// The work that a file's header makes, counted in bytes that are looked at.
@Suite("What pictures cost before they are decoded")
struct ImageHeaderTests {
    /// A TIFF directory of so many entries, none of which tells the orientation.
    private static func directory(entries: Int) -> [UInt8] {
        let head: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, UInt8(entries >> 8), UInt8(entries & 0xFF)]
        return head + [UInt8](repeating: 0, count: entries * 12)
    }

    /// Small EXIF data whose directory lies so many bytes behind it: many of them share one large directory.
    private static func pointer(to offset: Int) -> [UInt8] {
        [0x4D, 0x4D, 0, 42] + AvatarFiles.big32(UInt32(offset))
    }

    private static let pngHead: [UInt8] =
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        + AvatarFiles.chunk("IHDR", AvatarFiles.big32(8) + AvatarFiles.big32(8) + [8, 2, 0, 0, 0])

    /// Each file made so that as much as possible of it is looked at as often as possible.
    static let hostile: [(name: String, file: [UInt8])] = [
        (
            "PNG with many eXIf chunks",
            pngHead + (0..<800).flatMap { _ in AvatarFiles.chunk("eXIf", directory(entries: 10)) }
        ),
        (
            "PNG with eXIf chunks that share a directory of 65,535 entries",
            {
                let count = 2000
                let chunks = (0..<count).flatMap { index -> [UInt8] in
                    let behind = (count - index) * 20 - 8
                    return AvatarFiles.big32(8) + Array("eXIf".utf8) + pointer(to: behind) + [0, 0, 0, 0]
                }
                return pngHead + chunks + [0xFF, 0xFF] + [UInt8](repeating: 0, count: 70_000)
            }()
        ),
        ("PNG of empty chunks", pngHead + (0..<9000).flatMap { _ in [UInt8](repeating: 0, count: 12) }),
        (
            "JPEG with many EXIF segments that share a directory",
            [0xFF, 0xD8]
                + (0..<2000).flatMap { index -> [UInt8] in
                    [0xFF, 0xE1, 0, 16] + Array("Exif\0\0".utf8) + pointer(to: (2000 - index) * 18 - 10)
                } + [0xFF, 0xFF] + [UInt8](repeating: 0, count: 70_000)
        ),
        ("JPEG of fill bytes", [0xFF, 0xD8] + [UInt8](repeating: 0xFF, count: 200_000)),
        ("JPEG of empty segments", [0xFF, 0xD8] + (0..<25_000).flatMap { _ in [0xFF, 0xE0, 0, 2] as [UInt8] }),
        (
            "WebP with many EXIF chunks that share a directory",
            Array("RIFF\0\0\0\0WEBPVP8X".utf8) + [10, 0, 0, 0, 8, 0, 0, 0, 7, 0, 0, 7, 0, 0]
                + (0..<2000).flatMap { index -> [UInt8] in
                    Array("EXIF".utf8) + [8, 0, 0, 0] + pointer(to: (2000 - index) * 16 - 8)
                } + [0xFF, 0xFF] + [UInt8](repeating: 0, count: 70_000)
        ),
        (
            "WebP of empty chunks",
            Array("RIFF\0\0\0\0WEBPVP8X".utf8) + [10, 0, 0, 0, 8, 0, 0, 0, 7, 0, 0, 7, 0, 0]
                + [UInt8](repeating: 0, count: 200_000)
        ),
    ]

    @Test("no file costs more than a few times its size", arguments: hostile.indices)
    func bounded(index: Int) {
        let (name, file) = Self.hostile[index]
        var bytes = ImageBytes(file)
        _ = ImageHeader(&bytes)
        #expect(bytes.steps <= file.count * ImageBytes.stepsPerByte, "\(name): \(bytes.steps) of \(file.count)")
    }

    @Test("only the first EXIF data of a file counts")
    func first() {
        let png = AvatarFiles.quarters(.png, width: 8, height: 8)
        let (six, three) = (
            AvatarFiles.chunk("eXIf", AvatarFiles.exif(6)), AvatarFiles.chunk("eXIf", AvatarFiles.exif(3))
        )
        #expect(ImageHeader(Array(png[..<33]) + six + three + png[33...])?.orientation == 6)
    }

    @Test("work that nobody waits for any more ends: the deadline of a request stops it")
    func stopped() async throws {
        let stop = WorkStop()
        stop.stop()
        #expect(throws: CancellationError.self) { try stop.check() }
        var bytes = ImageBytes(AvatarFiles.quarters(.jpeg), stop: stop)
        #expect(ImageHeader(&bytes) == nil)
        #expect(bytes.steps <= 16)
        let threads = BoundedThreads(count: 1, mostWaiting: 1)
        let service = Task { try await threads.run() }
        await #expect(throws: DeadlineExceeded.self) {
            try await withDeadline(.milliseconds(1)) {
                try await threads.perform { (stop: WorkStop) in while !stop.isStopped {} }
            }
        }
        service.cancel()
        try await service.value
    }

    @Test("hostile uploads are refused and leave the place free for the next one")
    func uploads() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            for (name, file) in Self.hostile {
                let answer = try await ada.upload(AvatarFiles.form(file))
                #expect(answer.status == 422, "\(name)")
            }
            #expect(try await ada.upload(AvatarFiles.form(AvatarFiles.quarters())).status == 201)
        }
    }
}
