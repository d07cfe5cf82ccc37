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
    /// A hash that no password has: verified where there is none, so that it costs the same.
    private let decoy: String
    private let threads = BoundedThreads(count: 2, mostWaiting: PasswordHashing.mostWaiting)

    package init(cost: PasswordCost) {
        self.cost = cost
        func part(_ count: Int) -> String {
            Data(Self.random(count)).base64EncodedString().replacing("=", with: "")
        }
        decoy = "\(Self.beginning(cost))\(part(Self.saltBytes))$\(part(Self.hashBytes))"
    }

    /// How encoded hashes of this cost begin.
    private static func beginning(_ cost: PasswordCost) -> String {
        "$argon2id$v=19$m=\(cost.memoryKiB),t=\(cost.passes),p=1$"
    }

    private static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    /// Ends with the threads joined.
    package func run() async throws { try await threads.run() }

    /// The encoded hash (PHC string) with a fresh salt. Throws `unavailable` when too many calls wait.
    package func hash(_ password: String) async throws -> String {
        let cost = cost
        return try await threads.perform { try PasswordHashing.hash(password, cost) }
    }

    /// Whether the password has this hash. Without a hash another is verified in its place and the answer is no: every
    /// call verifies once, at the cost of today's hashes.
    package func verify(_ password: String, against encoded: String?) async throws -> Bool {
        let standing = encoded ?? decoy
        let isRight = try await threads.perform {
            if Bcrypt.isHash(standing) { return Bcrypt.verify(password, standing) }
            let bytes = Array(password.utf8)
            return argon2id_verify(standing, bytes, bytes.count) == ARGON2_OK.rawValue
        }
        return isRight && encoded != nil
    }

    /// A new hash for a password that was just verified, where the stored one was made otherwise than hashes are now.
    package func renewed(_ password: String, for encoded: String?) async throws -> String? {
        guard let encoded, !encoded.hasPrefix(Self.beginning(cost)) else { return nil }
        return try await hash(password)
    }

    private struct HashingFailed: Error { let code: Int32 }

    static func hash(_ password: String, _ cost: PasswordCost) throws -> String {
        let salt = random(saltBytes)
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
