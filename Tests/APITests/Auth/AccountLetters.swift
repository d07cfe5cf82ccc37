import Foundation
import TestKit
import Testing

extension RESTServer {
    /// The secret of the latest mail whose link holds the path, of those to one address if it is given.
    func secret(_ path: String, to address: String? = nil) async throws -> String {
        let mail = try #require(
            try await mails.last { mail in
                mail.contains("\(path)token=") && address.map { mail.contains("To: <\($0)>") } ?? true
            }, "no mail with \(path)")
        let range = try #require(mail.firstRange(of: "\(path)token="))
        return String(mail[range.upperBound...].prefix { !$0.isWhitespace })
    }

    /// The subjects of the mails to an address, oldest first.
    func subjects(to address: String) async throws -> [String] {
        try await mails.filter { $0.contains("To: <\(address)>") }.compactMap { mail in
            mail.split(whereSeparator: \.isNewline).first { $0.hasPrefix("Subject: ") }.map {
                String($0.dropFirst("Subject: ".count))
            }
        }
    }

    /// The value of a cookie that an answer sets, as a header that sends it back.
    func cookie(_ name: String, of answer: RESTAnswer) throws -> (String, String) {
        let header = try #require(
            answer.headers.first { $0.0.lowercased() == "set-cookie" && $0.1.hasPrefix("\(name)=") }?.1,
            "no cookie \(name)")
        return ("Cookie", String(header.prefix { $0 != ";" }))
    }
}
