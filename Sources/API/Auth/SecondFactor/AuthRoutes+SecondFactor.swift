import HTTPTypes
import Protocol

extension AuthRoutes {
    func declareSecondFactor(on routes: inout RouteTable) {
        let proof: [ProblemCode] = [.passwordWrong, .passwordMissing, .signInTooOld, .wrongState, .invalidValues]
        routes.post(
            "/v1/auth/second-factor", "Finish signing in with a code of the second factor",
            RouteOptions(
                problems: [.challengeInvalid, .codeWrong, .accountSuspended, .invalidCredentials, .originRefused],
                limit: .account), use: signInWithCode)
        routes.get(
            "/v1/users/second-factor", "Get whether your second factor is on, and how many recovery codes are left",
            use: secondFactorStatus)
        routes.post(
            "/v1/auth/remove-second-factor",
            "Remove a second factor that you did not turn on, by the link of the mail; ends all sessions and the "
                + "password, and mails the link to a new one",
            status: .noContent, RouteOptions(problems: [.linkInvalid], limit: .account), use: removeUnwantedFactor)
        routes.post(
            "/v1/users/second-factor", "Get a secret for an authenticator app",
            RouteOptions(problems: proof, limit: .account), use: beginSecondFactor)
        routes.post(
            "/v1/users/second-factor/confirm", "Turn on the second factor with a first code; answers recovery codes",
            RouteOptions(problems: [.codeWrong, .wrongState], limit: .account), use: confirmSecondFactor)
        routes.post(
            "/v1/users/second-factor/recovery-codes",
            "Get new recovery codes for your second factor, in place of all that you have",
            RouteOptions(problems: proof + [.codeWrong], limit: .account), use: renewRecoveryCodes)
        routes.add(
            .delete, "/v1/users/second-factor", "Turn off the second factor; ends all other sessions",
            status: .noContent, RouteOptions(problems: proof + [.codeWrong], limit: .account),
            use: removeSecondFactor)
    }

    private func signInWithCode(
        _ call: Call<Anyone, NoQuery, SecondFactorLogin>
    ) async throws -> Answer<SignedIn> {
        let body = call.body
        let usesCookie = body.challenge == nil
        if usesCookie || body.cookie == true { try cookie.checkOrigin(of: call.facts) }
        guard let challenge = body.challenge ?? challengeCookie.value(in: call.facts) else {
            throw Problem(.challengeInvalid, detail: SecondFactorSignIn.tooLate)
        }
        let (account, opened) = try await secondFactorSignIn.signIn(
            challenge, code: body.code, call.facts, from: call.origin)
        var answer = try signedIn(account, opened, call.facts, inCookie: usesCookie || body.cookie == true)
        if usesCookie { answer.headers.addCookie(challengeCookie.removal) }
        return answer
    }

    private func removeUnwantedFactor(
        _ call: Call<Anyone, NoQuery, UnwantedFactorRemoval>
    ) async throws -> Answer<NoContent> {
        try await unwantedFactor.remove(call.body.token, from: call.origin)
        return .done
    }

    private func secondFactorStatus(
        _ call: Call<SignedInUser, NoQuery, NoBody>
    ) async throws -> Answer<SecondFactorStatus> {
        Answer(try await ownSecondFactor.status(of: call.caller.id))
    }

    private func beginSecondFactor(
        _ call: Call<VerifiedUser, NoQuery, OptionalBody<SecondFactorRequest>>
    ) async throws -> Answer<SecondFactorSetup> {
        Answer(
            try await ownSecondFactor.begin(
                call.body.value.password, of: call.caller.identity, from: call.origin))
    }

    private func confirmSecondFactor(
        _ call: Call<SignedInUser, NoQuery, SecondFactorConfirmation>
    ) async throws -> Answer<RecoveryCodes> {
        Answer(try await ownSecondFactor.confirm(call.body.code, of: call.caller.identity, from: call.origin))
    }

    private func renewRecoveryCodes(
        _ call: Call<SignedInUser, NoQuery, SecondFactorProof>
    ) async throws -> Answer<RecoveryCodes> {
        Answer(try await ownSecondFactor.renewCodes(call.body, of: call.caller.identity, from: call.origin))
    }

    private func removeSecondFactor(
        _ call: Call<SignedInUser, NoQuery, SecondFactorProof>
    ) async throws -> Answer<NoContent> {
        try await ownSecondFactor.remove(call.body, of: call.caller.identity, from: call.origin)
        return .done
    }
}

extension SecondFactorLogin: BodyInput, RouteBody {
    static let challengeField = Field.optional(
        "challenge", .text(1...500), "From the answer of the log-in; without it the cookie of a provider's sign-in.")
    static let codeField = Field("code", .text(6...40), "Of the authenticator app, or a recovery code.")
    static let cookieField = Field.optional(
        "cookie", .flag, "Keep the refresh token in a cookie (for our pages).")

    package static var members: [MemberSchema] { [challengeField.schema, codeField.schema, cookieField.schema] }
    // Only our pages may have the cookie: their requests carry the Origin.
    package static var examples: [String: MemberExample] { ["code": .value("287082"), "cookie": .none] }

    package init?(reading body: inout BodyReader) {
        let challenge = body.optional(Self.challengeField)
        let code = body.required(Self.codeField)
        let cookie = body.optional(Self.cookieField)
        guard let code else { return nil }
        self.init(challenge: challenge, code: code, cookie: cookie)
    }
}

extension UnwantedFactorRemoval: BodyInput, RouteBody {
    static let tokenField = Field("token", .text(1...200), "From the mail.")
    package static var members: [MemberSchema] { [tokenField.schema] }

    package init?(reading body: inout BodyReader) {
        guard let token = body.required(Self.tokenField) else { return nil }
        self.init(token: token)
    }
}

extension SecondFactorRequest: BodyInput, RouteBody {
    static let passwordField = Field.optional(
        "password", .text(1...128), "The account's password; left out only where there is none.")
    package static var members: [MemberSchema] { [passwordField.schema] }

    package init?(reading body: inout BodyReader) { self.init(password: body.optional(Self.passwordField)) }
}

extension SecondFactorConfirmation: BodyInput, RouteBody {
    static let codeField = Field("code", .text(6...40), "Of the authenticator app.")
    package static var members: [MemberSchema] { [codeField.schema] }
    package static var examples: [String: MemberExample] { ["code": .value("287082")] }

    package init?(reading body: inout BodyReader) {
        guard let code = body.required(Self.codeField) else { return nil }
        self.init(code: code)
    }
}

extension SecondFactorProof: BodyInput, RouteBody {
    static let passwordField = Field.optional(
        "password", .text(1...128), "The account's password; left out only where there is none.")
    static let codeField = Field("code", .text(6...40), "Of the authenticator app, or a recovery code.")
    package static var members: [MemberSchema] { [passwordField.schema, codeField.schema] }
    package static var examples: [String: MemberExample] { ["code": .value("287082")] }

    package init?(reading body: inout BodyReader) {
        let password = body.optional(Self.passwordField)
        guard let code = body.required(Self.codeField) else { return nil }
        self.init(password: password, code: code)
    }
}
