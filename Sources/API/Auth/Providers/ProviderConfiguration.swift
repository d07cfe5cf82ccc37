/// What a provider knows this server as.
package struct ProviderAccount: Sendable {
    package let clientId: String
    package let clientSecret: String

    package init(clientId: String, clientSecret: String) {
        self.clientId = clientId
        self.clientSecret = clientSecret
    }
}

/// Sign-in by Google, or another provider of OpenID Connect that is configured in its place.
package struct GoogleConfiguration: Sendable {
    package let account: ProviderAccount
    /// Its discovery document lies below.
    package let issuer: OutgoingAddress

    package init(account: ProviderAccount, issuer: OutgoingAddress) {
        self.account = account
        self.issuer = issuer
    }
}

/// Sign-in by GitHub or a GitHub Enterprise server.
package struct GitHubConfiguration: Sendable {
    package let account: ProviderAccount
    package let site: OutgoingAddress
    package let api: OutgoingAddress

    package init(account: ProviderAccount, site: OutgoingAddress, api: OutgoingAddress) {
        self.account = account
        self.site = site
        self.api = api
    }
}
