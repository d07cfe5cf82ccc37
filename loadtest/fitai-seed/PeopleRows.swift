import Foundation
import Protocol
import Store

/// The rows of users, their sign-ins and who knows whom.
struct PeopleRows: Sendable {
    private(set) var users = CopyText()
    private(set) var sessions = CopyText()
    private(set) var refreshTokens = CopyText()
    private(set) var securityEvents = CopyText()

    private static let zones = [
        "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "UTC",
    ]
    private static let words = [
        "Anna", "Ben", "Clara", "David", "Elif", "Finn", "Greta", "Hugo", "Ida", "Jonas", "Kim", "Lena", "Mara", "Noah",
        "Olga", "Paul", "Rosa", "Sami", "Tilda", "Yusuf",
    ]

    /// The name of the user with this number, from 0.
    static func username(_ index: Int) -> String {
        let digits = String(index + 1)
        return "load_" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
    }

    /// - Parameters:
    ///   - athlete: nil for somebody who never trained.
    ///   - seenAt: of the latest sign-in; nil for none that still counts.
    mutating func add(
        _ id: UserID, index: Int, athlete: SeedAthlete?, joinedAt: Timestamp, seenAt: Timestamp?,
        _ random: inout SeedRandom
    ) {
        users.add(id)
        users.add(Self.username(index))
        users.add(Self.username(index) + "@seed.invalid")
        users.add("\(random.pick(Self.words)) \(index + 1)")
        users.add(athlete.map { $0.isMale ? "male" : "female" })
        let heightCm: Double? = athlete.map { ($0.isMale ? 178.0 : 166.0) + Double(Int($0.bodyWeightKg) % 12) }
        users.add(heightCm)
        users.add(random.pick(["beginner", "intermediate", "advanced", nil]))
        users.add(random.isTrue(0.3) ? "Gym \(Int.random(in: 1...400, using: &random))" : nil)
        users.add(random.pick(Self.zones))
        users.add(joinedAt)
        users.add(random.pick(["friends", "friends", "public", "private"]))
        users.add(joinedAt)
        users.endRow()
        guard let seenAt else { return }
        let session = UUIDv7.make(at: seenAt, using: &random)
        sessions.add(session)
        sessions.add(id)
        sessions.add("FitAI seed")
        sessions.add("127.0.0.1")
        sessions.add(seenAt)
        sessions.add(seenAt)
        sessions.add(seenAt + .seconds(30 * 86_400))
        sessions.endRow()
        // Of a secret that nobody has.
        refreshTokens.add(utf8: Array(("\\x" + hex(32, &random)).utf8))
        refreshTokens.add(session)
        refreshTokens.add(seenAt)
        refreshTokens.endRow()
        securityEvents.add(UUIDv7.make(at: seenAt, using: &random))
        securityEvents.add(id)
        securityEvents.add("signedIn")
        securityEvents.add(session)
        securityEvents.add("127.0.0.1")
        securityEvents.add(seenAt)
        securityEvents.endRow()
    }

    private func hex(_ bytes: Int, _ random: inout SeedRandom) -> String {
        (0..<bytes).map { _ in
            let digits = String(UInt8.random(in: 0...255, using: &random), radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    func copy(on connection: isolated PostgresConnection) throws(StoreError) {
        try connection.copy(
            users,
            into: """
                users (id, username, email, display_name, sex, height_cm, experience, gym, time_zone, verified_at,
                    live_audience, created_at)
                """)
        try connection.copy(
            sessions, into: "sessions (id, user_id, user_agent, address, created_at, last_used_at, expires_at)")
        try connection.copy(refreshTokens, into: "refresh_tokens (hash, session_id, created_at)")
        try connection.copy(
            securityEvents, into: "security_events (id, user_id, kind, session_id, address, at)")
    }
}

/// Friendships and blocks: most know a few near them, everybody knows the well-known a little more often.
struct AcquaintanceRows: Sendable {
    private(set) var friendships = CopyText()
    private(set) var blocks = CopyText()

    init(_ users: [UserID], since: Timestamp, until: Timestamp, seed: UInt64) {
        var random = SeedRandom(seed, part: -2)
        var known: Set<UInt64> = []
        for index in users.indices {
            let count = index == 0 ? 300 : Int(1.5 / max(0.01, random.fraction()).squareRoot())
            for _ in 0..<min(count, 300) {
                let isNear = random.isTrue(0.7) && index > 0
                let other =
                    isNear
                    ? (index + Int.random(in: 1...40, using: &random)) % users.count
                    : Int(pow(random.fraction(), 3) * Double(users.count - 1))
                let (low, high) = (min(index, other), max(index, other))
                guard low != high, known.insert(UInt64(low) << 32 | UInt64(high)).inserted else { continue }
                let at = since + .seconds(Int(random.fraction() * Double((until - since).components.seconds)))
                if random.isTrue(0.01) {
                    addBlock(users[index], users[other], at)
                } else {
                    addFriendship(users[index], users[other], at, &random)
                }
            }
        }
    }

    private mutating func addFriendship(
        _ asking: UserID, _ asked: UserID, _ at: Timestamp, _ random: inout SeedRandom
    ) {
        friendships.add(min(asking, asked))
        friendships.add(max(asking, asked))
        friendships.add(random.isTrue(0.9) ? "friends" : random.isTrue(0.8) ? "requested" : "declined")
        friendships.add(asking)
        friendships.add(at)
        friendships.add(at)
        friendships.endRow()
    }

    private mutating func addBlock(_ blocker: UserID, _ blocked: UserID, _ at: Timestamp) {
        blocks.add(blocker)
        blocks.add(blocked)
        blocks.add(at)
        blocks.endRow()
    }

    func copy(on connection: isolated PostgresConnection) throws(StoreError) {
        try connection.copy(friendships, into: "friendships (low, high, state, requested_by, requested_at, changed_at)")
        try connection.copy(blocks, into: "blocks (blocker, blocked, blocked_at)")
    }
}
