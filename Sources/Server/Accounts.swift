import API
import Foundation
import Logging
import Protocol
import Realtime
import Store

/// Who is who: the signing keys and the verifier of tokens.
struct Accounts: Sendable {
    let keys: SigningKeys
    let revoked: RevokedSessions
    let standings: AccountStandings
    let tokens: TokenVerifier

    /// Loads or makes the signing key and reads which sessions were ended lately.
    init(pool: PostgresPool, directory: DataDirectory, logger: Logger) async throws {
        do {
            keys = try SigningKeys(directory: URL(filePath: directory.subdirectory("keys")), now: .now)
        } catch let fault as SigningKeys.Fault {
            throw BootFault("\(fault)")
        }
        revoked = RevokedSessions(pool: pool, logger: logger)
        try await revoked.load()
        standings = AccountStandings(pool: pool, logger: logger)
        try await standings.load()
        tokens = TokenVerifier(keys: keys, revoked: revoked, now: { .now })
    }

    /// Whether a session or its account was ended; from memory.
    var isEnded: Live.IsEnded {
        { [revoked, standings] in revoked.contains($0.session) || standings.isSuspended($0.user) }
    }

    /// Verifies a token for the socket, which asks `isEnded` about its session.
    var authenticate: Live.Authenticate {
        { [tokens] token in
            do throws(TokenFault) {
                let identity = try tokens.read(token)
                return LiveIdentity(user: identity.userId, session: identity.sid, expiresAt: identity.expiresAt)
            } catch {
                // The socket has one answer to all other faults of a token.
                return nil
            }
        }
    }
}
