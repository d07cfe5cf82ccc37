import Foundation
import Protocol

/// A signed token taken apart (RFC 7515, compact serialization); none of it is to be believed before its signature is
/// verified.
struct SignedToken: Sendable {
    let keyId: String?
    let algorithm: String
    let claims: JSONValue
    /// What the signature is of.
    let signed: Data
    let signature: Data

    /// Nil for what is no such token, is longer than `mostBytes`, or asks for extensions.
    init?(_ text: String, mostBytes: Int) {
        guard text.utf8.count <= mostBytes else { return nil }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.object(parts[0]), header["crit"] == nil,
            let algorithm = header["alg"]?.string, let claims = Self.object(parts[1]),
            let signature = Data(base64URL: parts[2])
        else { return nil }
        keyId = header["kid"]?.string
        self.algorithm = algorithm
        self.claims = claims
        signed = Data("\(parts[0]).\(parts[1])".utf8)
        self.signature = signature
    }

    private static func object(_ part: Substring) -> JSONValue? {
        guard let data = Data(base64URL: part), String(validating: data, as: UTF8.self) != nil else { return nil }
        // Parts that are no JSON make no token; the reason is of no use.
        return try? JSONReader.parse(Array(data))
    }
}
