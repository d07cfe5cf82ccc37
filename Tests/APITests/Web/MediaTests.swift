import Foundation
import Protocol
import TestKit
import Testing

@testable import API

@Suite("Bodies and answers of bytes")
struct MediaTests {
    private static let csv = [("Content-Type", "text/csv")]

    private func spool(
        _ user: TestUser, _ data: Data, _ headers: [(String, String)] = MediaTests.csv
    ) async throws -> RESTAnswer {
        try await user.client.send("POST", "/v1/probe/spool", json: data, headers: headers)
    }

    @Test("a body is spooled whole, and its file is gone with the request")
    func spooled() async throws {
        let directory = NSTemporaryDirectory() + "fitai-spool-\(UUIDv7.make())"
        try await Probe.run(adjust: { $0.spoolDirectory = directory }) { server in
            let user = try await server.user("ada")
            let data = Data((0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 3) })
            let sum = data.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF_FFFF }
            let answer: Probe.Sum = try await spool(user, data).decoded()
            #expect(answer.sizeBytes == data.count)
            #expect(answer.sum == sum)
            #expect(try await spool(user, Data()).decoded(as: Probe.Sum.self).sizeBytes == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        }
        try FileManager.default.removeItem(atPath: directory)
    }

    @Test("the media type's parameters are at hand, and other types and codings are refused")
    func types() async throws {
        try await Probe.run { server in
            let user = try await server.user("ada")
            let form = [("Content-Type", "Multipart/Form-Data; charset=x; boundary=\"a;b\\\"c\"")]
            #expect(try await spool(user, Data("x".utf8), form).decoded(as: Probe.Sum.self).type == "a;b\"c")
            for type in ["application/json", "text/csvx", "text", "text/csv; =", ""] {
                let answer = try await spool(user, Data("x".utf8), [("Content-Type", type)])
                #expect(answer.status == 415, "\(type)")
            }
            for coding in ["gzip", "br", "gzip, identity"] {
                let answer = try await spool(user, Data("x".utf8), Self.csv + [("Content-Encoding", coding)])
                #expect(answer.status == 415, "\(coding)")
            }
            let plain = try await spool(user, Data("x".utf8), Self.csv + [("Content-Encoding", "identity")])
            #expect(plain.status == 200)
        }
    }

    @Test("a body beyond its route's limit is refused, announced or not")
    func tooLarge() async throws {
        try await Probe.run { server in
            let user = try await server.user("ada")
            #expect(try await spool(user, Data(count: (3 << 20) + 1)).status == 413)
            let bytes = Data(count: 1001)
            let small = try await server.client.send("POST", "/v1/probe/bytes", json: bytes, headers: Self.csv)
            #expect(small.code == "bodyTooLarge")
            let fits = try await server.client.send(
                "POST", "/v1/probe/bytes", json: bytes.dropLast(), headers: Self.csv)
            #expect(fits.string("text") == "text/csv")
            let socket = try await RawSocket.connect(port: server.port)
            try await socket.write(
                "POST /v1/probe/bytes HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + String(repeating: "x", count: 1001)
                    + "\r\n0\r\n\r\n")
            #expect(try await socket.readHead().hasPrefix("HTTP/1.1 413"))
            try await socket.close()
        }
    }

    @Test("a body that does not arrive in its time is given up, and so is one that ends early")
    func late() async throws {
        try await Probe.run { server in
            let user = try await server.user("ada")
            let head =
                "POST /v1/probe/hurry HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 10\r\n"
                + "Authorization: Bearer \(user.tokens.accessToken)\r\n\r\n"
            let slow = try await RawSocket.connect(port: server.port)
            try await slow.write(head + "12345")
            #expect(try await slow.readHead().hasPrefix("HTTP/1.1 408"))
            try await slow.close()
            let cut = try await RawSocket.connect(port: server.port)
            try await cut.write(head + "12345")
            try await cut.close()
            // Both have given their places back: more uploads than there are places follow.
            for _ in 0..<4 { #expect(try await spool(user, Data("x".utf8)).status == 200) }
        }
    }

    @Test("uploads beyond a user's places are told to come again")
    func places() async throws {
        try await Probe.run(adjust: { $0.uploadPlaces = (total: 3, perUser: 0) }) { server in
            let user = try await server.user("ada")
            let answer = try await spool(user, Data("x".utf8))
            #expect(answer.status == 503)
            #expect(answer[header: "retry-after"] != nil)
        }
    }

    @Test("when all places are taken the slowest sender's goes to who comes, never one whose body has arrived")
    func slowest() throws {
        let places = UploadPlaces(total: 2, perUser: 1, grace: .zero)
        let users = (0..<4).map { _ in UserID.make() }
        let slow = try places.take(users[0])
        try slow.came(10)
        let fast = try places.take(users[1])
        try fast.came(1_000_000)
        #expect(throws: Problem.self) { try places.take(users[0]) }
        var third: UploadPlace? = try places.take(users[2])
        #expect(throws: Problem.self) { try slow.came(10) }
        try fast.came(10)
        try fast.arrived()
        try third?.arrived()
        #expect(throws: Problem.self) { try places.take(users[3]) }
        third = nil
        _ = try places.take(users[3])
    }

    @Test("a repeat under an Idempotency-Key gets the first answer, another body is refused")
    func keyed() async throws {
        try await Probe.run { server in
            let user = try await server.user("ada")
            let key = Self.csv + [("Idempotency-Key", "one")]
            let body = Data(repeating: 65, count: 2 << 20)
            let first = try await spool(user, body, key)
            let second = try await spool(user, body, key)
            #expect(first.status == 200)
            #expect(first.text == second.text)
            #expect(second[header: "idempotency-replayed"] == "true")
            let other = try await spool(user, body.dropLast() + Data([66]), key)
            #expect(other.code == "idempotencyKeyReused")
        }
    }

    @Test("bytes are answered with their type, name and tag, and compressed when they are text")
    func bytes() async throws {
        try await Probe.run { server in
            let answer = try await server.client.get("/v1/probe/csv")
            #expect(answer.body.count == 5000)
            #expect(answer[header: "content-type"] == "text/csv; charset=utf-8")
            #expect(
                answer[header: "content-disposition"]
                    == "attachment; filename=\"_bung _1_.csv\"; filename*=UTF-8''%C3%9Cbung%20%221%22.csv")
            let tag = try #require(answer[header: "etag"])
            let known = try await server.client.get("/v1/probe/csv", headers: [("If-None-Match", tag)])
            #expect(known.status == 304)
            let small = try await server.client.get("/v1/probe/csv", headers: [("Accept-Encoding", "gzip")])
            #expect(small[header: "content-encoding"] == "gzip")
        }
    }

    @Test("a stream arrives whole; one that fails half way is seen to be incomplete")
    func streams() async throws {
        try await Probe.run { server in
            let answer = try await server.client.get("/v1/probe/stream/whole")
            #expect(answer.text == (0..<1000).map { "\($0)\r\n" }.joined())
            #expect(answer[header: "content-disposition"] == "attachment; filename=\"lines.csv\"")
            await #expect(throws: (any Error).self) { try await server.client.get("/v1/probe/stream/broken") }
            let head = try await server.client.send("HEAD", "/v1/probe/stream/whole")
            #expect(head.status == 200)
            #expect(head.body.isEmpty)
        }
    }

    @Test("the specification shows the media types of bodies and answers")
    func specification() async throws {
        try await Probe.run { server in
            let paths = try #require(try server.api.specification.document().value["paths"])
            let body = paths["/v1/probe/spool"]?["post"]?["requestBody"]
            #expect(body?["content"]?["text/csv"]?["schema"] == ["type": "string"])
            #expect(
                body?["content"]?["multipart/form-data"]?["schema"]?["properties"]?["file"]
                    == ["type": "string", "format": "binary"])
            let answer = paths["/v1/probe/stream/{end}"]?["get"]?["responses"]?["200"]
            #expect(answer?["content"]?.members?.keys.sorted() == ["text/csv"])
        }
    }
}
