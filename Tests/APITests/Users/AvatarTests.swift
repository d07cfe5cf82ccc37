import Foundation
import Protocol
import Store
import TestKit
import Testing

@testable import API

@Suite("Avatars")
struct AvatarTests {
    private func avatar(of user: TestUser) async throws -> Profile.Avatar? {
        try await user.client.get("/v1/users/profile").decoded(as: Profile.self).avatar
    }

    private func files(_ server: RESTServer) throws -> [String] {
        let folder = server.objectDirectory.appendingPathComponent("avatars").path
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test(
        "a picture of each format gets three sizes, is shown in the profile, and opens for those who see it there",
        arguments: [ImageHeader.Format.jpeg, .png, .webp])
    func formats(format: ImageHeader.Format) async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let file = AvatarFiles.quarters(format, width: 3000, height: 1200)
            let answer = try await ada.upload(AvatarFiles.form(file))
            #expect(answer.status == 201)
            let avatar: Profile.Avatar = try answer.decoded()
            #expect(answer[header: "location"] == avatar.large)
            for (path, side) in [(avatar.small, 64), (avatar.medium, 256), (avatar.large, 1024)] {
                let picture = try await bob.client.get(path)
                #expect(picture.status == 200)
                #expect(picture[header: "content-type"] == "image/jpeg")
                #expect(picture[header: "cache-control"] == "private, no-cache")
                #expect(picture[header: "x-content-type-options"] == "nosniff")
                let read = try #require(AvatarFiles.read(picture.body))
                #expect(read.width == side)
                #expect(read.height == side)
                #expect(read.colours == AvatarFiles.colours)
                let tag = try #require(picture[header: "etag"])
                #expect(try await bob.client.get(path, headers: [("If-None-Match", tag)]).status == 304)
                #expect(try await server.client.get(path, headers: [("If-None-Match", tag)]).status == 401)
            }
            #expect(try await self.avatar(of: ada)?.large == avatar.large)
            let seen: PublicProfile = try await bob.client.get("/v1/users/\(ada.id)").decoded()
            #expect(seen.avatar?.small == avatar.small)
            let hide = #"{"privacy": {"profile": "private"}}"#
            _ = try await ada.client.send("PUT", "/v1/users/preferences", text: hide)
            #expect(try await bob.client.get("/v1/users/\(ada.id)").decoded(as: PublicProfile.self).avatar == nil)
        }
    }

    @Test("knowing a picture's path is not enough: audience, blocks and its owner's leaving decide at once")
    func audience() async throws {
        try await RESTServer.run { server in
            let (ada, bob, eve) = (
                try await server.user("ada"), try await server.user("bob"), try await server.user("eve")
            )
            let avatar: Profile.Avatar = try await ada.upload(AvatarFiles.form(AvatarFiles.quarters())).decoded()
            let tag = try #require(try await eve.client.get(avatar.small)[header: "etag"])
            func statuses() async throws -> [Int] {
                var statuses: [Int] = []
                for user in [ada, bob, eve] {
                    let plain = try await user.client.get(avatar.small).status
                    // What a browser has kept is asked about as well.
                    let kept = try await user.client.get(avatar.small, headers: [("If-None-Match", tag)]).status
                    #expect(kept == (plain == 200 ? 304 : plain))
                    statuses.append(plain)
                }
                return statuses
            }
            func show(to audience: String) async throws {
                let body = #"{"privacy": {"profile": "\#(audience)"}}"#
                #expect(try await ada.client.send("PUT", "/v1/users/preferences", text: body).status == 200)
            }
            try await Relations(pool: server.pool).makeFriends([(ada.id, bob.id)], at: server.clock.now)
            #expect(try await statuses() == [200, 200, 200])
            try await show(to: "friends")
            #expect(try await statuses() == [200, 200, 404])
            try await show(to: "private")
            #expect(try await statuses() == [200, 404, 404])
            try await show(to: "public")
            #expect(try await ada.client.send("POST", "/v1/users/\(bob.id)/block").status == 204)
            #expect(try await eve.client.send("POST", "/v1/users/\(ada.id)/block").status == 204)
            #expect(try await statuses() == [200, 404, 404])
            #expect(try await eve.client.delete("/v1/users/\(ada.id)/block").status == 204)
            #expect(try await statuses() == [200, 404, 200])
            let password = #"{"password": "\#(RESTServer.password)"}"#
            #expect(try await ada.client.send("DELETE", "/v1/users/account", text: password).status == 202)
            #expect(try await eve.client.get(avatar.small).status == 404)
        }
    }

    @Test("the way a camera was held is honoured, and nothing of where it was stays", arguments: 1...8, [false, true])
    func orientation(orientation: Int, isBig: Bool) async throws {
        // Where each quarter of the stored picture is seen, by the meaning EXIF gives to the eight values.
        let shown = [
            [0, 1, 2, 3], [1, 0, 3, 2], [3, 2, 1, 0], [2, 3, 0, 1], [0, 2, 1, 3], [2, 0, 3, 1], [3, 1, 2, 0],
            [1, 3, 0, 2],
        ][orientation - 1]
        let exif = Array("Exif\0\0".utf8) + AvatarFiles.exif(UInt8(orientation), isBig: isBig)
        let file = AvatarFiles.jpeg(
            AvatarFiles.quarters(.jpeg), adding: [(0xE1, exif), (0xFE, Array("<script>alert(1)</script>".utf8))])
        let pictures = try AvatarPicture.make(of: file)
        for size in AvatarSize.allCases {
            let bytes = try #require(pictures[size])
            let read = try #require(AvatarFiles.read(bytes))
            #expect(read.colours == shown.map { AvatarFiles.colours[$0] })
            #expect(Data(bytes).range(of: Data("GPS".utf8)) == nil)
            #expect(Data(bytes).range(of: Data("Exif".utf8)) == nil)
            #expect(Data(bytes).range(of: Data("script".utf8)) == nil)
        }
    }

    @Test("PNG and WebP say how they lie in chunks of their own")
    func otherOrientations() throws {
        let png = AvatarFiles.quarters(.png)
        let turned = Array(png[..<33]) + AvatarFiles.chunk("eXIf", AvatarFiles.exif(3)) + png[33...]
        #expect(ImageHeader(turned)?.orientation == 3)
        let pictures = try AvatarPicture.make(of: turned)
        let large = try #require(pictures[.large])
        let read = try #require(AvatarFiles.read(large))
        #expect(read.colours == AvatarFiles.colours.reversed())
        let exif = AvatarFiles.exif(6)
        let chunk = Array("EXIF".utf8) + [UInt8(exif.count), 0, 0, 0] + exif
        #expect(ImageHeader(AvatarFiles.quarters(.webp) + chunk)?.orientation == 6)
    }

    @Test("small pictures are not made larger, and odd shapes lose their ends")
    func shapes() throws {
        for (width, height, sides) in [(1, 1, [1, 1, 1]), (100, 30, [30, 30, 30]), (1000, 300, [64, 256, 300])] {
            let pictures = try AvatarPicture.make(
                of: AvatarFiles.quarters(.png, width: Int32(width), height: Int32(height)))
            let found = AvatarSize.allCases.compactMap { pictures[$0].flatMap(AvatarFiles.read)?.width }
            #expect(found == sides)
        }
    }

    @Test(
        "a small file that says it is huge is refused before it is decoded",
        arguments: [(50_000, 50_000), (4_294_967_295, 4_294_967_295), (40_000_001, 1), (6325, 6325)]
            as [(UInt32, UInt32)])
    func bombs(width: UInt32, height: UInt32) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let file = AvatarFiles.bomb(width: width, height: height)
            #expect(file.count < 100)
            let answer = try await ada.upload(AvatarFiles.form(file))
            #expect(answer.status == 422)
            #expect(try answer.problem.errors.map(\.pointer) == ["/avatar"])
            #expect(try answer.problem.errors.map(\.code) == [.outOfRange])
            #expect(try await avatar(of: ada) == nil)
            #expect(try files(server).isEmpty)
        }
    }

    @Test("a JPEG of endless scans is refused before it is decoded")
    func scans() {
        let scan: [UInt8] = [0xFF, 0xDA, 0, 2]
        let file = AvatarFiles.quarters(.jpeg).dropLast(2) + (0..<AvatarPicture.mostPasses).flatMap { _ in scan }
        let end: [UInt8] = [0xFF, 0xD9]
        let problem = #expect(throws: Problem.self) { try AvatarPicture.check(Array(file) + end) }
        #expect(problem?.errors.map(\.code) == [.outOfRange])
    }

    @Test("the larger a JPEG the fewer scans it may have")
    func scansOfLarge() throws {
        var small = AvatarFiles.quarters(.jpeg)
        let frame = try #require(
            small.indices.dropLast().first { small[$0] == 0xFF && [0xC0, 0xC2].contains(small[$0 + 1]) })
        // 6,000 × 6,000 pixels: the marker is followed by length, depth, height and width.
        small.replaceSubrange(frame + 5..<frame + 9, with: [0x17, 0x70, 0x17, 0x70])
        func file(_ more: Int) -> [UInt8] {
            let scans: [[UInt8]] = Array(repeating: [0xFF, 0xDA, 0, 2], count: more)
            return Array(small[..<(small.count - 2)]) + Array(scans.joined()) + [0xFF, 0xD9]
        }
        #expect(try AvatarPicture.check(file(9)).passes == 10)
        #expect(throws: Problem.self) { try AvatarPicture.check(file(11)) }
    }

    @Test("files that are cut short, damaged or something else are refused and change nothing")
    func garbage() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let first: Profile.Avatar = try await ada.upload(AvatarFiles.form(AvatarFiles.quarters())).decoded()
            for format in [ImageHeader.Format.jpeg, .png, .webp] {
                let whole = AvatarFiles.quarters(format)
                for length in [12, 40, whole.count / 2, whole.count - 20] {
                    let answer = try await ada.upload(AvatarFiles.form(Array(whole[..<min(length, whole.count - 1)])))
                    #expect(answer.status == 422, "\(format) \(length)")
                    #expect(try answer.problem.errors.map(\.code) == [.malformed])
                }
            }
            let others: [[UInt8]] = [
                Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0], Array("<svg xmlns='http://www.w3.org/2000/svg'/>".utf8),
                Array("#!/bin/sh".utf8), [0], Array("BM".utf8), Array("<html>".utf8) + AvatarFiles.quarters(.jpeg),
            ]
            for other in others {
                let answer = try await ada.upload(AvatarFiles.form(other))
                #expect(answer.status == 415)
                #expect(answer.code == "unsupportedMediaType")
            }
            #expect(try await avatar(of: ada)?.large == first.large)
            #expect(try files(server).count == 3)
        }
    }

    @Test("content decides and not the name; of a file that is a picture and something else only the picture is kept")
    func polyglot() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let page = Array("<html><script>alert(1)</script>PK\u{3}\u{4}".utf8)
            let form = AvatarFiles.form(
                AvatarFiles.quarters(.jpeg) + page, name: "../../../etc/passwd.html", type: "text/html")
            let avatar: Profile.Avatar = try await ada.upload(form).decoded()
            let picture = try await ada.client.get(avatar.large)
            #expect(picture[header: "content-type"] == "image/jpeg")
            #expect(AvatarFiles.read(picture.body) != nil)
            #expect(Data(picture.body).range(of: Data("script".utf8)) == nil)
            #expect(try files(server).allSatisfy { $0.hasSuffix(".jpg") })
        }
    }

    @Test("ten mebibytes are taken, one byte more is not")
    func tooLarge() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let picture = AvatarFiles.quarters(.jpeg)
            let most = picture + [UInt8](repeating: 0, count: AvatarRoutes.mostBytes - picture.count)
            #expect(try await ada.upload(AvatarFiles.form(most)).status == 201)
            let answer = try await ada.upload(AvatarFiles.form(most + [0]))
            #expect(answer.status == 413)
            #expect(answer.code == "bodyTooLarge")
            let huge = try await ada.upload(AvatarFiles.form([UInt8](repeating: 0, count: 11 << 20)))
            #expect(huge.status == 413)
        }
    }

    @Test("what is no form with one file is refused")
    func forms() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let file = AvatarFiles.quarters()
            let whole = AvatarFiles.form(file)
            #expect(try await ada.upload(whole, boundary: "other").code == "malformedBody")
            #expect(try await ada.upload(whole, boundary: String(repeating: "x", count: 71)).code == "malformedBody")
            #expect(try await ada.upload(whole.dropLast(20)).code == "malformedBody")
            #expect(try await ada.upload(Data()).code == "malformedBody")
            #expect(try await ada.upload(Data("------gym\r\n".utf8)).code == "malformedBody")
            let other = try await ada.upload(AvatarFiles.form(file, part: "file"))
            #expect(try other.problem.errors.map(\.code) == [.required])
            #expect(try await ada.upload(AvatarFiles.form([])).status == 422)
            let twice = AvatarFiles.form(file).dropLast("------gym--\r\n".utf8.count) + AvatarFiles.form(file)
            #expect(try await ada.upload(twice).problem.errors.map(\.code) == [.repeated])
            let json = try await ada.client.send("POST", "/v1/users/upload-avatar", text: "{}")
            #expect(json.status == 415)
            let bare = [("Content-Type", "image/png")]
            let raw = try await ada.client.send(
                "POST", "/v1/users/upload-avatar", json: Data(file), headers: bare)
            #expect(raw.status == 415)
            let form = [("Content-Type", "multipart/form-data; boundary=----gym")]
            let stranger = try await server.client.send(
                "POST", "/v1/users/upload-avatar", json: whole, headers: form)
            #expect(stranger.status == 401)
            #expect(try await avatar(of: ada) == nil)
        }
    }

    @Test("a new picture takes the old one's place, whose files go once the profile shows the new one")
    func replaced() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let first: Profile.Avatar = try await ada.upload(AvatarFiles.form(AvatarFiles.quarters())).decoded()
            let second: Profile.Avatar = try await ada.upload(AvatarFiles.form(AvatarFiles.quarters(.jpeg))).decoded()
            #expect(first.large != second.large)
            #expect(try await avatar(of: ada)?.large == second.large)
            #expect(try files(server).count == 6)
            // Before the files go, too.
            #expect(try await ada.client.get(first.large).status == 404)
            try await server.runJobs()
            #expect(try files(server).count == 3)
            #expect(try await ada.client.get(first.large).status == 404)
            #expect(try await ada.client.get(second.large).status == 200)
            #expect(try await ada.client.delete("/v1/users/avatar").status == 204)
            #expect(try await ada.client.get(second.large).status == 404)
            #expect(try await ada.client.delete("/v1/users/avatar").status == 204)
            #expect(try await avatar(of: ada) == nil)
            try await server.runJobs()
            #expect(try files(server).isEmpty)
            #expect(try await server.pool.first("select count(*) from avatars", as: Int.self) == 0)
            #expect(try await server.client.delete("/v1/users/avatar").status == 401)
        }
    }

    @Test("two uploads at once leave one picture, and a repeat under its key finds what it made")
    func concurrent() async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let form = AvatarFiles.form(AvatarFiles.quarters())
            async let first = ada.upload(form)
            async let second = ada.upload(AvatarFiles.form(AvatarFiles.quarters(.jpeg)))
            let statuses = try await [first.status, second.status]
            #expect(statuses == [201, 201])
            try await server.runJobs()
            #expect(try files(server).count == 3)
            let once = try await ada.upload(form, key: "k1")
            let again = try await ada.upload(form, key: "k1")
            #expect(again[header: "idempotency-replayed"] == "true")
            #expect(once.body == again.body)
            #expect(try await ada.upload(AvatarFiles.form(AvatarFiles.quarters(.webp)), key: "k1").status == 422)
        }
    }

    @Test("what an interrupted upload left, and the pictures of erased users, are removed an hour later")
    func abandoned() async throws {
        try await RESTServer.run { server in
            let (ada, bob) = (try await server.user("ada"), try await server.user("bob"))
            let kept: Profile.Avatar = try await ada.upload(AvatarFiles.form(AvatarFiles.quarters())).decoded()
            _ = try await bob.upload(AvatarFiles.form(AvatarFiles.quarters()))
            try await server.pool.execute(
                """
                insert into avatars (id, user_id, state, created_at)
                values (\(UUIDv7.make()), \(ada.id), 'pending', \(server.clock.now))
                """)
            let avatars = server.api.avatars
            #expect(try await avatars.removeAbandoned() == 0)
            try await server.pool.execute("delete from users where id = \(bob.id)")
            server.clock.advance(by: .seconds(3601))
            #expect(try await avatars.removeAbandoned() == 2)
            #expect(try await avatars.removeAbandoned() == 0)
            #expect(try files(server).count == 3)
            let login = LoginRequest(login: "ada", password: RESTServer.password)
            let signedIn: SignedIn = try await server.client.post("/v1/auth/login", login).decoded()
            let client = server.client(token: signedIn.tokens.accessToken)
            #expect(try await client.get(kept.small).status == 200)
        }
    }

    @Test(
        "paths lead to pictures only",
        arguments: [
            "/v1/avatars/..%2F..%2Fkeys/64", "/v1/avatars/../../keys/64", "/v1/avatars/%2e%2e/64",
            "/v1/avatars/ID/65", "/v1/avatars/ID/0064", "/v1/avatars/ID/64.jpg", "/v1/avatars/ID/..%2F64",
            "/v1/avatars/ID%00/64", "/v1/avatars/OTHER/64", "/v1/avatars/ID",
        ])
    func paths(path: String) async throws {
        try await RESTServer.run { server in
            let ada = try await server.user("ada")
            let avatar: Profile.Avatar = try await ada.upload(AvatarFiles.form(AvatarFiles.quarters())).decoded()
            let id = String(avatar.small.split(separator: "/")[2])
            let target = path.replacing("ID", with: id).replacing("OTHER", with: UUIDv7.make().description)
            #expect(try await ada.client.get(target).status == 404)
        }
    }

    @Test("a store that is away is told with when to come back, and nothing is changed")
    func storeAway() async throws {
        let nowhere = try #require(OutgoingAddress("http://127.0.0.1:9"))
        let s3 = S3Configuration(
            endpoint: nowhere, bucket: "pictures", region: "eu-1", accessKeyId: "k", secretAccessKey: "s")
        try await RESTServer.run(adjust: { $0.objects = .s3(s3) }) { server in
            let ada = try await server.user("ada")
            let answer = try await ada.upload(AvatarFiles.form(AvatarFiles.quarters()))
            #expect(answer.status == 503)
            #expect(answer[header: "retry-after"] == "5")
            #expect(try await avatar(of: ada) == nil)
            let id = UUIDv7.make()
            try await server.pool.execute(
                """
                insert into avatars (id, user_id, state, created_at)
                values (\(id), \(ada.id), 'current', \(server.clock.now))
                """)
            try await server.pool.execute("update users set avatar_id = \(id) where id = \(ada.id)")
            #expect(try await ada.client.get("/v1/avatars/\(id)/64").status == 503)
        }
    }

    @Test("requests are signed as Amazon's own example is")
    func signature() {
        let signature = S3Signature(
            accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            region: "us-east-1")
        let hash = S3Signature.hash(of: [])
        let stamp = S3Signature.stamp(Timestamp(milliseconds: 1_369_353_600_000))
        #expect(stamp == "20130524T000000Z")
        let header = signature.authorization(
            method: "GET", path: "/test.txt",
            headers: [
                ("Host", "examplebucket.s3.amazonaws.com"), ("Range", "bytes=0-9"), ("x-amz-content-sha256", hash),
                ("x-amz-date", stamp),
            ], bodyHash: hash, stamp: stamp)
        #expect(header.hasSuffix("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"))
        #expect(header.contains("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date"))
    }
}
