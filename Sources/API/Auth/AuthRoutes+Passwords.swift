import HTTPTypes
import Protocol

extension AuthRoutes {
    func declarePasswords(on routes: inout RouteTable) {
        routes.post(
            "/v1/auth/forgot-password", "Sends a link that sets a new password, if the address has an account",
            status: .accepted, RouteOptions(limit: .account), use: forgotPassword)
        routes.post(
            "/v1/auth/reset-password", "Sets a new password by the link of the mail; ends all sessions",
            status: .noContent, RouteOptions(problems: [.linkInvalid], limit: .account), use: resetPassword)
        routes.add(
            .put, "/v1/auth/password", "Changes the password; ends all other sessions", status: .noContent,
            RouteOptions(problems: [.passwordWrong, .passwordMissing], limit: .account), use: changePassword)
    }

    private func forgotPassword(
        _ call: Call<Anyone, NoQuery, ForgotPasswordRequest>
    ) async throws -> Answer<NoContent> {
        try await reset.ask(call.body.email)
        return .done
    }

    private func resetPassword(_ call: Call<Anyone, NoQuery, ResetPasswordRequest>) async throws -> Answer<NoContent> {
        let (user, hasFactor) = try await reset.reset(call.body, from: call.origin)
        // With a second factor a device is known only once a code has come from it.
        return hasFactor ? .done : known(to: user, call.facts)
    }

    private func changePassword(
        _ call: Call<SignedInUser, NoQuery, PasswordChangeRequest>
    ) async throws -> Answer<NoContent> {
        let identity = call.caller.identity
        try await ownPassword.change(call.body, of: identity, from: call.origin)
        return known(to: identity.userId, call.facts)
    }

    /// Has the device known to the account, of whose devices all were forgotten.
    private func known(to user: UserID, _ facts: RequestFacts) -> Answer<NoContent> {
        Answer(NoContent(), headers: [.setCookie: devices.header(adding: user, in: facts)])
    }
}
