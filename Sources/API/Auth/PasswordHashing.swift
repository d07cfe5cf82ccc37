import CArgon2
import Foundation
import ServiceLifecycle

/// What hashing a password costs.
package struct PasswordCost: Sendable {
    package var memoryKiB: UInt32
    package var passes: UInt32

    /// 19 MiB and two passes, as OWASP recommends for argon2id with one lane.
    package init(memoryKiB: UInt32 = 19 * 1024, passes: UInt32 = 2) {
        self.memoryKiB = memoryKiB
        self.passes = passes
    }
}

/// argon2id on two threads of its own, so that hashing never holds up an event loop.
package final class PasswordHashing: Service, Sendable {
    private static let saltBytes = 16
    private static let hashBytes = 32
    /// Beyond so many waiting calls new ones are refused: they would wait for seconds.
    private static let mostWaiting = 128

    private let cost: PasswordCost
    private let pepper: PasswordPepper?
    /// A hash that no password has: verified where there is none, so that it costs the same.
    private let decoy: String
    private let threads = BoundedThreads(count: 2, mostWaiting: PasswordHashing.mostWaiting)

    package init(cost: PasswordCost, pepper: PasswordPepper? = nil) {
        self.cost = cost
        self.pepper = pepper
        func part(_ count: Int) -> String {
            Data(OpaqueSecret.randomBytes(count)).base64EncodedString().replacing("=", with: "")
        }
        decoy = "\(StoredHash.beginning(pepper))\(Self.beginning(cost))\(part(Self.saltBytes))$\(part(Self.hashBytes))"
    }

    /// How encoded hashes of this cost begin.
    private static func beginning(_ cost: PasswordCost) -> String {
        "$argon2id$v=19$m=\(cost.memoryKiB),t=\(cost.passes),p=1$"
    }

    /// Ends with the threads joined.
    package func run() async throws { try await threads.run() }

    /// The encoded hash (PHC string) with a fresh salt, after the id of the pepper it was made with. Throws `unavailable`
    /// when too many calls wait.
    package func hash(_ password: String) async throws -> String {
        let (cost, pepper) = (cost, pepper)
        return try await threads.perform {
            let mixed = pepper?.newest.mixed(password) ?? password
            return StoredHash.beginning(pepper) + (try PasswordHashing.hash(mixed, cost))
        }
    }

    /// Whether the password has this hash. Without a hash another is verified in its place and the answer is no: every
    /// call verifies once, at the cost of today's hashes. Throws `PepperMissing`.
    package func verify(_ password: String, against stored: String?) async throws -> Bool {
        let standing = StoredHash(stored ?? decoy)
        var mixed = password
        if let id = standing.pepperId {
            guard let key = pepper?[id] else { throw PepperMissing(id: id) }
            mixed = key.mixed(password)
        }
        let isRight = try await threads.perform { [mixed] in
            if Bcrypt.isHash(standing.encoded) { return Bcrypt.verify(mixed, standing.encoded) }
            let bytes = Array(mixed.utf8)
            return argon2id_verify(standing.encoded, bytes, bytes.count) == ARGON2_OK.rawValue
        }
        return isRight && stored != nil
    }

    /// A new hash for a password that was just verified, where the stored one was made otherwise than hashes are now.
    package func renewed(_ password: String, for stored: String?) async throws -> String? {
        let beginning = StoredHash.beginning(pepper) + Self.beginning(cost)
        guard let stored, !stored.hasPrefix(beginning) else { return nil }
        return try await hash(password)
    }

    /// A hash names a pepper that the server was not given.
    struct PepperMissing: Error, CustomStringConvertible {
        let id: String
        var description: String { "a password was hashed with the pepper \(id), which PASSWORD_PEPPER does not hold" }
    }

    private struct HashingFailed: Error { let code: Int32 }

    static func hash(_ password: String, _ cost: PasswordCost) throws -> String {
        let salt = OpaqueSecret.randomBytes(saltBytes)
        let bytes = Array(password.utf8)
        let length = argon2_encodedlen(
            cost.passes, cost.memoryKiB, 1, UInt32(saltBytes), UInt32(hashBytes), Argon2_id)
        var encoded = [CChar](repeating: 0, count: length)
        let code = argon2id_hash_encoded(
            cost.passes, cost.memoryKiB, 1, bytes, bytes.count, salt, salt.count, hashBytes, &encoded, length)
        guard code == ARGON2_OK.rawValue else { throw HashingFailed(code: code) }
        return String(decoding: encoded.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
