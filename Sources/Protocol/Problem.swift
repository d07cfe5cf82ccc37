/// An error answer: RFC 9457 `application/problem+json` with a stable `code`, and for values every fault of the body.
public struct Problem: Error, Hashable, Sendable {
    /// A URN made of the code: `urn:fitai:problem:emailTaken`.
    public var type: String
    public var title: String
    /// The HTTP status.
    public var status: Int
    /// What happened in this case, in a sentence; never anything internal.
    public var detail: String?
    /// The path of the request.
    public var instance: String?
    /// Which error this is; `ProblemCode` names those this version knows.
    public var code: String
    /// Under which id the server's log knows the request.
    public var requestId: String?
    /// With 400 and 422: each fault, where it is and what it is.
    public var errors: [Fault]
    /// With `secondFactorRequired`: goes to `POST /v1/auth/second-factor` with a code.
    public var challenge: String?
    /// Sent as the `Retry-After` header, whole seconds.
    public var retryAfterSeconds: Int?

    /// So many faults are told; an answer is not to be many times as large as what was sent.
    public static let mostErrors = 100

    /// Of more than `mostErrors` faults only the first are kept, and `detail` says so.
    public init(
        _ code: ProblemCode, detail: String? = nil, errors: [Fault] = [], retryAfterSeconds: Int? = nil
    ) {
        self.type = "urn:fitai:problem:\(code.rawValue)"
        self.title = code.title
        self.status = code.status
        self.code = code.rawValue
        self.errors = Array(errors.prefix(Problem.mostErrors))
        let note = "Of \(errors.count) faults the first \(Problem.mostErrors) are listed."
        self.detail =
            errors.count <= Problem.mostErrors ? detail : [detail, note].compactMap(\.self).joined(separator: " ")
        self.retryAfterSeconds = retryAfterSeconds
    }

    /// The code as this version knows it; nil for a newer server's.
    public var known: ProblemCode? { ProblemCode(rawValue: code) }

    /// One thing that is wrong with what was sent.
    public struct Fault: Codable, Hashable, Sendable {
        /// A JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
        public var pointer: String
        public var code: FaultCode
        public var detail: String

        /// A pointer that names what was sent is cut to 200 characters.
        public init(pointer: String, code: FaultCode, detail: String) {
            self.pointer = pointer.utf8.count <= 200 ? pointer : pointer.cut(to: 200)
            self.code = code
            self.detail = detail
        }
    }
}

/// What is wrong with one value.
public enum FaultCode: String, Codable, Sendable, CaseIterable {
    case malformed, required, wrongType, tooShort, tooLong, outOfRange, badFormat, notAllowed, tooMany, repeated
    case unknownParameter, commonPassword, invalidCursor, unknownReference, inconsistent
}

extension Problem: Codable {
    private enum CodingKeys: String, CodingKey {
        case type, title, status, detail, instance, code, requestId, challenge, errors
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        type = try container.decodeIfPresent(String.self, forKey: .type) ?? "about:blank"
        title = try container.decode(String.self, forKey: .title)
        status = try container.decode(Int.self, forKey: .status)
        detail = try container.decodeIfPresent(String.self, forKey: .detail)
        instance = try container.decodeIfPresent(String.self, forKey: .instance)
        code = try container.decode(String.self, forKey: .code)
        requestId = try container.decodeIfPresent(String.self, forKey: .requestId)
        challenge = try container.decodeIfPresent(String.self, forKey: .challenge)
        errors = try container.decodeIfPresent([Fault].self, forKey: .errors) ?? []
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type, forKey: .type)
        try container.encode(title, forKey: .title)
        try container.encode(status, forKey: .status)
        try container.encodeIfPresent(detail, forKey: .detail)
        try container.encodeIfPresent(instance, forKey: .instance)
        try container.encode(code, forKey: .code)
        try container.encodeIfPresent(requestId, forKey: .requestId)
        try container.encodeIfPresent(challenge, forKey: .challenge)
        if !errors.isEmpty { try container.encode(errors, forKey: .errors) }
    }
}
