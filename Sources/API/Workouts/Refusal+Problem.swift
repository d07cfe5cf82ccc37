import Protocol

extension Problem {
    /// A room's refusal as REST tells it.
    init(_ refusal: Refusal) {
        let retrySeconds = refusal.retryAfterMilliseconds.map { Int(max(1, ($0 + 999) / 1000)) }
        switch refusal.code {
        case .busy, .unavailable, .outOfOrder, .draining:
            self.init(.unavailable, retryAfterSeconds: retrySeconds ?? 1)
        case .rateLimited: self.init(.tooManyRequests, retryAfterSeconds: retrySeconds ?? 1)
        case .unknownTarget, .noSuchRoom, .deleted, .dependsOnRefused: self.init(.notFound)
        case .badRequest, .unknownType: self.init(.malformedRequest, detail: refusal.message)
        case .unauthorized: self.init(.unauthenticated)
        case .forbidden, .heartRateOff: self.init(.forbidden)
        case .invalid:
            let fault = Fault(pointer: "", code: .inconsistent, detail: refusal.message)
            self.init(.invalidValues, errors: [fault])
        case .invalidState: self.init(.wrongState, detail: refusal.message)
        case .opIdReused: self.init(.opIdReused)
        case .idTaken: self.init(.idTaken, detail: refusal.message)
        case .limitReached: self.init(.limitReached, detail: refusal.message)
        case .rejected: self.init(.internalError)
        }
    }
}
