import API
import Foundation
import Synchronization

/// Compares what a server answers with what its specification says: status, media type, and every member of the body.
///
/// Every REST test talks through it, so whatever a test sees on the wire is held to the specification as well.
package final class WireCheck: Sendable {
    package struct Drift: Error, CustomStringConvertible { package let description: String }

    private let document: DocumentValue
    private let faults = Mutex<[String]>([])
    private let answered = Mutex<Set<String>>([])

    package init(_ document: DocumentValue) { self.document = document }

    /// Operations that have answered, each with a status: `get /v1/users/profile 200`.
    package var seen: Set<String> { answered.withLock { $0 } }

    /// Throws `Drift` when an answer was not as specified.
    package func verdict() throws {
        let faults = faults.withLock { $0 }
        if !faults.isEmpty { throw Drift(description: Set(faults).sorted().joined(separator: "\n")) }
    }

    func saw(_ method: String, _ target: String, _ answer: RESTAnswer) {
        let path = String(target.prefix { $0 != "?" })
        guard let (template, operations) = operations(at: path) else { return expect(answer, 404, "\(method) \(path)") }
        let verb = method == "HEAD" ? "get" : method.lowercased()
        guard let operation = operations[verb] else { return expect(answer, 405, "\(method) \(path)") }
        let place = "\(verb) \(template) \(answer.status)"
        answered.withLock { _ = $0.insert(place) }
        guard let response = operation["responses"]?[String(answer.status)] else {
            return tell("\(place) is not specified; \(answer.code ?? "no problem")")
        }
        if method != "HEAD" { compare(answer, response, at: place) }
    }

    private func expect(_ answer: RESTAnswer, _ status: Int, _ place: String) {
        if answer.status != status { tell("\(place) is not specified and answers \(answer.status)") }
    }

    private func tell(_ fault: String) { faults.withLock { $0.append(fault) } }

    private func compare(_ answer: RESTAnswer, _ response: DocumentValue, at place: String) {
        guard let content = response["content"]?.members else {
            if !answer.body.isEmpty { tell("\(place) has a body that is not specified") }
            return
        }
        let type = (answer[header: "content-type"] ?? "").split(separator: ";").first.map(String.init) ?? ""
        guard let media = content[type] else { return tell("\(place) answers \(type), which is not specified") }
        guard type.hasSuffix("json"), answer[header: "content-encoding"] == nil else { return }
        do {
            let body = try JSONDecoder().decode(DocumentValue.self, from: Data(answer.body))
            let validator = SchemaValidator(document: document)
            for fault in validator.faults(of: body, against: media["schema"] ?? [:], at: "") {
                tell("\(place): \(fault)")
            }
        } catch {
            tell("\(place) is no JSON: \(error)")
        }
    }

    /// The operations of the template that a path falls under; literal segments win.
    private func operations(at path: String) -> (String, DocumentValue)? {
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        let fitting = (document["paths"]?.members ?? [:]).filter { template, _ in
            let parts = template.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count == segments.count
                && zip(parts, segments).allSatisfy { $0 == $1 || $0.hasPrefix("{") && !$1.isEmpty }
        }
        // "{" sorts behind every letter, so the template with the earliest literals comes first.
        return fitting.min { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

extension WireCheck {
    /// By whether there are rooms: the documents of the product's own routes. Making one takes longer than most tests.
    private static let documents = Mutex<[Bool: DocumentValue]>([:])

    /// Checks by the specification of `api`; `isWhole` says that it has no routes but the product's own.
    static func of(_ api: API, isLive: Bool, isWhole: Bool) throws -> WireCheck {
        guard isWhole else { return WireCheck(try api.specification.document().value) }
        return try documents.withLock { documents in
            let document = try documents[isLive] ?? api.specification.document().value
            documents[isLive] = document
            return WireCheck(document)
        }
    }

    /// The same for an answer that nobody sent.
    package func saw(_ method: String, _ target: String, status: Int, type: String, body: String) {
        var answer = RESTAnswer()
        answer.status = status
        answer.headers = [("Content-Type", type)]
        answer.body = Array(body.utf8)
        saw(method, target, answer)
    }
}
