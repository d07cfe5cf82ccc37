import HTTPTypes
import Protocol

extension AuthRoutes {
    func declareEmail(on routes: inout RouteTable) {
        routes.get(
            "/v1/auth/verify-email", "Verifies an email address; the link of the mail",
            RouteOptions(problems: [.linkInvalid], limit: .account, ignoresUnknownQuery: true, hasPage: true),
            use: verifyEmail)
        routes.post(
            "/v1/auth/resend-verification", "Sends the verification mail again", status: .accepted,
            RouteOptions(limit: .account), use: resendVerification)
        routes.add(
            .put, "/v1/auth/email", "Asks both addresses to confirm another email address", status: .accepted,
            RouteOptions(problems: [.passwordWrong, .passwordMissing, .emailTaken], limit: .account),
            use: changeEmail)
        routes.get(
            "/v1/auth/confirm-email", "Confirms a change of the email address; the link of the mails",
            RouteOptions(
                problems: [.linkInvalid, .emailTaken], limit: .account, ignoresUnknownQuery: true, hasPage: true),
            use: confirmEmail)
    }

    private func verifyEmail(_ call: Call<Anyone, LinkQuery, NoBody>) async throws -> Answer<EmailVerified> {
        try await verification.verify(call.query.token, from: call.facts.address)
        return Answer(EmailVerified(isVerified: true), page: Self.page("Your email address is verified"))
    }

    private func resendVerification(_ call: Call<SignedInUser, NoQuery, NoBody>) async throws -> Answer<NoContent> {
        try await verification.askAgain(call.caller.id)
        return .done
    }

    private func changeEmail(
        _ call: Call<SignedInUser, NoQuery, EmailChangeRequest>
    ) async throws -> Answer<NoContent> {
        let identity = call.caller.identity
        try await ownPassword.proving(call.body.password, of: identity, from: call.origin) { proof in
            try await emailChange.begin(call.body.email, of: identity, proof, from: call.origin)
        }
        return .done
    }

    private func confirmEmail(_ call: Call<Anyone, LinkQuery, NoBody>) async throws -> Answer<EmailConfirmed> {
        let isChanged = try await emailChange.confirm(call.query.token, from: call.facts.address)
        let words: StaticString =
            isChanged ? "Your email address is changed" : "Confirmed: now open the link in the other mail"
        return Answer(EmailConfirmed(isChanged: isChanged), page: Self.page(words))
    }

    private static func page(_ words: StaticString) -> String {
        """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>FitAI</title>
        <meta name="viewport" content="width=device-width">
        <h1>\(words)</h1><p><a href="/">Go on to FitAI</a></p></html>
        """
    }
}
