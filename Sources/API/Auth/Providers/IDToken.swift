import Foundation
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

    let keyId: String?
    private let algorithm: String
    private let signed: Data
    private let signature: Data
    private let payload: JSONValue

    /// Takes the token apart. Throws `SignInRefused` for what is none.
    init(_ text: String) throws {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard text.utf8.count <= 16_384, parts.count == 3, let header = IDToken.object(parts[0]),
            let payload = IDToken.object(parts[1]), let signature = Data(base64URL: parts[2]),
            let algorithm = header["alg"]?.string, header["crit"] == nil
        else { throw SignInRefused("the id_token cannot be read") }
        keyId = header["kid"]?.string
        self.algorithm = algorithm
        self.payload = payload
        self.signature = signature
        signed = Data("\(parts[0]).\(parts[1])".utf8)
    }

    /// What the token says. Throws `SignInRefused` unless the key signed it, for us, for this attempt, and now.
    func claims(signedBy key: ProviderKeys.Key, _ expected: Expectation) throws -> JSONValue {
        // The key decides on the algorithm, not the token.
        guard algorithm == key.algorithm, key.hasSigned(signed, signature) else {
            throw SignInRefused("the id_token's signature is not valid")
        }
        guard let issuer = payload["iss"]?.string,
            issuer == expected.issuer || issuer == expected.issuer + "/"
        else { throw SignInRefused("the id_token has another issuer") }
        guard isFor(expected.audience) else { throw SignInRefused("the id_token is for somebody else") }
        let seconds = expected.at.milliseconds / 1000
        guard let expiry = IDToken.seconds(payload["exp"]), expiry + Self.leewaySeconds > seconds else {
            throw SignInRefused("the id_token has expired")
        }
        guard let issued = IDToken.seconds(payload["iat"]), issued - Self.leewaySeconds <= seconds else {
            throw SignInRefused("the id_token is of the future")
        }
        guard payload["nonce"]?.string == expected.nonce else { throw SignInRefused("the id_token has another nonce") }
        return payload
    }

    private func isFor(_ audience: String) -> Bool {
        if payload["aud"]?.string == audience { return true }
        guard let list = payload["aud"]?.array, list.contains(.string(audience)) else { return false }
        return list.count == 1 || payload["azp"]?.string == audience
    }

    private static func seconds(_ value: JSONValue?) -> Int64? {
        guard case .number(let number)? = value else { return nil }
        return number.rounded(places: 0)
    }

    private static func object(_ part: Substring) -> JSONValue? {
        guard let data = Data(base64URL: part), String(validating: data, as: UTF8.self) != nil else { return nil }
        // What is no JSON makes the token unreadable, the reason is of no use.
        let value = try? JSONReader.parse(Array(data))
        return value?.object == nil ? nil : value
    }
}
