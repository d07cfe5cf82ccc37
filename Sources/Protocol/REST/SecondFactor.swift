/// `POST /v1/auth/second-factor`
public struct SecondFactorLogin: Codable, Sendable {
    /// From the answer `secondFactorRequired`; nil takes the cookie of a provider's sign-in.
    public var challenge: String?
    /// Of the authenticator app, or a recovery code.
    public var code: String
    public var cookie: Bool?

    public init(challenge: String?, code: String, cookie: Bool? = nil) {
        self.challenge = challenge
        self.code = code
        self.cookie = cookie
    }
}

/// `POST /v1/auth/remove-second-factor`
public struct UnwantedFactorRemoval: Codable, Sendable {
    /// From the mail.
    public var token: String

    public init(token: String) { self.token = token }
}

/// `GET /v1/users/second-factor`
public struct SecondFactorStatus: Codable, Hashable, Sendable {
    public var isOn: Bool
    /// How many recovery codes are not used yet; 0 while it is off.
    public var recoveryCodesLeft: Int

    public init(isOn: Bool, recoveryCodesLeft: Int) {
        self.isOn = isOn
        self.recoveryCodesLeft = recoveryCodesLeft
    }
}

/// `POST /v1/users/second-factor`
public struct SecondFactorRequest: Codable, Sendable {
    /// Left out only for an account without one.
    public var password: String?

    public init(password: String? = nil) { self.password = password }
}

/// What an authenticator app needs; told once.
public struct SecondFactorSetup: Codable, Hashable, Sendable {
    /// Base 32, to be typed.
    public var secret: String
    /// The same as an `otpauth` address, to be opened or scanned.
    public var uri: String

    public init(secret: String, uri: String) {
        self.secret = secret
        self.uri = uri
    }
}

/// `POST /v1/users/second-factor/confirm`
public struct SecondFactorConfirmation: Codable, Sendable {
    public var code: String

    public init(code: String) { self.code = code }
}

/// Codes that each stand in once for the authenticator app; told once.
public struct RecoveryCodes: Codable, Hashable, Sendable {
    public var recoveryCodes: [String]

    public init(recoveryCodes: [String]) { self.recoveryCodes = recoveryCodes }
}

/// `DELETE /v1/users/second-factor`, `POST /v1/users/second-factor/recovery-codes`
public struct SecondFactorProof: Codable, Sendable {
    /// Left out only for an account without one.
    public var password: String?
    public var code: String

    public init(password: String?, code: String) {
        self.password = password
        self.code = code
    }
}
