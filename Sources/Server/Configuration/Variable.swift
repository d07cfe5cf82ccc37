/// One environment variable that the server reads: its name, its default, what it may hold and what it does.
///
/// `all` is the only list of them; `fitai serve --help` and the README's table are rendered from it.
package struct Variable: Sendable {
    package enum Default: Sendable {
        /// Read as if the variable held this text.
        case text(String)
        /// Worked out from other things; the text says how.
        case derived(String)
        case none
    }

    package let name: String
    package let fallback: Default
    package let allowed: String
    package let meaning: String
    /// The value may hold a password, so no message repeats it.
    package let isSecret: Bool

    init(_ name: String, _ fallback: Default, allowed: String, _ meaning: String, isSecret: Bool = false) {
        self.name = name
        self.fallback = fallback
        self.allowed = allowed
        self.meaning = meaning
        self.isSecret = isSecret
    }

    /// The default as a reader sees it.
    package var shownDefault: String {
        switch fallback {
        case .text(let text): text
        case .derived(let text): text
        case .none: "unset"
        }
    }
}

extension Variable {
    static let host = Variable(
        "HOST", .text("127.0.0.1"), allowed: "an address or a host name", "Where the server listens.")
    static let port = Variable(
        "PORT", .text("8080"), allowed: "0…65535; 0 takes any free port", "Port for pages, REST and the socket.")
    static let publicURL = Variable(
        "PUBLIC_URL", .derived("http://HOST:PORT, https:// with TLS"), allowed: "an http or https URL without a path",
        "The address under which people reach the server; links in mails begin with it. With TLS it is https.")
    static let tlsCertificate = Variable(
        "TLS_CERTIFICATE", .none, allowed: "a PEM file: the server's certificate, then those that vouch for it",
        "With TLS_KEY: pages, REST and the socket speak TLS. Both files are read again when they change, and on SIGHUP."
    )
    static let tlsKey = Variable(
        "TLS_KEY", .none, allowed: "a PEM file without a passphrase: the certificate's private key",
        "Has to be set together with TLS_CERTIFICATE.")
    static let allowedOrigins = Variable(
        "ALLOWED_ORIGINS", .derived("PUBLIC_URL; without one, this machine on PORT"),
        allowed: "origins separated by commas, as https://app.example.org",
        "Pages of these origins may call REST (CORS), open the socket and use the refresh cookie.")
    static let trustedProxies = Variable(
        "TRUSTED_PROXIES", .none, allowed: "addresses or CIDR blocks separated by commas",
        "X-Forwarded-For counts only from these.")
    static let nodeName = Variable(
        "NODE_NAME", .derived("the machine's host name"), allowed: "1 to 64 of A-Z, a-z, 0-9, - and .",
        "What this process is called in `welcome` and in logs of clients.")
    static let eventLoops = Variable(
        "EVENT_LOOPS", .derived("one a core"), allowed: "1…256", "Event loops that serve the connections.")
    static let requestSeconds = Variable(
        "REQUEST_SECONDS", .text("15"), allowed: "1…600", "A request slower than this is ended.")
    static let drainSeconds = Variable(
        "DRAIN_SECONDS", .text("20"), allowed: "1…3600",
        "How long a stopping server may take in all, Postgres away or not; a second signal leaves it one second.")

    static let databaseURL = Variable(
        "DATABASE_URL", .none, allowed: "postgres://user:password@host/name, or key=value pairs of libpq",
        "The Postgres to use. When unset, a private one is started in DATA_DIR.", isSecret: true)
    static let databasePoolSize = Variable(
        "DATABASE_POOL_SIZE", .text("8"), allowed: "2…64",
        "The most connections opened to Postgres by REST and jobs; live has 6 more of its own.")
    static let lockSeconds = Variable(
        "LOCK_SECONDS", .text("120"), allowed: "0…3600",
        "How long a process that holds the database's lock is waited for before this one gives up.")
    static let redisURL = Variable(
        "REDIS_URL", .none, allowed: "nothing: it must stay unset in this version",
        "Many nodes come with a later version; until then a value here stops the server.", isSecret: true)
    static let dataDirectory = Variable(
        "DATA_DIR", .text("./var"), allowed: "a directory that may be made and written",
        "The private Postgres, the signing key, mails, data exports, pictures and spilled ops.")
    static let queueBytes = Variable(
        "QUEUE_BYTES", .text("67108864"), allowed: "1048576…17179869184",
        "Bound of what waits for Postgres; beyond it ops are refused as busy. "
            + "Half as much, at most 256 MiB, is set aside in DATA_DIR/spill.")
    static let memoryBytes = Variable(
        "MEMORY_BYTES", .derived("the limit of the control group (container), if there is one"),
        allowed: "67108864 or more",
        "Memory that may be used; above nine tenths of it new work is refused, before the kernel ends the process.")

    static let roomBytes = Variable(
        "ROOM_BYTES", .text("268435456"), allowed: "16777216…1099511627776",
        "Bound of what workouts in memory occupy; beyond it those nobody needs are unloaded, and then no more are opened. "
            + "Those of one account stop at a quarter of it."
    )

    static let smtpURL = Variable(
        "SMTP_URL", .none,
        allowed: "smtp://host:port, smtp://user:password@host:port?starttls or smtps://user:password@host:port",
        "The mail server. A password needs TLS unless the server is on this machine. "
            + "When unset, mails are written to DATA_DIR/mail.", isSecret: true)
    static let mailFrom = Variable(
        "MAIL_FROM", .text("no-reply@fitai.invalid"),
        allowed: "an address, with or without a name: `FitAI <mail@example.org>`",
        "Who mails come from; has to be set together with SMTP_URL.")

    static let passwordPepper = Variable(
        "PASSWORD_PEPPER", .none,
        allowed: "a file that only its owner may read: a key a line, newest first, at least 32 bytes in base64",
        "Mixed into passwords before they are hashed. Older keys stay below until their users have signed in; "
            + "who loses a key has those users reset their passwords."
    )

    static let googleClientId = Variable(
        "GOOGLE_CLIENT_ID", .none, allowed: "what Google names this server",
        "With GOOGLE_CLIENT_SECRET: people can sign in by Google.")
    static let googleClientSecret = Variable(
        "GOOGLE_CLIENT_SECRET", .none, allowed: "what Google gave with GOOGLE_CLIENT_ID",
        "Has to be set together with GOOGLE_CLIENT_ID.", isSecret: true)
    static let googleIssuer = Variable(
        "GOOGLE_ISSUER", .text("https://accounts.google.com"), allowed: "an https URL, or http on this machine",
        "Another provider of OpenID Connect in Google's place.")
    static let githubClientId = Variable(
        "GITHUB_CLIENT_ID", .none, allowed: "what GitHub names this server",
        "With GITHUB_CLIENT_SECRET: people can sign in by GitHub.")
    static let githubClientSecret = Variable(
        "GITHUB_CLIENT_SECRET", .none, allowed: "what GitHub gave with GITHUB_CLIENT_ID",
        "Has to be set together with GITHUB_CLIENT_ID.", isSecret: true)
    static let githubURL = Variable(
        "GITHUB_URL", .text("https://github.com"), allowed: "an https URL, or http on this machine",
        "Where GitHub, or a GitHub server of one's own, has its pages.")
    static let githubAPIURL = Variable(
        "GITHUB_API_URL", .text("https://api.github.com"), allowed: "an https URL, or http on this machine",
        "Where it has its API.")

    static let s3URL = Variable(
        "S3_URL", .none, allowed: "an https URL, or http on this machine",
        "An S3-compatible store for pictures of users. When unset, they lie in DATA_DIR/avatars.")
    static let s3Bucket = Variable(
        "S3_BUCKET", .none, allowed: "3 to 63 of a-z, 0-9, - and .",
        "The bucket there, which has to exist; has to be set together with S3_URL.")
    static let s3Region = Variable(
        "S3_REGION", .text("us-east-1"), allowed: "a word", "The region that requests are signed for.")
    static let s3AccessKeyId = Variable(
        "S3_ACCESS_KEY_ID", .none, allowed: "what the store names this server",
        "Has to be set together with S3_URL.")
    static let s3SecretAccessKey = Variable(
        "S3_SECRET_ACCESS_KEY", .none, allowed: "what the store gave with S3_ACCESS_KEY_ID",
        "Has to be set together with S3_URL.", isSecret: true)

    static let webDirectory = Variable(
        "WEB_DIR", .text("./web"), allowed: "a directory that holds index.html", "The pages that are served.")

    static let explorerDirectory = Variable(
        "EXPLORER_DIR", .text("./.explorer"), allowed: "a directory; one that holds no Swagger UI is left alone",
        "The API explorer that /docs shows, as the set-up installs it; without it /docs lists the operations.")

    static let frameBytes = Variable(
        "FRAME_BYTES", .text("65536"), allowed: "1024…16777216", "Largest message on the socket, after inflation.")
    static let subscriptions = Variable(
        "SUBSCRIPTIONS", .text("128"), allowed: "1…10000", "Rooms that one connection may follow.")
    static let opsPerSecond = Variable(
        "OPS_PER_SECOND", .text("50"), allowed: "1…100000", "Ops a second that one connection may send.")
    static let opsBurst = Variable(
        "OPS_BURST", .text("200"), allowed: "1…1000000", "Ops that one connection may send at once.")
    static let connectionsPerUser = Variable(
        "CONNECTIONS_PER_USER", .text("10"), allowed: "1…100000", "Sockets that one user may have open.")
    static let connectionsPerAddress = Variable(
        "CONNECTIONS_PER_ADDRESS", .text("512"), allowed: "1…1000000",
        "Connections of one address, or /64 of IPv6; behind a trusted proxy, the forwarded address's sockets and open requests."
    )
    static let silentPerAddress = Variable(
        "SILENT_CONNECTIONS_PER_ADDRESS", .text("64"), allowed: "1…1000000",
        "Of these, connections that have not sent a whole request, or a hello; one more closes the oldest.")
    static let watcherBytes = Variable(
        "WATCHER_BYTES", .text("65536"), allowed: "4096…16777216",
        "What may wait for one slow socket; beyond it the socket is closed and may come back.")
    static let requestRate = Variable(
        "REQUESTS_PER_MINUTE", .text("600"), allowed: "1…1000000",
        "REST requests a minute of one user; writes have half of it, sign-ins a twentieth, an address five times as much."
    )
    static let exemptRoles = Variable(
        "EXEMPT_ROLES", .none, allowed: "user, moderator and admin, separated by commas",
        "Users of these roles have no limit of requests of their own; their address keeps its own.")

    static let opsPort = Variable(
        "OPS_PORT", .text("8081"), allowed: "0…65535; 0 takes any free port",
        "Metrics and detailed health, on 127.0.0.1 only.")
    static let logLevel = Variable(
        "LOG_LEVEL", .text("info"), allowed: "trace, debug, info, notice, warning, error or critical",
        "The least severe entry that is logged.")
    static let logFormat = Variable(
        "LOG_FORMAT", .derived("text at a terminal, else json"), allowed: "json or text",
        "Form of the log on standard error.")

    /// Every variable, in the order in which a reader wants them.
    package static let all: [Variable] = [
        host, port, publicURL, tlsCertificate, tlsKey, allowedOrigins, trustedProxies, webDirectory, explorerDirectory,
        dataDirectory, databaseURL, databasePoolSize, lockSeconds, redisURL, smtpURL, mailFrom, passwordPepper,
        googleClientId, googleClientSecret, googleIssuer, githubClientId, githubClientSecret, githubURL, githubAPIURL,
        s3URL, s3Bucket, s3Region, s3AccessKeyId, s3SecretAccessKey, queueBytes, memoryBytes,
        roomBytes, nodeName, eventLoops,
        requestSeconds, drainSeconds,
        requestRate, exemptRoles, frameBytes,
        subscriptions, opsPerSecond, opsBurst, connectionsPerUser, connectionsPerAddress, silentPerAddress,
        watcherBytes, opsPort, logLevel, logFormat,
    ]
}
