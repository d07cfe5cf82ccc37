import HTTPTypes
import Logging
import Protocol

/// `/v1/auth/google` and `/v1/auth/github`: signing in by a provider.
///
/// The browser leaves with state, nonce and PKCE challenge of an attempt that its cookie holds, and comes back with a
/// code; it gets our refresh token as a cookie and is sent to a path of ours. No token of anybody is in an address.
struct ProviderRoutes: Sendable {
    let google: (any SignInProvider)?
    let github: (any SignInProvider)?
    let joining: AccountJoining
    let cookie: RefreshCookie
    let devices: KnownDevices
    let challengeCookie: SiteCookie
    let publicURL: String
    let now: @Sendable () -> Timestamp

    private static let advice = "Go back to FitAI and sign in again."

    func declare(on routes: inout RouteTable) {
        declare(.google, google, "Google", on: &routes)
        declare(.github, github, "GitHub", on: &routes)
    }

    private func declare(
        _ name: ProviderProfile.Provider, _ provider: (any SignInProvider)?, _ shown: String,
        on routes: inout RouteTable
    ) {
        let path = "/v1/auth/\(name.rawValue)"
        routes.add(
            .get, path, "Goes to \(shown) to sign in there; not found where that is not configured",
            status: .seeOther, RouteOptions(problems: [.notFound], limit: .account, linkAdvice: Self.advice)
        ) { (call: Call<Anyone, SignInQuery, NoBody>) in
            guard let provider else { throw Problem(.notFound) }
            return try await begin(call, name, provider)
        }
        routes.add(
            .get, "\(path)/callback", "Comes back from \(shown), signed in, with the refresh token in a cookie",
            status: .seeOther,
            RouteOptions(
                problems: [
                    .notFound, .signInFailed, .invalidCredentials, .accountSuspended, .emailTaken, .usernameTaken,
                ], limit: .account,
                ignoresUnknownQuery: true, linkAdvice: Self.advice)
        ) { (call: Call<Anyone, SignInCallback, NoBody>) in
            guard let provider else { throw Problem(.notFound) }
            return try await finish(call, name, provider)
        }
    }

    private func redirect(_ name: ProviderProfile.Provider) -> String {
        "\(publicURL)/v1/auth/\(name.rawValue)/callback"
    }

    private func attemptCookie(_ name: ProviderProfile.Provider) -> SiteCookie {
        SignInAttempt.cookie(name, isSecure: cookie.isSecure)
    }

    private func begin(
        _ call: Call<Anyone, SignInQuery, NoBody>, _ name: ProviderProfile.Provider, _ provider: any SignInProvider
    ) async throws -> Answer<NoContent> {
        let attempt = SignInAttempt(by: name, returnTo: call.query.returnTo, at: now())
        let page = try await asking(call) {
            try await provider.consentPage(for: attempt, redirect: redirect(name))
        }
        return Answer(
            NoContent(),
            headers: [
                .location: page,
                .setCookie: attemptCookie(name).header(attempt.cookie, lifetime: SignInAttempt.lifetime),
            ])
    }

    private func finish(
        _ call: Call<Anyone, SignInCallback, NoBody>, _ name: ProviderProfile.Provider, _ provider: any SignInProvider
    ) async throws -> Answer<NoContent> {
        guard let attempt = SignInAttempt(by: name, attemptCookie(name).value(in: call.facts), at: now()),
            let state = call.query.state,
            attempt.isAnswered(by: state)
        else { throw Problem(.signInFailed, detail: "This browser has not begun it, or too long ago: begin again.") }
        guard call.query.error == nil, let code = call.query.code else {
            throw Problem(.signInFailed, detail: "The provider gave no consent.")
        }
        let profile = try await asking(call) {
            try await provider.profile(for: code, attempt, redirect: redirect(name))
        }
        var headers: HTTPFields
        switch try await joining.signIn(profile, from: call.origin) {
        case .opened(let account, let opened):
            headers = [.location: attempt.returnTo]
            headers.addCookie(cookie.header(opened, at: now()))
            headers.addCookie(devices.header(adding: account.id, at: opened.at, in: call.facts))
        case .challenged(let challenge):
            // The page that takes the code goes on to the path that was asked for.
            headers = [.location: "/#/second-factor?" + FormBody.text([("returnTo", attempt.returnTo)])]
            headers.addCookie(challengeCookie.header(challenge, lifetime: SignInChallenge.lifetime))
        }
        headers.addCookie(attemptCookie(name).removal)
        return Answer(NoContent(), headers: headers)
    }

    /// Runs what asks a provider; its reasons go to the log.
    private func asking<Value, Query, Body>(
        _ call: Call<Anyone, Query, Body>, _ work: () async throws -> Value
    ) async throws -> Value {
        do {
            return try await work()
        } catch let refused as SignInRefused {
            call.logger.notice("a sign-in by a provider was refused: \(refused)")
            throw Problem(.signInFailed)
        } catch ProviderFailure.resting(let pause) {
            // Said once already, when it stopped answering.
            let seconds = Int((pause.wholeMilliseconds + 999) / 1000)
            throw Problem(.unavailable, detail: "The provider does not answer.", retryAfterSeconds: seconds)
        } catch let failure as ProviderFailure {
            call.logger.warning("\(failure)")
            throw Problem(.unavailable, detail: "The provider does not answer.", retryAfterSeconds: 30)
        }
    }
}
