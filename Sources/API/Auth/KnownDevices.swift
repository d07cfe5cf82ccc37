import Protocol
import Store

/// Which devices an account has been signed in from: a long-lived sealed cookie says it, or a refresh token that is
/// still good. Such a device is never kept out by what strangers try.
struct KnownDevices: Sendable {
    /// Browsers keep no cookie longer.
    static let lifetime = Duration.seconds(400 * 24 * 3600)

    private let pool: PostgresPool
    private let seal: Seal
    private let cookie: SiteCookie
    private let now: @Sendable () -> Timestamp

    init(pool: PostgresPool, keys: SigningKeys, isSecure: Bool, now: @escaping @Sendable () -> Timestamp) {
        self.pool = pool
        seal = Seal(keys, purpose: "device")
        cookie = SiteCookie("fitai_device", isSecure: isSecure)
        self.now = now
    }

    /// The device of a request if the account knows it; nil for a stranger's.
    ///
    /// - Parameter since: what is older is forgotten, as after a reset of the password.
    func device(
        of user: UserID, since: Timestamp?, in facts: RequestFacts, refreshToken: String?
    ) async throws -> String? {
        if let device = device(in: facts), let at = device.accounts.first(where: { $0.user == user })?.at,
            at >= since ?? at, now() - at <= Self.lifetime
        {
            return device.id
        }
        guard let secret = refreshToken.flatMap({ OpaqueSecret($0) }) else { return nil }
        let session = try await pool.first(
            """
            select s.id from refresh_tokens t join sessions s on s.id = t.session_id
            where t.hash = \(secret.hash) and t.superseded_at is null and s.user_id = \(user)
              and s.revoked_at is null and s.expires_at > \(now())
            """, as: SessionID.self)
        return session?.description
    }

    /// The header that has a browser known to the account, beside the accounts that know it already.
    ///
    /// - Parameter time: when it was shown to be the owner's; nil for now. What was shown before the password changed is
    ///   forgotten with it, also where the answer is made after that.
    func header(adding user: UserID, at time: Timestamp? = nil, in facts: RequestFacts) -> String {
        var device = device(in: facts) ?? DeviceCookie()
        device.add(user, at: time ?? now())
        return cookie.header(device.text(seal), lifetime: Self.lifetime)
    }

    private func device(in facts: RequestFacts) -> DeviceCookie? {
        cookie.value(in: facts).flatMap { DeviceCookie($0, seal) }
    }
}

/// What the cookie of a device holds: the device's id and the accounts that know it, under a seal.
struct DeviceCookie: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
        let user: UserID
        /// When it signed in last.
        let at: Timestamp
    }

    /// The least recent leaves when another account signs in.
    static let mostAccounts = 4
    private static let entryWords = 3

    private let device: UUIDv7
    private(set) var accounts: [Entry] = []

    var id: String { device.description }

    /// A device that nobody knows yet.
    init() { device = UUIDv7.make() }

    /// Reads a cookie; nil unless it was written here.
    init?(_ text: String, _ seal: Seal) {
        let most = 2 + Self.mostAccounts * Self.entryWords
        guard let words = SealedWords(text, seal, mostWords: most)?.words, words.count >= 2,
            (words.count - 2) % Self.entryWords == 0
        else { return nil }
        device = UUIDv7(high: words[0], low: words[1])
        accounts = stride(from: 2, to: words.count, by: Self.entryWords).map { start in
            Entry(user: UUIDv7(high: words[start], low: words[start + 1]), at: Timestamp(word: words[start + 2]))
        }
    }

    mutating func add(_ user: UserID, at time: Timestamp) {
        accounts.removeAll { $0.user == user }
        accounts = Array(([Entry(user: user, at: time)] + accounts).prefix(Self.mostAccounts))
    }

    func text(_ seal: Seal) -> String {
        SealedWords(device.words + accounts.flatMap { $0.user.words + [$0.at.word] }).text(seal)
    }
}
