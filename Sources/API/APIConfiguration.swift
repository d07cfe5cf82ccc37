import Foundation
import Protocol
import Store

/// What the REST side can be told at boot.
package struct APIConfiguration: Sendable {
    /// Where clients reach the server, without a slash at the end; links in mails begin with it.
    package var publicURL: String
    /// Origins whose pages are ours: they may read answers (CORS), also to requests that carry the refresh cookie.
    package var allowedOrigins: Set<String>
    /// Proxies whose forwarded addresses count.
    package var trustedProxies: [AddressRange] = []
    /// Of the server, for the specification.
    package var version = "0"
    /// Where mails go.
    package var mail: MailTransport
    package var mailFrom: MailAddress
    /// Where the files of data exports lie.
    package var exportDirectory: URL
    package var jobs = JobConfiguration()
    /// Where files of users are kept.
    package var objects: ObjectPlace
    /// Nil: nobody signs in by Google.
    package var google: GoogleConfiguration?
    /// Nil: nobody signs in by GitHub.
    package var github: GitHubConfiguration?
    /// How long a sign-in provider may take to answer one request.
    package var providerTimeout = Duration.seconds(8)
    package var limits = RateLimitConfiguration()
    package var loginDelays = LoginDelays.Policy()
    package var passwordCost = PasswordCost()
    /// Mixed into passwords before they are hashed; nil for none.
    package var passwordPepper: PasswordPepper?
    package var accessTokenLifetime = Duration.seconds(15 * 60)
    package var refreshTokenLifetime = Duration.seconds(30 * 24 * 3600)
    /// However often it is renewed, a session ends after this time.
    package var longestSession = Duration.seconds(90 * 24 * 3600)
    /// How long a body may take to arrive.
    package var bodyTimeout = Duration.seconds(20)
    /// How long a handler may take.
    package var handlerTimeout = Duration.seconds(15)
    /// How long a client may take for a streamed answer.
    package var downloadTimeout = Duration.seconds(600)
    /// Where large bodies lie while they are worked on; on a disk, not in memory.
    package var spoolDirectory = NSTemporaryDirectory() + "fitai-spool"
    /// Bodies of bytes on their way or at work at once, of all users and of one.
    package var uploadPlaces = (total: 24, perUser: 2)
    /// Training logs up to this size are imported while their sender waits; larger ones by a job.
    package var importAtOnceBytes = 2 << 20
    /// Accounts of at most so many rows are exported while their owner waits; larger ones by a job.
    package var exportAtOnceRows = 10_000
    /// Whether memory is so short that requests are refused.
    package var isShortOfMemory: @Sendable () -> Bool = { false }
    /// The wall clock.
    package var now: @Sendable () -> Timestamp = { .now }

    package init(
        publicURL: String, allowedOrigins: Set<String>, mail: MailTransport, mailFrom: MailAddress,
        exportDirectory: URL,
        objects: ObjectPlace
    ) {
        self.publicURL = publicURL
        self.allowedOrigins = allowedOrigins
        self.mail = mail
        self.mailFrom = mailFrom
        self.exportDirectory = exportDirectory
        self.objects = objects
    }
}
