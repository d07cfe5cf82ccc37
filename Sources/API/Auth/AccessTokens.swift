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
            if let withheld = identity.withheldRole { claims.member("withheld", withheld.rawValue) }
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
        let identity = try read(token)
        try checkOpen(identity)
        return identity
    }

    /// Throws `.revoked` when the session has ended since its token was verified; for whoever has waited meanwhile.
    package func checkOpen(_ identity: Identity) throws(TokenFault) {
        guard !revoked.contains(identity.sid) else { throw .revoked }
    }

    /// The same, also when the session has ended since: for who asks about that later on anyway.
    package func read(_ token: String) throws(TokenFault) -> Identity {
        guard let token = SignedToken(token, mostBytes: 2048), token.algorithm == "EdDSA",
            let key = token.keyId.flatMap({ keys[$0] }), key.isValidSignature(token.signature, for: token.signed),
            token.claims["iss"]?.string == TokenIssuer.issuer, let userId = token.claims["sub"]?.id,
            let sid = token.claims["sid"]?.id, let expiry = token.claims["exp"]?.seconds,
            let role = token.claims["role"]?.string.flatMap({ Role(rawValue: $0) })
        else { throw .invalid }
        guard now() < expiry else { throw .expired }
        return Identity(
            userId: userId, sid: sid, expiresAt: expiry, isVerified: token.claims["verified"]?.bool ?? false,
            role: role, withheldRole: token.claims["withheld"]?.string.flatMap { Role(rawValue: $0) })
    }
}

extension JSONValue {
    /// A time in whole seconds since 1970, as in a token's claims; nil outside the years 0001 to 9999.
    fileprivate var seconds: Timestamp? {
        guard case .number(let number) = self else { return nil }
        return number.scaled(places: 3).flatMap { Timestamp(checking: $0) }
    }
}
