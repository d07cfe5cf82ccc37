import API
import Foundation
import Logging
import Protocol
import Realtime
import Store

/// Who is who: the signing keys, the verifier of tokens, and what live asks about people.
struct Accounts: Sendable {
    let keys: SigningKeys
    let revoked: RevokedSessions
    let tokens: TokenVerifier
    private let relations: Relations
    private let users: Users

    /// Loads or makes the signing key and reads which sessions were ended lately.
    init(pool: PostgresPool, directory: DataDirectory, logger: Logger) async throws {
        do {
            keys = try SigningKeys(directory: URL(filePath: directory.subdirectory("keys")), now: .now)
        } catch let fault as SigningKeys.Fault {
            throw BootFault("\(fault)")
        }
        revoked = RevokedSessions(pool: pool, logger: logger, now: { .now })
        try await revoked.load()
        tokens = TokenVerifier(keys: keys, revoked: revoked, now: { .now })
        relations = Relations(pool: pool)
        users = Users(pool: pool)
    }

    /// Verifies a token for the socket.
    var authenticate: Live.Authenticate {
        { [tokens] token in
            do throws(TokenFault) {
                let identity = try tokens.verify(token)
                return LiveIdentity(user: identity.userId, session: identity.sid, expiresAt: identity.expiresAt)
            } catch {
                // The socket has one answer to all faults of a token.
                return nil
            }
        }
    }

    /// What rooms ask of the features that own users and friendships.
    var people: People {
        People(
            relation: { [relations] viewer, athlete in try await relations.relation(of: viewer, to: athlete) },
            friends: { [relations] user in try await relations.friends(of: user) },
            member: { [users] user in
                try await users.names(of: [user])[user].map { Member(userId: user, name: $0) }
            },
            livePrivacy: { [users] athlete in
                let privacy = try await users.privacy(of: athlete)
                return LivePrivacy(
                    audience: privacy.live,
                    heartRate: .init(rawValue: privacy.heartRate.rawValue) ?? .nobody)
            })
    }
}
