import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Protocol

/// What all routes share: who the bearer of a token is, limits, keys, time.
package struct RouteMechanisms: Sendable {
    let tokens: TokenVerifier
    let gate: AccessGate
    let limits: RateLimits
    let turns: UserTurns
    let keys: IdempotencyKeys
    /// How long a body may take to arrive.
    let bodyTimeout: Duration
    /// How long a handler may take.
    let handlerTimeout: Duration
    /// Bodies that are taken as bytes.
    let uploads: UploadPlaces
    /// Where large bodies lie while they are worked on.
    let spoolDirectory: String
    /// Of the cursors of all lists.
    let cursorSeal: Seal
}

/// One request on its way through its route.
struct Exchange: Sendable {
    let request: Request
    let facts: RequestFacts
    let parameters: [String: String]
    let mechanisms: RouteMechanisms
    let logger: Logger

    /// Admits the caller, reads and checks the input, runs the handler and renders its answer.
    func run<Who, Query, Body, Output>(
        _ route: Route, _ handler: @escaping @Sendable (Call<Who, Query, Body>) async throws -> Answer<Output>
    ) async throws -> RenderedAnswer {
        let identity = try identity(for: Who.access)
        do {
            return try await run(route, as: identity, handler)
        } catch let problem as Problem where problem.known == .forbidden {
            guard let identity else { throw problem }
            mechanisms.gate.refused(identity, facts)
            guard identity.withheldRole != nil else { throw problem }
            throw Problem(
                .secondFactorMissing,
                detail: "Your role counts in sessions that have passed a second factor; then renew the access token.")
        }
    }

    private func run<Who, Query, Body, Output>(
        _ route: Route, as identity: Identity?,
        _ handler: @escaping @Sendable (Call<Who, Query, Body>) async throws -> Answer<Output>
    ) async throws -> RenderedAnswer {
        let caller = try await Who.admit(identity, by: mechanisms.gate)
        let verdict = identity.flatMap { mechanisms.limits.spend(route.options.limit, by: $0) }
        try verdict?.check()
        var arrival = BodyArrival(request, facts, route, user: identity?.userId, mechanisms)
        let (query, fields, body) = try await input(Query.self, Body.self, route, &arrival)
        let checkOpen: @Sendable () throws -> Void = { try self.checkOpen(identity) }
        // The sender decides how long a body takes to come, and what stands before it in the line: a session may have ended
        // meanwhile, by somebody who wants to be rid of exactly this request.
        try checkOpen()
        let answer = try await keyed(route, identity, arrival.hash) { seed in
            let call = Call(
                caller: caller, query: query, body: body, facts: facts, seed: seed, logger: logger,
                checkOpen: checkOpen, parameters: parameters)
            // To wait for a turn is part of the time a request has.
            let answer = try await withDeadline(route.options.handlerTimeout ?? mechanisms.handlerTimeout) {
                try await mechanisms.turns.run(for: identity?.userId) {
                    try checkOpen()
                    return try await handler(call)
                }
            }
            return try RenderedAnswer(answer, of: route, for: facts, fields: fields)
        }
        return answer.adding(verdict)
    }

    private func identity(for access: Access) throws -> Identity? {
        guard access != .anyone, let token = facts.bearerToken else { return nil }
        do throws(TokenFault) {
            return try mechanisms.tokens.verify(token)
        } catch {
            throw Problem(error.problem)
        }
    }

    /// Throws `sessionEnded` when the caller's session is over by now.
    private func checkOpen(_ identity: Identity?) throws {
        guard let identity else { return }
        do throws(TokenFault) { try mechanisms.tokens.checkOpen(identity) } catch { throw Problem(error.problem) }
    }

    private func input<Query: RouteQuery, Body: RouteBody>(
        _: Query.Type, _: Body.Type, _ route: Route, _ arrival: inout BodyArrival
    ) async throws -> (Query, [String]?, Body) {
        var reader = QueryReader(facts.query, seal: mechanisms.cursorSeal)
        if !route.options.ignoresUnknownQuery { reader.refuse(unknownTo: route.query) }
        let query = Query(reading: &reader)
        let fields = route.options.hasFields ? reader.optional(FieldSelection.field) : nil
        // A body of bytes has no faults to tell beside the query's, and may be long: it is not waited for in vain.
        if !reader.faults.isEmpty, Body.shape?.media.isEmpty == false {
            throw Problem(.invalidValues, errors: reader.faults)
        }
        let body = try await Body.take(&arrival)
        let faults = reader.faults + arrival.faults
        guard faults.isEmpty else { throw Problem(.invalidValues, errors: faults) }
        guard let query, let body else { preconditionFailure("\(route.path): input refused without a fault") }
        return (query, fields, body)
    }

    private func keyed(
        _ route: Route, _ identity: Identity?, _ bodyHash: [UInt8],
        _ work: @Sendable (CallSeed) async throws -> RenderedAnswer
    ) async throws -> RenderedAnswer {
        guard route.options.isKeyed, let identity, let key = facts.headers[.idempotencyKey] else {
            return try await work(CallSeed(at: facts.receivedAt))
        }
        guard (1...200).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Problem(.malformedRequest, detail: "Idempotency-Key has 1 to 200 visible ASCII characters.")
        }
        var hash = SHA256()
        hash.update(data: Data("\(facts.path)?\(facts.query ?? "")\n".utf8))
        hash.update(data: Data(bodyHash))
        let claim = IdempotencyKeys.Claim(
            userId: identity.userId, route: "\(route.method.rawValue) \(route.path)", key: key,
            requestHash: Array(hash.finalize()))
        return try await mechanisms.keys.run(claim, receivedAt: facts.receivedAt, work)
    }
}

extension RateLimits.Verdict {
    /// Throws `tooManyRequests` when the bucket was empty.
    func check() throws(LimitReached) {
        if !isAllowed { throw LimitReached(verdict: self) }
    }
}

/// A refusal by a limit, with the headers that tell about it.
struct LimitReached: Error {
    let verdict: RateLimits.Verdict

    var problem: Problem { Problem(.tooManyRequests, retryAfterSeconds: verdict.resetSeconds) }
}

extension RenderedAnswer {
    /// The same with a limit's headers; a tighter limit's stay.
    func adding(_ verdict: RateLimits.Verdict?) -> RenderedAnswer {
        guard let verdict else { return self }
        var answer = self
        for field in verdict.headers where answer.headers[field.name] == nil { answer.headers.append(field) }
        return answer
    }
}

extension RequestFacts {
    /// The token of `Authorization: Bearer …`.
    var bearerToken: String? {
        guard let header = headers[.authorization], header.utf8.count > 7,
            header.prefix(7).lowercased() == "bearer "
        else { return nil }
        return String(header.dropFirst(7)).trimmingSpaces()
    }

    /// Whether the body is the form of a page.
    var isForm: Bool {
        headers[.contentType].flatMap { MediaType(header: $0) }?.name == "application/x-www-form-urlencoded"
    }

    var isJSON: Bool {
        guard let type = headers[.contentType].flatMap({ MediaType(header: $0) }) else { return false }
        let charset = type.parameters["charset"]?.lowercased() ?? "utf-8"
        return type.name == "application/json" && charset == "utf-8"
    }
}
