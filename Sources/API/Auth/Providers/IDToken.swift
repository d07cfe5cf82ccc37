import Protocol

/// An id_token (OpenID Connect Core, section 2), believed only after every check.
struct IDToken: Sendable {
    struct Expectation: Sendable {
        /// Without a slash at the end.
        let issuer: String
        let audience: String
        let nonce: String
        let at: Timestamp
    }

    /// Clocks differ by so much at most.
    private static let leewaySeconds: Int64 = 60

    private let token: SignedToken

    /// Names the key that is to have signed it.
    var keyId: String? { token.keyId }

    /// Takes the token apart. Throws `SignInRefused` for what is none.
    init(_ text: String) throws {
        guard let token = SignedToken(text, mostBytes: 16_384) else {
            throw SignInRefused("the id_token cannot be read")
        }
        self.token = token
    }

    /// What the token says. Throws `SignInRefused` unless the key signed it, for us, for this attempt, and now.
    func claims(signedBy key: ProviderKeys.Key, _ expected: Expectation) throws -> JSONValue {
        let payload = token.claims
        // The key decides on the algorithm, not the token.
        guard token.algorithm == key.algorithm, key.hasSigned(token.signed, token.signature) else {
            throw SignInRefused("the id_token's signature is not valid")
        }
        guard let issuer = payload["iss"]?.string,
            issuer == expected.issuer || issuer == expected.issuer + "/"
        else { throw SignInRefused("the id_token has another issuer") }
        guard isFor(expected.audience) else { throw SignInRefused("the id_token is for somebody else") }
        // The leeway is added to our time: the token's may be any number at all.
        let seconds = expected.at.milliseconds / 1000
        guard let expiry = IDToken.seconds(payload["exp"]), expiry > seconds - Self.leewaySeconds else {
            throw SignInRefused("the id_token has expired")
        }
        guard let issued = IDToken.seconds(payload["iat"]), issued <= seconds + Self.leewaySeconds else {
            throw SignInRefused("the id_token is of the future")
        }
        guard payload["nonce"]?.string == expected.nonce else { throw SignInRefused("the id_token has another nonce") }
        return payload
    }

    private func isFor(_ audience: String) -> Bool {
        let (claim, party) = (token.claims["aud"], token.claims["azp"])
        if claim?.string == audience { return true }
        guard let list = claim?.array, list.contains(.string(audience)) else { return false }
        return list.count == 1 || party?.string == audience
    }

    private static func seconds(_ value: JSONValue?) -> Int64? {
        guard case .number(let number)? = value else { return nil }
        return number.rounded(places: 0)
    }
}
