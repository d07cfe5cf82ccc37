import Crypto
import Foundation
import Protocol

/// Issues access tokens: JWTs (RFC 7519) signed with EdDSA (RFC 8037).
package struct TokenIssuer: Sendable {
    static let issuer = "fitai"
    private let key: SigningKeys.Key
    private let header: String

    package init(keys: SigningKeys) {
        key = keys.signing
        var writer = JSONWriter(capacity: 64)
        let id = key.id
        writer.object { header in
            header.member("alg", "EdDSA")
            header.member("kid", id)
            header.member("typ", "JWT")
        }
        header = Data(writer.bytes).base64URL
    }

    /// A token for the identity; its times are whole seconds.
    package func issue(_ identity: Identity, at time: Timestamp) throws -> String {
        var writer = JSONWriter()
        writer.object { claims in
            claims.member("iss", TokenIssuer.issuer)
            claims.member("sub", identity.userId)
            claims.member("sid", identity.sid)
            claims.member("iat", time.milliseconds / 1000)
            claims.member("exp", identity.expiresAt.milliseconds / 1000)
            claims.member("verified", identity.isVerified)
            claims.member("role", identity.role.rawValue)
        }
        let signed = "\(header).\(Data(writer.bytes).base64URL)"
        let signature = try key.privateKey.signature(for: Data(signed.utf8))
        return "\(signed).\(Data(signature).base64URL)"
    }
}

/// Verifies access tokens, synchronously and without I/O; used by REST and by the socket.
package struct TokenVerifier: Sendable {
    private let keys: [String: Curve25519.Signing.PublicKey]
    private let revoked: RevokedSessions
    private let now: @Sendable () -> Timestamp

    package init(keys: SigningKeys, revoked: RevokedSessions, now: @escaping @Sendable () -> Timestamp) {
        self.keys = Dictionary(
            keys.keys.map { ($0.id, $0.privateKey.publicKey) }, uniquingKeysWith: { first, _ in first })
        self.revoked = revoked
        self.now = now
    }

    /// Who bears the token. Throws `.expired`, `.revoked`, or `.invalid` for whatever we did not sign.
    package func verify(_ token: String) throws(TokenFault) -> Identity {
        guard token.utf8.count <= 2048 else { throw .invalid }
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = object(parts[0]), header["alg"]?.string == "EdDSA",
            header["crit"] == nil, let key = header["kid"]?.string.flatMap({ keys[$0] }),
            let signature = Data(base64URL: parts[2]),
            key.isValidSignature(signature, for: Data("\(parts[0]).\(parts[1])".utf8)),
            let claims = object(parts[1]), claims["iss"]?.string == TokenIssuer.issuer,
            let userId = claims["sub"]?.id, let sid = claims["sid"]?.id, let expiry = claims["exp"]?.integer,
            let role = claims["role"]?.string.flatMap({ Role(rawValue: $0) })
        else { throw .invalid }
        let expiresAt = Timestamp(milliseconds: expiry * 1000)
        guard now() < expiresAt else { throw .expired }
        guard !revoked.contains(sid) else { throw .revoked }
        return Identity(
            userId: userId, sid: sid, expiresAt: expiresAt, isVerified: claims["verified"]?.bool ?? false, role: role)
    }

    private func object(_ part: Substring) -> JSONValue? {
        guard let data = Data(base64URL: part), String(validating: data, as: UTF8.self) != nil else { return nil }
        // A header or claims that are no JSON make the token invalid, the reason is of no use.
        return try? JSONReader.parse(Array(data))
    }
}
