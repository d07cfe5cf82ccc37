import Foundation
import Protocol
import Testing

/// The examples in `spec/asyncapi.yaml` are frames as this code writes and reads them.
struct AsyncAPIExampleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        let message: String
        let json: String
        var testDescription: String { "\(message) \(json.prefix(60))" }
    }

    static let examples: [Example] = {
        let file = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "spec/asyncapi.yaml")
        // A file that cannot be read leaves no example, which the first test notices.
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        var message = ""
        var examples: [Example] = []
        for line in text.split(separator: "\n") {
            if let heading = line.wholeMatch(of: /[ ]{4}((?:client|server)\.[a-z]+):/) { message = String(heading.1) }
            guard let payload = line.range(of: "payload: {") else { continue }
            examples.append(Example(message: message, json: "{" + line[payload.upperBound...]))
        }
        return examples
    }()

    @Test("every message has an example")
    func everyMessageHasOne() {
        #expect(Set(Self.examples.map(\.message)).count == 28)
    }

    @Test(
        "a client's example is read, and written back as it stands",
        arguments: examples.filter { $0.message.hasPrefix("client.") })
    func clientExamples(_ example: Example) throws {
        let frame = try ClientFrame(example.json.utf8)
        #expect(String(decoding: frame.json, as: UTF8.self) == example.json)
    }

    @Test(
        "a server's example is read, and written back as it stands",
        arguments: examples.filter { $0.message.hasPrefix("server.") })
    func serverExamples(_ example: Example) throws {
        let frame = try ServerFrame(example.json.utf8)
        #expect(String(decoding: frame.json, as: UTF8.self) == example.json)
    }

    @Test("the hash in an example's snapshot is that of its state")
    func snapshotHashes() throws {
        for example in Self.examples {
            guard example.message.hasPrefix("server.") else { continue }
            let snapshot: Snapshot
            switch try ServerFrame(example.json.utf8) {
            case .reset(_, let reset): snapshot = reset
            case .subscribed(_, let answer):
                guard case .snapshot(let given) = answer.content else { continue }
                snapshot = given
            default: continue
            }
            #expect(try snapshot.decoded().stateHash == snapshot.stateHash)
        }
    }
}
