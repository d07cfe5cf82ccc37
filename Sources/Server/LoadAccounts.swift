import API
import Foundation
import Protocol
import Store

/// Accounts of load tests with tokens that outlast them.
package struct LoadAccounts: Sendable {
    private let pool: PostgresPool
    private let dataDirectory: String
    private let lifetime: Duration

    /// - Parameters:
    ///   - dataDirectory: holds the server's signing key.
    ///   - lifetime: of the tokens.
    package init(pool: PostgresPool, dataDirectory: String, lifetime: Duration) {
        self.pool = pool
        self.dataDirectory = dataDirectory
        self.lifetime = lifetime
    }

    /// Makes the accounts that are missing and answers a line of JSON for each: userId, username, token.
    ///
    /// - Parameter befriend: makes the first one a friend of all others.
    package func make(_ plans: [AccountSeed.Plan], befriend: Bool, at time: Timestamp) async throws -> [String] {
        let keys = try SigningKeys(directory: URL(filePath: dataDirectory + "/keys"), now: time)
        let issuer = TokenIssuer(keys: keys)
        var ids: [UserID] = []
        // One statement takes its time; a million rows at once would take its memory too.
        for start in stride(from: 0, to: plans.count, by: 10_000) {
            let part = Array(plans[start..<min(start + 10_000, plans.count)])
            ids += try await AccountSeed(pool: pool).ensure(part, at: time)
        }
        if befriend, let first = ids.first {
            try await Relations(pool: pool).makeFriends(ids.dropFirst().map { (first, $0) }, at: time)
        }
        return try zip(plans, ids).map { plan, id in
            let identity = Identity(
                userId: id, sid: SessionID.make(at: time), expiresAt: time + lifetime, isVerified: true, role: .user)
            var writer = JSONWriter()
            let token = try issuer.issue(identity, at: time)
            writer.object { account in
                account.member("userId", id)
                account.member("username", plan.username)
                account.member("token", token)
            }
            return String(decoding: writer.bytes, as: UTF8.self)
        }
    }
}
