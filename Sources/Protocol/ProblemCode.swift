/// Every error a REST route may answer, with its HTTP status and title.
public enum ProblemCode: String, Codable, Sendable, CaseIterable {
    // What was sent
    case malformedBody, malformedRequest, bodyTooLarge, unsupportedMediaType, invalidValues, preconditionFailed
    case requestTimeout
    // Who sent it
    case unauthenticated, tokenExpired, sessionEnded, invalidCredentials, invalidRefreshToken
    case secondFactorRequired, challengeInvalid, codeWrong, secondFactorMissing
    case forbidden, emailUnverified, originRefused, accountSuspended, passwordWrong, signInFailed, signInTooOld
    // Where it went
    case notFound, methodNotAllowed
    // The state it met
    case emailTaken, usernameTaken, idempotencyKeyInUse, idempotencyKeyReused
    case alreadyFriends, requestPending, requestTooSoon, wrongState, deleted, linkInvalid
    case opIdReused, limitReached, idTaken, passwordMissing, unitRequired
    // The server
    case tooManyRequests, internalError, unavailable

    /// The HTTP status this error is answered with.
    public var status: Int {
        switch self {
        case .malformedBody, .malformedRequest, .linkInvalid, .signInFailed: 400
        case .unauthenticated, .tokenExpired, .sessionEnded, .invalidCredentials, .invalidRefreshToken,
            .secondFactorRequired, .challengeInvalid:
            401
        case .forbidden, .emailUnverified, .originRefused, .accountSuspended, .passwordWrong, .signInTooOld,
            .codeWrong, .secondFactorMissing:
            403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .emailTaken, .usernameTaken, .idempotencyKeyInUse, .alreadyFriends, .requestPending, .requestTooSoon,
            .wrongState, .deleted, .limitReached, .idTaken, .passwordMissing:
            409
        case .preconditionFailed: 412
        case .bodyTooLarge: 413
        case .unsupportedMediaType: 415
        case .invalidValues, .idempotencyKeyReused, .opIdReused, .unitRequired: 422
        case .tooManyRequests: 429
        case .internalError: 500
        case .unavailable: 503
        }
    }

    /// The same few words for every occurrence of this error.
    public var title: String {
        switch self {
        case .malformedBody: "The body cannot be read"
        case .malformedRequest: "The request cannot be read"
        case .bodyTooLarge: "The body is too large"
        case .unsupportedMediaType: "The body's media type is not supported"
        case .invalidValues: "Some values are not valid"
        case .preconditionFailed: "The resource has changed"
        case .requestTimeout: "The request took too long to arrive"
        case .unauthenticated: "Sign in first"
        case .tokenExpired: "The access token has expired"
        case .sessionEnded: "The session has ended"
        case .invalidCredentials: "Email, username or password is incorrect"
        case .invalidRefreshToken: "The refresh token is not valid"
        case .secondFactorRequired: "A code is needed as well"
        case .challengeInvalid: "Sign in again from the start"
        case .codeWrong: "The code is incorrect"
        case .secondFactorMissing: "Turn on a second factor first"
        case .forbidden: "Not allowed"
        case .emailUnverified: "Verify the email address first"
        case .originRefused: "The request comes from a foreign page"
        case .accountSuspended: "The account is suspended"
        case .passwordWrong: "The password is incorrect"
        case .signInFailed: "Signing in elsewhere did not succeed"
        case .signInTooOld: "Sign in again first"
        case .passwordMissing: "The account has no password"
        case .notFound: "Not found"
        case .methodNotAllowed: "The method is not allowed here"
        case .emailTaken: "The email address is taken"
        case .usernameTaken: "The username is taken"
        case .idempotencyKeyInUse: "The first request with this key still runs"
        case .idempotencyKeyReused: "The key was used for another request"
        case .alreadyFriends: "Already friends"
        case .requestPending: "The request is pending"
        case .requestTooSoon: "It is too soon for another request"
        case .wrongState: "The state does not allow it"
        case .deleted: "It was deleted"
        case .linkInvalid: "The link no longer works"
        case .opIdReused: "The operation's id was used for another operation"
        case .limitReached: "A limit is reached"
        case .idTaken: "The id is taken"
        case .unitRequired: "The file names no unit"
        case .tooManyRequests: "Too many requests"
        case .internalError: "Something went wrong"
        case .unavailable: "Not available at the moment"
        }
    }
}
