import Foundation
import Glibc
import Protocol

/// Reads forms with files (RFC 7578).
enum MultipartForm {
    private static let mostParts = 20
    private static let mostHeaderBytes = 4096
    /// What a form may have beside its file.
    static let mostOverheadBytes = 64 * 1024

    struct Part: Sendable {
        let name: String
        let content: ArraySlice<UInt8>
    }

    /// The content of the one part of this name.
    ///
    /// Throws `malformedBody` for what is no form, `invalidValues` when the part is missing, empty or there twice.
    static func file(_ name: String, of body: [UInt8], _ type: MediaType) throws(Problem) -> [UInt8] {
        let found = try parts(of: body, boundary: type.parameters["boundary"] ?? "").filter { $0.name == name }
        guard let part = found.first, !part.content.isEmpty else { throw fault(name, .required, "Is required.") }
        guard found.count == 1 else { throw fault(name, .repeated, "Stands there twice.") }
        return Array(part.content)
    }

    /// All parts, in their order. Throws `malformedBody`.
    static func parts(of body: [UInt8], boundary: String) throws(Problem) -> [Part] {
        guard (1...70).contains(boundary.utf8.count) else { throw malformed("The boundary has 1 to 70 characters.") }
        let delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter may stand at the very beginning, without its line break.
        guard
            var place = body.starts(with: delimiter.dropFirst(2))
                ? delimiter.count - 2 : end(of: delimiter, in: body, 0)
        else { throw malformed("The boundary does not occur.") }
        var parts: [Part] = []
        while true {
            if body[place...].starts(with: Array("--".utf8)) { return parts }
            guard parts.count < mostParts else { throw malformed("At most \(mostParts) parts.") }
            // Spaces may stand behind a boundary.
            while place < body.count, body[place] == 0x20 || body[place] == 0x09 { place += 1 }
            guard body[place...].starts(with: [0x0D, 0x0A]) else { throw malformed("A boundary is not a line.") }
            // A part without headers begins with the empty line itself.
            guard let content = end(of: Array("\r\n\r\n".utf8), in: body, place), content - place <= mostHeaderBytes
            else { throw malformed("The headers of a part do not end.") }
            guard let next = end(of: delimiter, in: body, content - 2) else {
                throw malformed("The last boundary is missing.")
            }
            let close = max(content, next - delimiter.count)
            let headers = String(decoding: body[place..<content], as: UTF8.self)
            guard let name = name(in: headers) else { throw malformed("A part has no name.") }
            parts.append(Part(name: name, content: body[content..<close]))
            place = next
        }
    }

    /// The name that `Content-Disposition` gives a part.
    private static func name(in headers: String) -> String? {
        for line in headers.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "content-disposition",
                let (kind, parameters) = MediaType.parameters(of: String(line[line.index(after: colon)...])),
                kind == "form-data"
            else { continue }
            return parameters["name"]
        }
        return nil
    }

    /// The place behind the first occurrence of the bytes.
    private static func end(of wanted: [UInt8], in body: [UInt8], _ start: Int) -> Int? {
        body.withUnsafeBytes { body in
            guard let base = body.baseAddress else { return nil }
            var place = start
            while place + wanted.count <= body.count {
                let rest = body.count - wanted.count + 1 - place
                guard let hit = memchr(base + place, Int32(wanted[0]), rest) else { return nil }
                place = UnsafeRawPointer(hit) - base
                if memcmp(base + place, wanted, wanted.count) == 0 { return place + wanted.count }
                place += 1
            }
            return nil
        }
    }

    private static func malformed(_ detail: String) -> Problem {
        Problem(.malformedBody, detail: "The body is no multipart form: \(detail)")
    }

    private static func fault(_ name: String, _ code: FaultCode, _ detail: String) -> Problem {
        Problem(.invalidValues, errors: [Problem.Fault(pointer: "/\(name)", code: code, detail: detail)])
    }
}
