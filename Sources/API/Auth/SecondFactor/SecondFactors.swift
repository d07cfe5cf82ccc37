import Crypto
import Foundation
import Protocol
import Store

/// The authenticator apps of accounts. Every function runs inside a transaction that has locked the account.
struct SecondFactors: Sendable {
    /// What a code turned out to be.
    enum Taken: Sendable {
        case code, recoveryCode
    }

    private struct Stored: Sendable {
        let secret: [UInt8]
        let lastStep: Int64
        let begunAt: Timestamp
    }

    /// Who was shown a secret can't turn it on later than this, when the password may have changed hands.
    private static let setUpLifetime = Duration.seconds(15 * 60)

    private let pool: PostgresPool
    /// Newest first. They lie outside the database, which alone opens no second factor.
    private let keys: [SymmetricKey]
    private let now: @Sendable () -> Timestamp

    init(pool: PostgresPool, keys: SigningKeys, now: @escaping @Sendable () -> Timestamp) {
        self.pool = pool
        self.keys = keys.secrets(for: "second factor")
        self.now = now
    }

    func isOn(_ user: UserID, on connection: isolated PostgresConnection) throws -> Bool {
        try turnedOnAt(user, on: connection) != nil
    }

    /// When the one was turned on that is on; nil without one.
    func turnedOnAt(_ user: UserID, on connection: isolated PostgresConnection) throws -> Timestamp? {
        try connection.first(
            "select confirmed_at from second_factors where user_id = \(user) and confirmed_at is not null",
            as: Timestamp.self)
    }

    /// Stores a new secret, in place of one that was never confirmed. Throws `wrongState` where one is on.
    func begin(for user: UserID, on connection: isolated PostgresConnection) throws -> Data {
        guard try !isOn(user, on: connection) else {
            throw Problem(.wrongState, detail: "Your second factor is on; turn it off first to use another app.")
        }
        let secret = TOTP.newSecret()
        let sealed = try seal(secret, for: user, with: keys[0])
        try connection.execute("delete from second_factors where user_id = \(user)")
        try connection.execute(
            """
            insert into second_factors (user_id, secret, key_id, created_at)
            values (\(user), \(sealed), \(Self.id(of: keys[0])), \(now()))
            """)
        return secret
    }

    /// Turns on what was begun and answers its recovery codes, the only time; nil for a wrong code.
    ///
    /// Throws `wrongState` where nothing was begun within a quarter of an hour, or it is on already.
    func confirm(_ code: String, of user: UserID, on connection: isolated PostgresConnection) throws -> [String]? {
        guard let stored = try stored(user, isConfirmed: false, on: connection),
            now() - stored.begunAt <= Self.setUpLifetime
        else {
            throw Problem(.wrongState, detail: "Nothing waits for a code: begin by asking for a secret.")
        }
        guard try takeStep(code, stored, of: user, on: connection) else { return nil }
        try connection.execute("update second_factors set confirmed_at = \(now()) where user_id = \(user)")
        return try makeCodes(for: user, on: connection)
    }

    /// Makes recovery codes in place of all that there are, and answers them, the only time.
    func makeCodes(for user: UserID, on connection: isolated PostgresConnection) throws -> [String] {
        let codes = (0..<RecoveryCode.count).map { _ in RecoveryCode() }
        try connection.execute("delete from recovery_codes where user_id = \(user)")
        for code in codes {
            try connection.execute("insert into recovery_codes (user_id, hash) values (\(user), \(code.hash))")
        }
        return codes.map(\.text)
    }

    /// Takes a code of the app or a recovery code, each of which counts once; nil for a wrong or used one.
    func take(_ code: String, of user: UserID, on connection: isolated PostgresConnection) throws -> Taken? {
        guard let stored = try stored(user, isConfirmed: true, on: connection) else { return nil }
        if let recovery = RecoveryCode(code) {
            let used = try connection.execute(
                """
                update recovery_codes set used_at = \(now())
                where user_id = \(user) and hash = \(recovery.hash) and used_at is null
                """)
            return used == 1 ? .recoveryCode : nil
        }
        return try takeStep(code, stored, of: user, on: connection) ? .code : nil
    }

    /// Turns it off, confirmed or not.
    func remove(of user: UserID, on connection: isolated PostgresConnection) throws {
        try connection.execute("delete from second_factors where user_id = \(user)")
    }

    private func stored(
        _ user: UserID, isConfirmed: Bool, on connection: isolated PostgresConnection
    ) throws -> Stored? {
        let row = try connection.first(
            """
            select secret, last_step, created_at from second_factors
            where user_id = \(user) and (confirmed_at is not null) = \(isConfirmed) for update
            """, as: ([UInt8], Int64, Timestamp).self)
        return row.map { Stored(secret: $0, lastStep: $1, begunAt: $2) }
    }

    private func takeStep(
        _ code: String, _ stored: Stored, of user: UserID, on connection: isolated PostgresConnection
    ) throws -> Bool {
        let typed = code.filter { $0 != " " }
        guard let secret = open(stored.secret, of: user),
            let step = TOTP.step(of: typed, secret, at: now(), after: stored.lastStep)
        else { return false }
        try connection.execute("update second_factors set last_step = \(step) where user_id = \(user)")
        return true
    }

    private func seal(_ secret: Data, for user: UserID, with key: SymmetricKey) throws -> [UInt8] {
        let box = try AES.GCM.seal(secret, using: key, authenticating: Data(user.description.utf8))
        return Array(box.combined ?? Data())
    }

    /// Nil where the key that sealed it is gone; recovery codes work all the same.
    private func open(_ sealed: [UInt8], of user: UserID) -> Data? {
        for key in keys {
            // Of several keys only one opens it; what the others say is of no use.
            if let box = try? AES.GCM.SealedBox(combined: Data(sealed)),
                let secret = try? AES.GCM.open(box, using: key, authenticating: Data(user.description.utf8))
            {
                return secret
            }
        }
        return nil
    }

    private static func id(of key: SymmetricKey) -> String {
        key.withUnsafeBytes { Data(SHA256.hash(data: Data($0)).prefix(9)).base64URL }
    }

    /// Seals with the newest key what an older one has sealed, so that old keys can go; answers how many it did.
    func resealSome() async throws -> Int {
        let newest = Self.id(of: keys[0])
        return try await pool.transaction { connection in
            let rows = try connection.query(
                """
                select user_id, secret from second_factors where key_id <> \(newest) limit 200 for update skip locked
                """, as: (UserID, [UInt8]).self)
            var count = 0
            for (user, sealed) in rows {
                guard let secret = open(sealed, of: user) else { continue }
                let sealed = try seal(secret, for: user, with: keys[0])
                count += try connection.execute(
                    "update second_factors set secret = \(sealed), key_id = \(newest) where user_id = \(user)")
            }
            return count
        }
    }
}
