import HTTPTypes
import Protocol

extension AuthRoutes {
    func declareEmail(on routes: inout RouteTable) {
        let verifyAdvice = "If your address still has to be verified, sign in to FitAI and have the mail sent again."
        routes.get(
            "/v1/auth/verify-email",
            "Verify an email address by the link of the mail, any number of times. A browser gets a page that asks first, "
                + "so that a program that looks at a mail's links verifies no account that its reader has not made. An "
                + "account made by a provider that had not verified the address opens by a new password from then on, for "
                + "which another mail comes",
            RouteOptions(
                problems: [.linkInvalid], limit: .account, ignoresUnknownQuery: true, linkAdvice: verifyAdvice),
            use: askBeforeVerifying)
        routes.post(
            "/v1/auth/verify-email", "Verify an email address by the link of the mail, any number of times",
            RouteOptions(problems: [.linkInvalid], limit: .account, linkAdvice: verifyAdvice), use: verifyEmail)
        routes.post(
            "/v1/auth/resend-verification",
            "Send the verification mail again; refused with Retry-After when there were too many within an hour",
            status: .accepted, RouteOptions(limit: .account), use: resendVerification)
        routes.add(
            .put, "/v1/auth/email", "Asks both addresses to confirm another email address", status: .accepted,
            RouteOptions(problems: [.passwordWrong, .passwordMissing, .emailTaken], limit: .account),
            use: changeEmail)
        let advice = "Ask for the change of your address again; both addresses then get a new link."
        routes.get(
            "/v1/auth/confirm-email",
            "Get the change of an email address that the link of a mail is for; a browser gets the page that asks "
                + "before it confirms. Opening the link changes nothing",
            RouteOptions(problems: [.linkInvalid], limit: .account, ignoresUnknownQuery: true, linkAdvice: advice),
            use: askBeforeConfirming)
        routes.post(
            "/v1/auth/confirm-email",
            "Confirm a change of the email address by the link of a mail; it takes effect when both addresses have",
            RouteOptions(problems: [.linkInvalid, .emailTaken], limit: .account, linkAdvice: advice),
            use: confirmEmail)
    }

    private func askBeforeVerifying(
        _ call: Call<Anyone, LinkQuery, NoBody>
    ) async throws -> Answer<EmailVerified> {
        guard call.facts.headers.acceptPages, let account = try await verification.account(of: call.query.token) else {
            return try await verify(call.query.token, from: call.facts.address)
        }
        let page = LinkPage(
            "Verify your email address?",
            "\(account.email) belongs to the FitAI account @\(account.username). If you have not made it, close this page.",
            form: LinkPage.Form(
                action: "/v1/auth/verify-email", token: call.query.token, button: "Verify the address"))
        return Answer(EmailVerified(isVerified: false), page: page)
    }

    private func verifyEmail(_ call: Call<Anyone, NoQuery, ConfirmEmailBody>) async throws -> Answer<EmailVerified> {
        try await verify(call.body.token, from: call.facts.address)
    }

    private func verify(_ token: String, from address: String) async throws -> Answer<EmailVerified> {
        let verified = try await verification.verify(token, from: address)
        var words = "You can go on where you left off."
        if let email = verified.nextEmail {
            words = "The change to \(email) goes on: a mail to this address asks you to confirm it here too."
        }
        if verified.needsPassword {
            words = "Another mail is on its way to you: set a password by its link, then sign in with it."
        }
        return Answer(EmailVerified(isVerified: true), page: LinkPage("Your email address is verified", words))
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

    private func askBeforeConfirming(
        _ call: Call<Anyone, LinkQuery, NoBody>
    ) async throws -> Answer<EmailConfirmation> {
        let change = try await emailChange.look(call.query.token)
        guard !change.isConfirmed else { return Answer(change, page: Self.page(isChanged: change.isChanged)) }
        let page = LinkPage(
            "Change your email address?",
            "Your FitAI account is to have the address \(change.email). If you have not asked for that, close this page.",
            form: LinkPage.Form(
                action: "/v1/auth/confirm-email", token: call.query.token, button: "Confirm the change"))
        return Answer(change, page: page)
    }

    private func confirmEmail(_ call: Call<Anyone, NoQuery, ConfirmEmailBody>) async throws -> Answer<EmailConfirmed> {
        let isChanged = try await emailChange.confirm(call.body.token, from: call.facts.address)
        return Answer(EmailConfirmed(isChanged: isChanged), page: Self.page(isChanged: isChanged))
    }

    private static func page(isChanged: Bool) -> LinkPage {
        isChanged
            ? LinkPage("Your email address is changed", "From now on you sign in with the new one.")
            : LinkPage("Confirmed", "Now open the link in the mail to your other address: the change needs both.")
    }
}
