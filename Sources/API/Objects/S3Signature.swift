import Crypto
import Foundation
import Protocol

/// Signs requests as Amazon's Signature Version 4 says, with all headers it is given.
struct S3Signature: Sendable {
    let accessKeyId: String
    let secretAccessKey: String
    let region: String

    static func hash(of body: [UInt8]) -> String { hex(SHA256.hash(data: Data(body))) }

    /// `20130524T000000Z`
    static func stamp(_ time: Timestamp) -> String {
        time.rfc3339.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }

    /// The value of `Authorization`. The path is encoded already and has no query; `bodyHash` is that of the body;
    /// `headers` has `Host`, `x-amz-date` (which is `stamp`) and `x-amz-content-sha256`, each name once.
    func authorization(
        method: String, path: String, headers: [(String, String)], bodyHash: String, stamp: String
    ) -> String {
        let sorted = headers.map { ($0.0.lowercased(), $0.1.trimmingSpaces()) }.sorted { $0.0 < $1.0 }
        let names = sorted.map(\.0).joined(separator: ";")
        let lines = sorted.map { "\($0.0):\($0.1)\n" }.joined()
        let request = "\(method)\n\(path)\n\n\(lines)\n\(names)\n\(bodyHash)"
        let scope = "\(stamp.prefix(8))/\(region)/s3/aws4_request"
        let toSign = "AWS4-HMAC-SHA256\n\(stamp)\n\(scope)\n\(Self.hex(SHA256.hash(data: Data(request.utf8))))"
        var key = SymmetricKey(data: Data("AWS4\(secretAccessKey)".utf8))
        for part in [String(stamp.prefix(8)), region, "s3", "aws4_request"] {
            key = SymmetricKey(data: Data(HMAC<SHA256>.authenticationCode(for: Data(part.utf8), using: key)))
        }
        let signature = Self.hex(HMAC<SHA256>.authenticationCode(for: Data(toSign.utf8), using: key))
        return
            "AWS4-HMAC-SHA256 Credential=\(accessKeyId)/\(scope),SignedHeaders=\(names),Signature=\(signature)"
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
