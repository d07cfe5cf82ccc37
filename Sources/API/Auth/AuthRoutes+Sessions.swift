import Protocol

extension AuthRoutes {
    func declareSessions(on routes: inout RouteTable) {
        routes.get("/v1/auth/sessions", "One's open sessions, the latest first", use: listSessions)
        routes.delete(
            "/v1/auth/sessions/:id", "Ends one of one's sessions, its open sockets included", use: endSession)
        routes.get("/v1/auth/events", "The security events of one's account, the latest first", use: listEvents)
    }

    private func listSessions(
        _ call: Call<SignedInUser, ListQuery<Sessions.Order>, NoBody>
    ) async throws -> Answer<Page<AccountSession>> {
        let identity = call.caller.identity
        return Answer(try await sessions.list(of: identity.userId, current: identity.sid, call.query.page))
    }

    private func endSession(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        guard try await sessions.end(call.id("id"), of: call.caller.id, from: call.origin) else {
            throw Problem(.notFound)
        }
        return .done
    }

    private func listEvents(
        _ call: Call<SignedInUser, ListQuery<SecurityEvents.Order>, NoBody>
    ) async throws -> Answer<Page<SecurityEvent>> {
        try await failures.flush()
        return Answer(try await events.list(of: call.caller.id, call.query.page))
    }
}

extension AuthRoutes {
    /// What admission asks of accounts, and tells them.
    var gate: AccessGate {
        let failures = failures
        return AccessGate(isVerified: verification.isVerified) { identity, facts in
            failures.note(
                .accessRefused, of: identity.userId, session: identity.sid,
                from: Sessions.Origin(address: facts.address, userAgent: facts.userAgent, requestId: facts.id))
        }
    }
}
