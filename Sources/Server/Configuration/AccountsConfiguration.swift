import API

/// What accounts need of the world outside: the mail server, and who else signs people in.
package struct AccountsConfiguration: Sendable {
    /// Nil: mails are written to files.
    package var mailServer: SMTPServer?
    /// Nil only beside a fault.
    package var mailFrom: MailAddress?
    /// Nil: passwords are hashed as they are.
    package var passwordPepper: PasswordPepper?
    package var google: GoogleConfiguration?
    package var github: GitHubConfiguration?

    init(_ reader: inout EnvironmentReader) {
        mailServer = reader.value(.smtpURL, SMTPServer.init)
        mailFrom = reader.value(.mailFrom, MailAddress.init)
        if mailServer != nil, reader.environment[Variable.mailFrom.name]?.isEmpty != false {
            reader.note(.mailFrom, message: "MAIL_FROM must be set together with SMTP_URL")
        }
        passwordPepper = reader.value(.passwordPepper, PasswordPepper.init(file:))
        let issuer = reader.value(.googleIssuer, OutgoingAddress.init)
        if let account = Self.account(.googleClientId, .googleClientSecret, &reader), let issuer {
            google = GoogleConfiguration(account: account, issuer: issuer)
        }
        let site = reader.value(.githubURL, OutgoingAddress.init)
        let api = reader.value(.githubAPIURL, OutgoingAddress.init)
        if let account = Self.account(.githubClientId, .githubClientSecret, &reader), let site, let api {
            github = GitHubConfiguration(account: account, site: site, api: api)
        }
    }

    /// Both or none: one alone is a fault.
    private static func account(
        _ id: Variable, _ secret: Variable, _ reader: inout EnvironmentReader
    ) -> ProviderAccount? {
        reader.both(id, secret).map { ProviderAccount(clientId: $0, clientSecret: $1) }
    }
}
