import Crypto
import Foundation
import Protocol
import TestKit
import Testing

@testable import API

@Suite("Cursors")
struct CursorTests {
    private let list = "exercises:search"
    private let keys: [Cursor.Key] = [.integer, .text, .id]

    @Test("a cursor comes back as it was, whatever its texts hold")
    func roundTrip() throws {
        let seal = Seal(SigningKeys(), purpose: "cursor")
        for name in ["Squat", "", "a\u{1F}b", "\"\\\n", "Kniebeuge 🏋️", String(repeating: "ü", count: 300)] {
            let cursor = Cursor(after: "-12", name, UUIDv7.make().description)
            let text = cursor.text(list: list, seal: seal)
            #expect(Cursor(text, list: list, keys: keys, seal: seal) == cursor)
            #expect(text.utf8.count <= Cursor.mostBytes)
        }
    }

    @Test("a cursor that was changed anywhere, is of another list or under another secret is none")
    func forged() throws {
        let signing = SigningKeys()
        let seal = Seal(signing, purpose: "cursor")
        let text = Cursor(after: "7", "Squat", UUIDv7.make().description).text(list: list, seal: seal)
        #expect(Cursor(text, list: "people", keys: keys, seal: seal) == nil)
        #expect(Cursor(text, list: list, keys: [.integer, .text], seal: seal) == nil)
        #expect(Cursor(text, list: list, keys: keys, seal: Seal(signing, purpose: "challenge")) == nil)
        #expect(Cursor(text, list: list, keys: keys, seal: Seal(SigningKeys(), purpose: "cursor")) == nil)
        let bytes = Array(try #require(Data(base64URL: text)))
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1
            #expect(Cursor(Data(changed).base64URL, list: list, keys: keys, seal: seal) == nil, "byte \(place)")
        }
        for length in bytes.indices {
            let cut = Data(bytes.prefix(length)).base64URL
            #expect(Cursor(cut, list: list, keys: keys, seal: seal) == nil, "\(length) bytes")
        }
    }

    @Test("under a new key old cursors still hold, and no longer once their key is gone")
    func rotation() throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fitai-keys-\(UUIDv7.make())")
        defer { try? FileManager.default.removeItem(at: directory) }  // a left-over directory harms nobody
        let before = try SigningKeys(directory: directory, now: Timestamp(milliseconds: 1000))
        let key = Data(Curve25519.Signing.PrivateKey().rawRepresentation.base64EncodedString().utf8)
        let file = directory.appendingPathComponent("2000.key")
        #expect(
            FileManager.default.createFile(atPath: file.path, contents: key, attributes: [.posixPermissions: 0o600]))
        let both = try SigningKeys(directory: directory, now: Timestamp(milliseconds: 3000))
        #expect(both.secrets(for: "cursor").count == 2)
        #expect(both.secrets(for: "cursor").last == before.secrets(for: "cursor").first)
        #expect(both.secrets(for: "cursor").first != both.secrets(for: "challenge").first)
        let body = Array("page".utf8)
        let tag = Seal(before, purpose: "cursor").tag(of: body)
        #expect(Seal(both, purpose: "cursor").isTag(tag, of: body))
        #expect(!Seal(before, purpose: "cursor").isTag(Seal(both, purpose: "cursor").tag(of: body), of: body))
        try FileManager.default.removeItem(at: directory.appendingPathComponent("1000.key"))
        let after = try SigningKeys(directory: directory, now: Timestamp(milliseconds: 3000))
        #expect(!Seal(after, purpose: "cursor").isTag(tag, of: body))
    }

    @Test("extreme keys are refused in every list, even under our seal, and end nothing")
    func extremes() async throws {
        let numbers = [Int.min, .min + 1, .max, -(1 << 53) - 1, 1 << 53, -(1 << 53), 0].map(String.init)
        let times = [
            "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59", "2016-12-31T23:59:60Z",
        ]
        let ids = ["00000000-0000-7000-8000-000000000000", "ffffffff-ffff-7fff-bfff-ffffffffffff"]
        let (integerFirst, timeFirst): ([Cursor.Key], [Cursor.Key]) = ([.integer, .text, .id], [.time, .id])
        let lists: [(method: String, path: String, list: String, keys: [Cursor.Key])] = [
            ("POST", "/v1/exercises/search?", ExerciseSearchOrder.name, ExerciseSearchOrder.keys),
            ("GET", "/v1/users/search?q=p&", PeopleSearch.Order.name, PeopleSearch.Order.keys),
            ("GET", "/v1/exercises?sort=popularity&", "exercises:popularity", integerFirst),
            ("GET", "/v1/exercises?sort=rating&", "exercises:rating", integerFirst),
            ("GET", "/v1/templates?sort=use&", "templates:use", [.integer, .id]),
            ("GET", "/v1/templates?sort=rating&", "templates:rating", [.integer, .id]),
            ("GET", "/v1/progress/strength?", TrainedOrder.name, TrainedOrder.keys),
            ("GET", "/v1/progress/body?", "progress:body", timeFirst), ("GET", "/v1/workouts?", "workouts", timeFirst),
            ("GET", "/v1/goals?", "goals", timeFirst),
        ]
        try await RESTServer.run(isLive: true) { server in
            let ada = try await server.user("ada")
            let seal = Seal(server.keys, purpose: "cursor")
            for (method, path, list, keys) in lists {
                for round in 0..<max(numbers.count, times.count) {
                    let values = keys.map { key in
                        switch key {
                        case .integer: numbers[round % numbers.count]
                        case .time: times[round % times.count]
                        case .id: ids[round % ids.count]
                        case .text: "\u{10FFFF}"
                        }
                    }
                    let cursor = Cursor(values: values).text(list: list, seal: seal)
                    let target = "\(path)cursor=\(cursor)"
                    let body = method == "POST" ? Data("{}".utf8) : nil
                    let answer = try await ada.client.send(method, target, json: body)
                    #expect([200, 422].contains(answer.status), "\(target): \(values)")
                    if Int(values[0]).map({ !Cursor.integers.contains($0) }) == true {
                        #expect(answer.faults == ["?cursor invalidCursor"], "\(target): \(values)")
                    }
                }
            }
        }
    }
}
